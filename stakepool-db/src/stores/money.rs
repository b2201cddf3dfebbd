//! The money of the ledger, and the facts of blocks that it rests on.

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHeight, TicketHash};
use stakepool_core::ports::{DayFees, MoneyStamp, MoneyStore, PaidBack, StoreError, TicketMoney};
use stakepool_core::reports::{BlockFacts, TicketReport, TicketState};
use stakepool_core::store_rules::with_block_facts;
use stakepool_core::ticket::Verdict;
use stakepool_core::time::{Day, UnixTime};
use stakepool_core::vsp::FeeStatus;

use super::ledger::{load, read_ticket, store, times, verdict_name};
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Failure, Fields, Row, Statement, Transaction, Turn, limit, sql};

/// Tickets that share a statement.
const CHUNK: usize = 500;
const DAY: i64 = 86_400;
/// The verdicts on tickets whose first commitment is the pool's, where they commit a fee: those with keys of their own pay it apart.
const PAY_POOL: [Verdict; 2] = [Verdict::Accepted, Verdict::LowFee];

#[async_trait]
impl MoneyStore for Database {
    async fn lacking_facts(&self, after: Option<&TicketHash>, most: u64) -> Result<Vec<TicketReport>, StoreError> {
        let after = after.map(ToString::to_string).unwrap_or_default();
        let lacking = sql("SELECT * FROM tickets WHERE lacks_facts = 1 AND ticket > ? ORDER BY ticket LIMIT ?");
        let rows = self.rows(&lacking.bind(after).bind(limit(most))).await?;
        // One that cannot be read is replaced by the next report of a daemon.
        let consequence = "its times are not filled in; a daemon that reports the ticket again mends it";
        let read = |row| read_ticket(row).map_err(|error| self.log_once(&error, consequence)).ok();
        Ok(rows.iter().filter_map(read).map(|ticket| ticket.report).collect())
    }

    async fn count_lacking_facts(&self) -> Result<u64, StoreError> {
        let row = self.row(&sql("SELECT COUNT(*) AS tickets FROM tickets WHERE lacks_facts = 1")).await?;
        let counted = row.as_ref().map(|row| Fields::new(row, "tickets", "that lack facts").number("tickets"));
        Ok(counted.transpose()?.unwrap_or(0))
    }

    async fn fill_facts(
        &self,
        tickets: &[TicketHash],
        blocks: &[BlockFacts],
        maturity: u32,
        now: UnixTime,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for tickets in tickets.chunks(CHUNK) {
            changed += transaction!(self.writes(Turn::Ledger), |transaction| {
                fill(transaction, tickets, blocks, maturity, now).await
            })?;
        }
        if changed > 0 {
            self.ledger_changed();
        }
        Ok(changed)
    }

    async fn money_of(&self, user: UserId) -> Result<Vec<TicketMoney>, StoreError> {
        let rows = self.rows(&sql("SELECT * FROM tickets WHERE user_id = ?").bind(user.0)).await?;
        rows.iter().map(money).collect()
    }

    async fn money_stamp(&self, user: UserId) -> Result<MoneyStamp, StoreError> {
        let query = sql("SELECT COUNT(*) AS tickets, MAX(updated) AS latest, \
             CAST(COALESCE(SUM(updated), 0) AS SIGNED) AS times FROM tickets WHERE user_id = ?");
        let Some(row) = self.row(&query.bind(user.0)).await? else { return Ok(MoneyStamp::default()) };
        let fields = Fields::new(&row, "tickets", format_args!("of user {user}"));
        Ok(MoneyStamp {
            tickets: fields.number("tickets")?,
            latest: fields.optional("latest")?.map(UnixTime),
            times: fields.number("times")?,
        })
    }

    async fn pool_fees_by_day(&self) -> Result<Vec<DayFees>, StoreError> {
        let mut fees = sql("SELECT spend_time - spend_time % ").once();
        fees.push_bind(DAY);
        fees.push(
            " AS first, COUNT(*) AS tickets, CAST(SUM(spend_first) AS SIGNED) AS amount FROM tickets \
             WHERE spend_time IS NOT NULL AND verdict IN (",
        );
        fees.push_list(PAY_POOL.map(verdict_name)).push(") AND committed_fee > 0 GROUP BY first ORDER BY first");
        by_day(self, &fees).await
    }

    async fn registered_fees_by_day(&self) -> Result<Vec<DayFees>, StoreError> {
        let mut fees = sql("SELECT fee_since - fee_since % ").once();
        fees.push_bind(DAY);
        fees.push(
            " AS first, COUNT(*) AS tickets, CAST(SUM(fee_amount) AS SIGNED) AS amount FROM vsp_tickets \
             WHERE fee_status = ",
        );
        fees.push_bind(FeeStatus::Confirmed.name()).push(" GROUP BY first ORDER BY first");
        by_day(self, &fees).await
    }
}

async fn fill(
    transaction: &mut Transaction,
    tickets: &[TicketHash],
    blocks: &[BlockFacts],
    maturity: u32,
    now: UnixTime,
) -> Result<u64, Failure> {
    let mut filled = load(transaction, tickets.iter().copied()).await?;
    filled.retain(|_, ticket| match with_block_facts(&ticket.report, maturity, blocks) {
        Some(report) => {
            ticket.report = report;
            true
        }
        None => false,
    });
    if !filled.is_empty() {
        store(transaction, filled.values(), now).await?;
    }
    Ok(filled.len() as u64)
}

fn money(row: &Row) -> Result<TicketMoney, StoreError> {
    let fields = Fields::new(row, "tickets", Fields::new(row, "tickets", "?").text("ticket")?);
    let amount = |column| fields.number(column).map(Amount::from_atoms);
    let verdict = fields.text("verdict")?;
    let commits = fields.number::<i64>("committed_fee")? > 0;
    let pays_pool = commits && PAY_POOL.into_iter().any(|pays| verdict_name(pays) == verdict);
    let of_pool = |column| if pays_pool { amount(column) } else { Ok(Amount::ZERO) };
    let paid_back = match fields.optional("spend_at")? {
        Some(at) => {
            Some(PaidBack { at: BlockHeight(at), paid: amount("spend_paid")?, to_pool: of_pool("spend_first")? })
        }
        None => None,
    };
    Ok(TicketMoney {
        state: fields.named("state", TicketState::from_name)?,
        ignored: fields.flag("ignored")?,
        price: amount("price")?,
        fee: of_pool("committed_fee")?,
        mined_at: BlockHeight(fields.number("mined_at")?),
        ended_at: fields.optional("ended_at")?.map(BlockHeight),
        revoked: fields.flag("revoked")?,
        times: times(&fields)?,
        paid_back,
    })
}

/// Sums by the first second of each day.
async fn by_day(database: &Database, query: &Statement) -> Result<Vec<DayFees>, StoreError> {
    let rows = database.rows(query).await?;
    let read = |row| {
        let fields = Fields::new(row, "fees", "of a day");
        Ok(DayFees {
            day: Day::of(UnixTime(fields.number("first")?)),
            tickets: fields.number("tickets")?,
            amount: Amount::from_atoms(fields.number("amount")?),
        })
    };
    rows.iter().map(read).collect()
}

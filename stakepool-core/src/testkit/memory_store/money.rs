//! The money of the ledger.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::rows;
use crate::accounts::UserId;
use crate::chain::{Amount, TicketHash};
use crate::ports::{DayFees, MoneyStamp, MoneyStore, PaidBack, StoreError, TicketMoney};
use crate::reports::{BlockFacts, TicketReport};
use crate::store_rules::with_block_facts;
use crate::ticket::Verdict;
use crate::time::{Day, UnixTime};
use crate::vsp::FeeStatus;

/// Whether a ticket's first commitment is the pool's: those with keys of their own pay their fee apart.
const fn pays_pool(report: &TicketReport) -> bool {
    report.facts.committed_fee.atoms() > 0 && matches!(report.facts.verdict, Verdict::Accepted | Verdict::LowFee)
}

fn money(report: &TicketReport) -> TicketMoney {
    let pays_pool = pays_pool(report);
    let of_pool = |amount| if pays_pool { amount } else { Amount::ZERO };
    TicketMoney {
        state: report.state,
        ignored: report.is_ignored(),
        price: report.facts.price,
        fee: of_pool(report.facts.committed_fee),
        mined_at: report.facts.mined_at,
        ended_at: report.ended_at,
        revoked: report.revoked,
        times: report.times,
        paid_back: report.spend.map(|spend| PaidBack {
            at: spend.mined_at,
            paid: spend.paid,
            to_pool: of_pool(spend.first),
        }),
    }
}

/// Adds fees up by day.
fn by_day(fees: impl Iterator<Item = (UnixTime, Amount)>) -> Vec<DayFees> {
    let mut days: BTreeMap<Day, DayFees> = BTreeMap::new();
    for (time, amount) in fees {
        let day = Day::of(time);
        let fees = days.entry(day).or_insert(DayFees { day, tickets: 0, amount: Amount::ZERO });
        fees.tickets += 1;
        fees.amount = Amount::from_atoms(fees.amount.atoms().saturating_add(amount.atoms()));
    }
    days.into_values().collect()
}

#[async_trait]
impl MoneyStore for MemoryStore {
    async fn lacking_facts(&self, after: Option<&TicketHash>, limit: u64) -> Result<Vec<TicketReport>, StoreError> {
        let after = after.map(ToString::to_string).unwrap_or_default();
        let tables = self.tables();
        let behind = tables.tickets.iter().filter(|(hash, _)| **hash > after).map(|(_, ticket)| &ticket.report);
        Ok(behind.filter(|report| report.lacks_facts()).take(rows(limit)).cloned().collect())
    }

    async fn count_lacking_facts(&self) -> Result<u64, StoreError> {
        let tables = self.tables();
        Ok(tables.tickets.values().filter(|ticket| ticket.report.lacks_facts()).count() as u64)
    }

    async fn fill_facts(
        &self,
        tickets: &[TicketHash],
        blocks: &[BlockFacts],
        maturity: u32,
        now: UnixTime,
    ) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let mut changed = 0;
        for ticket in tickets {
            let Some(stored) = tables.tickets.get_mut(&ticket.to_string()) else { continue };
            if let Some(filled) = with_block_facts(&stored.report, maturity, blocks) {
                stored.report = filled;
                changed += 1;
                let user = stored.report.user;
                tables.user_changes.insert(user, now);
            }
        }
        Ok(changed)
    }

    async fn money_of(&self, user: UserId) -> Result<Vec<TicketMoney>, StoreError> {
        let tables = self.tables();
        let reports = tables.tickets.values().map(|ticket| &ticket.report);
        Ok(reports.filter(|report| report.user == Some(user)).map(money).collect())
    }

    async fn money_stamp(&self, user: UserId) -> Result<MoneyStamp, StoreError> {
        let tables = self.tables();
        let tickets = tables.tickets.values().filter(|ticket| ticket.report.user == Some(user)).count();
        let latest = tables.user_changes.get(&Some(user)).copied();
        let latest = latest.filter(|_| tickets > 0);
        Ok(MoneyStamp { tickets: tickets as u64, latest, times: latest.map_or(0, |latest| latest.0) })
    }

    async fn pool_fees_by_day(&self) -> Result<Vec<DayFees>, StoreError> {
        let tables = self.tables();
        let reports = tables.tickets.values().map(|ticket| &ticket.report).filter(|report| pays_pool(report));
        Ok(by_day(reports.filter_map(|report| report.spend).filter_map(|spend| Some((spend.time?, spend.first)))))
    }

    async fn registered_fees_by_day(&self) -> Result<Vec<DayFees>, StoreError> {
        let tables = self.tables();
        let confirmed = tables.registered.values().filter(|ticket| ticket.registration.fee == FeeStatus::Confirmed);
        Ok(by_day(confirmed.map(|ticket| (ticket.fee_since, ticket.registration.quote.amount))))
    }
}

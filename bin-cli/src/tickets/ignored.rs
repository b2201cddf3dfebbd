//! `tickets ignored`: what the pool leaves to the owners, and why.

use std::collections::HashSet;

use clap::Args;
use serde::Serialize;
use stakepool::tickets::low_fee::{known_to_daemons_only, reason};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Address, Amount, BlockHeight, ScriptAddress, TicketHash};
use stakepool_core::ports::{LedgerStore, LowFeeEntry, LowFeeStore, StoreError, TicketQuery, VotingDaemon};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::ticket::Verdict;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, Pool, PoolArguments};

/// List the tickets that the pool leaves to their owners, and why.
///
/// Of a ticket that only a voting daemon knows of, fee and state are not known.
#[derive(Debug, Args)]
pub(crate) struct Ignored {
    /// Show those that have voted, were missed or have expired, too.
    #[arg(long)]
    all: bool,
}

/// An ignored ticket. What is not known is null.
#[derive(Serialize)]
struct IgnoredTicket {
    ticket: TicketHash,
    address: ScriptAddress,
    user: Option<UserId>,
    state: Option<TicketState>,
    mined_at: Option<BlockHeight>,
    verdict: Option<Verdict>,
    fee_address: Option<Address>,
    committed_fee_atoms: Option<Amount>,
    required_fee_atoms: Option<Amount>,
    reason: String,
}

impl From<&TicketReport> for IgnoredTicket {
    fn from(report: &TicketReport) -> Self {
        let facts = &report.facts;
        Self {
            ticket: report.ticket,
            address: report.address,
            user: Some(report.user),
            state: Some(report.state),
            mined_at: Some(facts.mined_at),
            verdict: Some(facts.verdict),
            fee_address: Some(facts.fee_address),
            committed_fee_atoms: Some(facts.committed_fee),
            required_fee_atoms: Some(facts.required_fee),
            reason: reason(facts),
        }
    }
}

impl IgnoredTicket {
    /// A ticket that only a daemon knows of.
    fn of_daemon(entry: &LowFeeEntry, user: Option<UserId>) -> Self {
        Self {
            ticket: entry.ticket,
            address: entry.address,
            user,
            state: None,
            mined_at: None,
            verdict: None,
            fee_address: None,
            committed_fee_atoms: None,
            required_fee_atoms: None,
            reason: "a voting daemon ignores it without telling why".to_owned(),
        }
    }
}

impl Answer for IgnoredTicket {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let readable = [
            ("ticket", Some(self.ticket.to_string())),
            ("address", Some(self.address.to_string())),
            ("user", self.user.map(|user| user.to_string())),
            ("state", self.state.map(|state| state.to_string())),
            ("mined at", self.mined_at.map(|height| height.to_string())),
            ("reason", Some(self.reason.clone())),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Ignored {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let pool = Pool::open(pool, Absent::Refuse)?;
        let added = pool.wait(pool.database.active(pool.now()))?;
        let added: HashSet<TicketHash> = added.into_iter().map(|ticket| ticket.ticket).collect();
        let mut tickets: Vec<_> = self.of_ledger(&pool, &added)?.iter().map(IgnoredTicket::from).collect();

        let mut of_daemons = Vec::new();
        for answer in pool.wait(pool.daemons.ask(async |daemon| daemon.ignored_tickets().await)) {
            match answer {
                Ok(entries) => of_daemons.extend(entries),
                Err(error) => console.note(&format!("{error}; tickets that only this daemon knows are not listed")),
            }
        }
        of_daemons.retain(|entry: &LowFeeEntry| !added.contains(&entry.ticket));
        let only_theirs = pool.wait(known_to_daemons_only(of_daemons, &pool.database, &pool.database))?;
        tickets.extend(only_theirs.iter().map(|(entry, user)| IgnoredTicket::of_daemon(entry, *user)));
        console.style.write_list(console.output, &tickets, "no ticket is ignored").map_err(CliError::Output)
    }

    /// The ledger's ignored tickets. What was added or removed a moment ago, and is not reported yet, counts.
    fn of_ledger(&self, pool: &Pool, added: &HashSet<TicketHash>) -> Result<Vec<TicketReport>, StoreError> {
        let tickets = |states: &[TicketState], ignored| {
            let query = TicketQuery { states: states.to_vec(), ignored, limit: u64::MAX, ..TicketQuery::default() };
            pool.wait(pool.database.tickets(&query)).map(|page| page.tickets)
        };
        let mut reports = tickets(&[TicketState::Immature, TicketState::Live], None)?;
        reports.retain(|report| report.facts.verdict != Verdict::Accepted && !added.contains(&report.ticket));
        if self.all {
            reports.extend(tickets(&[TicketState::Voted, TicketState::Missed, TicketState::Expired], Some(true))?);
        }
        Ok(reports)
    }
}

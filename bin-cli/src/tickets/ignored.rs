//! `tickets ignored`: what the pool leaves to the owners, and why.

use clap::Args;
use serde::Serialize;
use stakepool::tickets::low_fee::reason;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Address, Amount, BlockHeight, TicketHash};
use stakepool_core::ports::LowFeeEntry;
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::ticket::Verdict;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments, TRANSFER};

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
    address: Address,
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
            user: report.user,
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
            address: entry.address.into(),
            user,
            state: None,
            mined_at: None,
            verdict: None,
            fee_address: None,
            committed_fee_atoms: None,
            required_fee_atoms: None,
            reason: "a voting daemon ignores it without saying why".to_owned(),
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
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let lists = open.pool.low_fee_lists();
        let added = open.wait(lists.added())?;
        let known = open.wait(lists.left_to_owners(&added, self.all))?;
        let of_daemons = open.wait(lists.known_to_daemons_only(&added, |_| true, TRANSFER))?;
        for error in of_daemons.unanswered {
            console.note(&format!("{error}; tickets that only this daemon knows are not listed"));
        }
        let only_theirs = of_daemons.tickets.iter().map(|(entry, user)| IgnoredTicket::of_daemon(entry, *user));
        let tickets: Vec<_> = known.iter().map(IgnoredTicket::from).chain(only_theirs).collect();
        console.style.write_table(console.output, &tickets, "no ticket is ignored").map_err(CliError::Output)
    }
}

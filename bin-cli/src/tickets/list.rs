//! `tickets list`: the pool's tickets as the ledger has them.

use clap::{Args, ValueEnum};
use serde::Serialize;
use stakepool::tickets::low_fee::reason;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Address, Amount, BlockHeight, TicketHash, TxHash};
use stakepool_core::ports::{LedgerStore, TicketOrder, TicketQuery};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments, find_user};

/// List the pool's tickets as its ledger has them: those that can still vote first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Of one user: the number or e-mail address.
    #[arg(long, value_name = "ID|EMAIL")]
    user: Option<String>,
    /// In these states.
    #[arg(long, value_name = "STATE,…", value_delimiter = ',')]
    state: Vec<State>,
    /// Those only that the pool leaves to their owners (see `tickets ignored`, which also asks the daemons).
    #[arg(long)]
    ignored: bool,
    /// So many at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
}

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    Immature,
    Live,
    Voted,
    Missed,
    Expired,
}

impl From<State> for TicketState {
    fn from(state: State) -> Self {
        match state {
            State::Immature => Self::Immature,
            State::Live => Self::Live,
            State::Voted => Self::Voted,
            State::Missed => Self::Missed,
            State::Expired => Self::Expired,
        }
    }
}

/// A ticket.
#[derive(Serialize)]
struct Ticket {
    ticket: TicketHash,
    /// Null where it votes by a key of its own.
    user: Option<UserId>,
    address: Address,
    state: TicketState,
    mined_at: BlockHeight,
    ended_at: Option<BlockHeight>,
    /// Times of blocks as their headers say, where they are known.
    mined_time: Option<UnixTime>,
    ended_time: Option<UnixTime>,
    /// The vote or the revocation, where it is known.
    spent_by: Option<TxHash>,
    price_atoms: Amount,
    ignored: bool,
    added: bool,
    /// Why it is ignored; null where it is not.
    reason: Option<String>,
}

impl From<&TicketReport> for Ticket {
    fn from(report: &TicketReport) -> Self {
        let ignored = report.is_ignored();
        Self {
            ticket: report.ticket,
            user: report.user,
            address: report.address,
            state: report.state,
            mined_at: report.facts.mined_at,
            ended_at: report.ended_at,
            mined_time: report.times.mined,
            ended_time: report.times.ended,
            spent_by: report.spend.map(|spend| spend.transaction),
            price_atoms: report.facts.price,
            ignored,
            added: report.added,
            reason: ignored.then(|| reason(&report.facts)),
        }
    }
}

impl Answer for Ticket {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let voted_by = match (self.ignored, self.added) {
            (true, _) => "owner",
            (false, true) => "pool (added)",
            (false, false) => "pool",
        };
        let readable = [
            ("ticket", Some(self.ticket.to_string())),
            ("user", self.user.map(|user| user.to_string())),
            ("state", Some(self.state.to_string())),
            ("mined at", Some(self.mined_at.to_string())),
            ("ended at", self.ended_at.map(|height| height.to_string())),
            ("ended", self.ended_time.map(UnixTime::readable)),
            ("price", Some(self.price_atoms.to_string())),
            ("voted by", Some(voted_by.to_owned())),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let user = self.user.as_deref().map(|user| find_user(&open, user)).transpose()?;
        let query = TicketQuery {
            user: user.map(|user| user.id),
            states: self.state.into_iter().map(TicketState::from).collect(),
            ignored: self.ignored.then_some(true),
            order: TicketOrder::OpenFirst,
            limit: self.limit,
            ..TicketQuery::default()
        };
        let page = open.wait(open.database.tickets(&query))?;
        let tickets: Vec<_> = page.tickets.iter().map(Ticket::from).collect();
        console.style.write_table(console.output, &tickets, "there are no such tickets").map_err(CliError::Output)?;
        console.note_rest(tickets.len(), page.total);
        Ok(())
    }
}

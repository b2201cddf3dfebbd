//! `votes list`: the daemons' records of votes.

use clap::{Args, ValueEnum};
use serde::Serialize;
use stakepool::tickets::low_fee::parse_hash;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::ports::{AdminStore, Slice, VoteOverview, VoteQuery};
use stakepool_core::reports::{TicketState, VoteOutcome, VoteOutcomeKind};
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments, find_user};

/// List the votes that the daemons cast or failed to cast, the latest first.
///
/// Each daemon has a record of each vote: of several that voted the same ticket one says `sent`, the others `already known`. A
/// failed one is no missed ticket where another daemon voted it; `stakepoolctl tickets list --state missed` lists these.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Of one user's tickets: the user's number or e-mail address.
    #[arg(long, value_name = "ID|EMAIL")]
    user: Option<String>,
    /// Of one ticket: its hash.
    #[arg(long, value_name = "HASH")]
    ticket: Option<String>,
    /// With this outcome.
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<Outcome>,
    /// On the block of this height or above.
    #[arg(long, value_name = "HEIGHT")]
    from: Option<u32>,
    /// On the block of this height or below.
    #[arg(long, value_name = "HEIGHT")]
    to: Option<u32>,
    /// So many at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
}

/// What became of a vote.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Outcome {
    /// The daemon was the first.
    Sent,
    /// Another daemon was faster.
    AlreadyKnown,
    /// The node had a different vote of the ticket.
    RivalVote,
    /// No attempt succeeded.
    Failed,
}

impl From<Outcome> for VoteOutcomeKind {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Sent => Self::Sent,
            Outcome::AlreadyKnown => Self::AlreadyKnown,
            Outcome::RivalVote => Self::RivalVote,
            Outcome::Failed => Self::Failed,
        }
    }
}

/// A daemon's record of a vote. What the ledger does not know of its ticket is null.
#[derive(Serialize)]
struct Vote {
    at: UnixTime,
    height: BlockHeight,
    ticket: TicketHash,
    user: Option<UserId>,
    state: Option<TicketState>,
    daemon: String,
    outcome: &'static str,
    error: Option<String>,
    attempts: u32,
    milliseconds: u64,
}

impl From<VoteOverview> for Vote {
    fn from(VoteOverview { vote, ticket }: VoteOverview) -> Self {
        let record = vote.record;
        let outcome = record.outcome.kind().name();
        let error = if let VoteOutcome::Failed(error) = record.outcome { Some(error) } else { None };
        Self {
            at: UnixTime(record.at.0.div_euclid(1000)),
            height: record.height,
            ticket: record.ticket,
            user: ticket.and_then(|(user, _)| user),
            state: ticket.map(|(_, state)| state),
            daemon: vote.daemon,
            outcome,
            error,
            attempts: record.attempts,
            milliseconds: u64::try_from(record.timings.total.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Answer for Vote {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let readable = [
            ("at", Some(self.at.readable())),
            ("height", Some(self.height.to_string())),
            ("ticket", Some(self.ticket.to_string())),
            ("user", self.user.map(|user| user.to_string())),
            ("state", self.state.map(|state| state.to_string())),
            ("daemon", Some(self.daemon.clone())),
            ("outcome", Some(self.outcome.replace('_', " "))),
            ("ms", Some(self.milliseconds.to_string())),
            ("error", self.error.clone()),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let ticket = self.ticket.as_deref().map(parse_hash).transpose();
        let ticket = ticket.map_err(|refusal| CliError::argument("--ticket", refusal))?;
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let user = self.user.as_deref().map(|user| find_user(&open, user)).transpose()?;
        let query = VoteQuery {
            ticket,
            user: user.map(|user| user.id),
            outcome: self.outcome.map(VoteOutcomeKind::from),
            from: self.from.map(BlockHeight),
            to: self.to.map(BlockHeight),
        };
        let found = open.wait(open.database.find_votes(&query, Slice { offset: 0, limit: self.limit }))?;
        let votes: Vec<_> = found.rows.into_iter().map(Vote::from).collect();
        console.style.write_table(console.output, &votes, "there are no such votes").map_err(CliError::Output)?;
        console.note_rest(votes.len(), found.total);
        Ok(())
    }
}

//! `tickets remove`: added tickets are ignored again.

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::TicketHash;

use super::hashes::{Hashes, Tally};
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Take added tickets back, so that the pool ignores them again.
///
/// Each ticket is answered for in order. The change goes into the database and to all voting daemons at once; a daemon
/// that cannot be reached is named on standard error and gets it from the web later. Removing a ticket that is not added
/// is no failure: a daemon that still has it is made to drop it again.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    hashes: Hashes,
}

#[derive(Serialize)]
struct Removal {
    ticket: TicketHash,
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Removed,
    NotAdded,
}

impl Answer for Removal {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let outcome = match self.outcome {
            Outcome::Removed => "removed",
            Outcome::NotAdded => "not added",
        };
        vec![("ticket", self.ticket.to_string()), ("outcome", outcome.to_owned())]
    }
}

impl Remove {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let additions = open.pool.low_fee(ACTOR);
        let mut tally = Tally::default();
        let answered = self.hashes.each(&mut console, &mut tally, |ticket| {
            let removed = open.wait(additions.remove(ticket))?;
            Ok(Removal { ticket, outcome: if removed { Outcome::Removed } else { Outcome::NotAdded } })
        });
        // Whatever went wrong afterwards: what the database has, the daemons shall have.
        if tally.done > 0 {
            open.reconcile(&mut console);
        }
        answered.and_then(|()| tally.into_result())
    }
}

//! `tickets remove`: added tickets are ignored again.

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::TicketHash;

use super::desk;
use super::hashes::{Hashes, Tally};
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, Pool, PoolArguments};

/// Take added tickets back, so that the pool ignores them again.
///
/// Each ticket is answered for in order. The change goes into the database and to all voting daemons at once; a daemon
/// that is away is named on standard error and gets it from the web later. Removing a ticket that is not added is no
/// failure, and tells the daemons again.
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
        let pool = Pool::open(pool, Absent::Refuse)?;
        let desk = desk(&pool);
        let mut tally = Tally::default();
        let answered = self.hashes.each(&mut console, &mut tally, |ticket| {
            let removed = pool.wait(desk.remove(ticket))?;
            Ok(Removal { ticket, outcome: if removed { Outcome::Removed } else { Outcome::NotAdded } })
        });
        // Whatever went wrong afterwards: what the database has, the daemons shall have.
        let told = if tally.done > 0 { pool.tell_daemons(&mut console) } else { Ok(()) };
        answered.and(told).and_then(|()| tally.into_result())
    }
}

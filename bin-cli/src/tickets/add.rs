//! `tickets add`: the pool votes tickets in spite of their fee.

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::{ScriptAddress, TicketHash};

use super::hashes::{Hashes, Tally};
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Have the pool vote ignored tickets in spite of their fee.
///
/// Each ticket is answered for in order. The change goes into the database and to all voting daemons at once; a daemon
/// that cannot be reached is named on standard error and gets it from the web later. Adding a ticket again is no failure:
/// a daemon that lacks it is given it again.
#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    hashes: Hashes,
}

#[derive(Serialize)]
struct Addition {
    ticket: TicketHash,
    address: ScriptAddress,
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Added,
    AlreadyAdded,
}

impl Answer for Addition {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let outcome = match self.outcome {
            Outcome::Added => "added",
            Outcome::AlreadyAdded => "already added",
        };
        vec![
            ("ticket", self.ticket.to_string()),
            ("address", self.address.to_string()),
            ("outcome", outcome.to_owned()),
        ]
    }
}

impl Add {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let additions = open.pool.low_fee(ACTOR);
        let mut tally = Tally::default();
        let answered = self.hashes.each(&mut console, &mut tally, |ticket| {
            let added = open.wait(additions.add(ticket))?;
            let outcome = if added.newly { Outcome::Added } else { Outcome::AlreadyAdded };
            Ok(Addition { ticket, address: added.address, outcome })
        });
        // Whatever went wrong afterwards: what the database has, the daemons shall have.
        if tally.done > 0 {
            open.reconcile(&mut console);
        }
        answered.and_then(|()| tally.into_result())
    }
}

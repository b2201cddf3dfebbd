//! `unknown alarm`: acknowledged addresses are a problem again.

use clap::Args;
use stakepool_core::chain::ScriptAddress;

use super::decided::{Decisions, Outcome, parse};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Take acknowledgements back: the addresses are a problem again for as long as they are reported.
///
/// They are voted for as before. The voting daemons are told at once; one that cannot be reached is named on standard error and
/// told by the web later. An address that was not acknowledged is no failure.
#[derive(Debug, Args)]
pub(crate) struct Alarm {
    /// The addresses, as `unknown list` shows them.
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
}

impl Alarm {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let addresses: Vec<ScriptAddress> = self.addresses.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let mut decisions = Decisions::default();
        for address in addresses {
            let was_noted = open.wait(open.pool.alarm_again(ACTOR, address));
            let outcome = |was_noted| if was_noted { Outcome::AlarmedAgain } else { Outcome::NotAcknowledged };
            decisions.add(address, was_noted.map(outcome));
        }
        open.reconcile(&mut console);
        decisions.write(&mut console, "")
    }
}

//! `unknown acknowledge`: addresses without a user are known and wanted.

use clap::Args;
use stakepool_core::chain::ScriptAddress;

use super::decided::{Decisions, Outcome, parse};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, OpenPool, PoolArguments};

/// Say that addresses are known and wanted, although they are no user's of the database.
///
/// Their tickets are judged and voted as before: nothing ends that. Only the problem and its alert end, here and in the voting
/// daemons, which are told at once; one that cannot be reached is named on standard error and told by the web later.
/// `unknown list` and the status page go on to list the addresses. An address that nobody reports is refused; the others
/// are acknowledged all the same.
#[derive(Debug, Args)]
pub(crate) struct Acknowledge {
    /// The addresses, as `unknown list` shows them.
    #[arg(value_name = "ADDRESS", required_unless_present = "all", conflicts_with = "all")]
    addresses: Vec<String>,
    /// All that are reported now.
    #[arg(long)]
    all: bool,
}

impl Acknowledge {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let named: Vec<ScriptAddress> = self.addresses.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
        let open = OpenPool::open_with_wallets(pool)?;
        let reported = open.wait(open.pool.look()).unknown_addresses;
        let addresses = if self.all { reported.iter().map(|report| report.address).collect() } else { named };
        let mut decisions = Decisions::default();
        for address in addresses {
            let newly = open.wait(open.pool.acknowledge(ACTOR, address, &reported));
            let outcome = |newly| if newly { Outcome::Acknowledged } else { Outcome::AlreadyAcknowledged };
            decisions.add(address, newly.map(outcome));
        }
        // Whatever went wrong with others: what the database has, the daemons shall have.
        if !decisions.decided.is_empty() {
            open.reconcile(&mut console);
        }
        decisions.write(&mut console, "no wallet and no voting daemon reports an address that is no user's")
    }
}

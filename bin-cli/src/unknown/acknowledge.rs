//! `unknown acknowledge`: addresses without a user are known and wanted.

use clap::Args;
use stakepool_core::chain::ScriptAddress;

use super::decided::{Decided, Outcome, failed, parse};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, OpenPool, PoolArguments};

/// Say that addresses are known and wanted, although they are no user's of the database.
///
/// Their tickets are judged and voted as before: nothing ends that. Only the problem and its alert end, here and in the voting
/// daemons, which are told at once; one that cannot be reached is named on standard error and told by the web later.
/// `unknown list` and the status page go on to list the addresses. An address that nobody reports is refused.
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
        let (mut decided, mut refused) = (Vec::new(), None);
        for address in addresses {
            match open.wait(open.pool.acknowledge(ACTOR, address, &reported)) {
                Ok(newly) => {
                    let outcome = if newly { Outcome::Acknowledged } else { Outcome::AlreadyAcknowledged };
                    decided.push(Decided { address, outcome });
                }
                Err(error) => {
                    refused = Some(failed(error));
                    break;
                }
            }
        }
        // Whatever went wrong afterwards: what the database has, the daemons shall have.
        if !decided.is_empty() {
            open.reconcile(&mut console);
        }
        let none = "no wallet and no voting daemon reports an address that is no user's";
        if refused.is_none() || !decided.is_empty() {
            console.style.write_list(console.output, &decided, none).map_err(CliError::Output)?;
        }
        refused.map_or(Ok(()), Err)
    }
}

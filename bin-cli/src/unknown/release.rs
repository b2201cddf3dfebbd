//! `unknown release`: key indexes that were guessed may be given to others.

use clap::Args;
use stakepool::Withheld;
use stakepool_core::chain::ScriptAddress;

use super::decided::{Decisions, Outcome, parse};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Let users have the key indexes that were guessed for addresses without a user.
///
/// Do so where the addresses are a mistake of voting daemons, or their users are back. No others are guessed for them. Indexes
/// that a wallet knows are not released.
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// The addresses, as `unknown withheld` shows them.
    #[arg(value_name = "ADDRESS", required_unless_present = "all", conflicts_with = "all")]
    addresses: Vec<String>,
    /// All for which indexes were guessed.
    #[arg(long)]
    all: bool,
}

impl Release {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let mut addresses: Vec<ScriptAddress> =
            self.addresses.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
        let open = OpenPool::open(pool, Absent::Refuse)?;
        if self.all {
            let withheld = open.wait(open.pool.withheld_indexes())?.into_iter();
            addresses = withheld.filter(|it| it.why == Withheld::Guessed).map(|it| it.address).collect();
        }
        let mut decisions = Decisions::default();
        for address in addresses {
            let released = open.wait(open.pool.release_guessed(ACTOR, address));
            decisions.add(address, released.map(|_| Outcome::Released));
        }
        decisions.write(&mut console, "no key index is withheld by guess")
    }
}

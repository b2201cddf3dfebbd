//! `vsp xpub retire`: a fee key gives no more addresses.

use clap::Args;
use stakepool::administration::VspAdministrationError;
use stakepool_core::chain::ExtendedPubKey;

use super::row::Row;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Have a fee key give no more addresses, for good.
///
/// From then on no ticket is registered until `vspfeexpub` names another key and every web was restarted; `vspinfo` answers 503
/// meanwhile, so that wallets buy nothing. Tickets that have an address of the old key pay to it, and are served and voted as
/// before: keep the wallet of that key. To change keys without that pause, set `vspfeexpub` and restart first, and retire the old key
/// afterwards.
#[derive(Debug, Args)]
pub(crate) struct Retire {
    /// The key, as `vsp xpub show` shows it.
    #[arg(value_name = "KEY")]
    key: ExtendedPubKey,
}

impl Retire {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let configured = open.pool.vsp().map(|vsp| vsp.terms().fee_key);
        let retired = open.wait(open.pool.retire_fee_key(ACTOR, &self.key)).map_err(|error| match error {
            VspAdministrationError::Store(error) => error.into(),
            other => CliError::refused("KEY", other),
        })?;
        if configured == Some(self.key) {
            console.note(
                "no ticket can register until vspfeexpub names the key of another account and every web was restarted",
            );
        }
        let row = Row::new(&retired, configured.as_ref());
        console.style.write_single(console.output, &row).map_err(CliError::Output)
    }
}

//! `vsp close`: no new tickets of wallets of today.

use clap::Args;
use stakepool::administration::VspAdministrationError;

use super::closed::Row;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// What wallets read where the operator says nothing.
const MESSAGE: &str = "This pool takes no new tickets at the moment.";

/// Take no new tickets of wallets of today, without a restart: every web knows within seconds.
///
/// It stays so over restarts until `vsp open`, whatever `vspclosed` says; tickets that are registered go on being served and
/// voted. `vspinfo` says `vspclosed` and the message.
#[derive(Debug, Args)]
pub(crate) struct Close {
    /// What wallets read.
    #[arg(long, value_name = "TEXT", default_value = MESSAGE)]
    message: String,
}

impl Close {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let closed = open.wait(open.pool.close_vsp(ACTOR, &self.message)).map_err(|error| match error {
            VspAdministrationError::Store(error) => error.into(),
            other => CliError::argument("--message", other),
        })?;
        console.style.write_single(console.output, &Row::closed(&open, closed)).map_err(CliError::Output)
    }
}

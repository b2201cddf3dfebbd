//! `vsp open`: new tickets of wallets of today again.

use clap::Args;
use stakepool::administration::VspAdministrationError;

use super::closed::Row;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Take back `vsp close`: every web takes new tickets again within seconds, unless its configuration or a closing day says otherwise.
///
/// Where the service was not closed by `vsp close`, the exit code is 3.
#[derive(Debug, Args)]
pub(crate) struct Open {}

impl Open {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        open.wait(open.pool.open_vsp(ACTOR)).map_err(|error| match error {
            VspAdministrationError::Store(error) => error.into(),
            other => CliError::refused("open", other),
        })?;
        open.wait(open.pool.read_notices())?;
        console.style.write_single(console.output, &Row::opened(&open)).map_err(CliError::Output)
    }
}

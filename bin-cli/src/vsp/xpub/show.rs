//! `vsp xpub show`: the fee keys with their ranges.

use clap::Args;
use stakepool_core::ports::FeeKeyStore as _;

use super::row::Row;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// List the keys whose addresses take fees, with the indexes that were given, the latest last.
///
/// A wallet that is restored must look as far as the last index of each, on the external branch of the account.
#[derive(Debug, Args)]
pub(crate) struct Show {}

impl Show {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let configured = open.pool.vsp().map(|vsp| vsp.terms().fee_key);
        let keys = open.wait(open.database.fee_keys())?;
        let rows: Vec<_> = keys.iter().map(|key| Row::new(key, configured.as_ref())).collect();
        console.style.write_table(console.output, &rows, "there are no fee keys").map_err(CliError::Output)
    }
}

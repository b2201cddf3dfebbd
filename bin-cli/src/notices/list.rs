//! `notices list`: all notices.

use clap::Args;

use super::row::Row;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// List the notices to the users, also those that are over.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let now = open.pool.now();
        let rows: Vec<_> = open.wait(open.pool.all_notices())?.into_iter().map(|notice| Row::of(notice, now)).collect();
        console.style.write_table(console.output, &rows, "there are no notices").map_err(CliError::Output)
    }
}

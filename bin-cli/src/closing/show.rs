//! `closing show`: how far the end of the pool has come.

use clap::Args;
use serde::Serialize;
use stakepool::status::ClosingReport;

use super::fields::fields;
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Show when the pool closes, how many tickets are still to be voted, and when the last can be over.
///
/// A ticket is over when it voted, was missed, or expired. Where no closing is announced, the exit code is 3.
#[derive(Debug, Args)]
pub(crate) struct Show {}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(ClosingReport);

impl Answer for Shown {
    fn fields(&self) -> Vec<(&'static str, String)> {
        fields(&self.0)
    }
}

impl Show {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        open.wait(open.pool.read_notices())?;
        let report = open.wait(open.pool.closing())?;
        let report = report.ok_or_else(|| CliError::refused("show", "no closing is announced"))?;
        console.style.write_single(console.output, &Shown(report)).map_err(CliError::Output)
    }
}

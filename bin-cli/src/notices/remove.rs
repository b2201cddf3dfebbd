//! `notices remove`: a notice is taken back.

use clap::Args;
use stakepool::NoticeId;

use super::row::{Row, failed};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Take a notice back: pages show it no more, and no more mails of it are sent.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The notice, as `notices list` numbers it.
    #[arg(value_name = "NOTICE")]
    notice: u32,
}

impl Remove {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let removed = open.wait(open.pool.remove_notice(ACTOR, NoticeId(self.notice)));
        let removed = removed.map_err(|error| failed(error, "NOTICE"))?;
        let row = Row::of(removed, open.pool.now());
        console.style.write_single(console.output, &row).map_err(CliError::Output)
    }
}

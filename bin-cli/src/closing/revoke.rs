//! `closing revoke`: the pool goes on.

use clap::Args;
use stakepool::NoticeKind;

use crate::console::Console;
use crate::error::CliError;
use crate::notices::row::{Row, failed};
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Take the closing back: the pool is open again, or as its configuration says.
///
/// No mail says so to those who were mailed: add a notice (`notices add`).
#[derive(Debug, Args)]
pub(crate) struct Revoke {}

impl Revoke {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let notices = open.wait(open.pool.all_notices())?.into_iter();
        let closing = notices.filter(|notice| notice.kind == NoticeKind::Closing).map(|notice| notice.id).next();
        let closing = closing.ok_or_else(|| CliError::refused("revoke", "no closing is announced"))?;
        let removed = open.wait(open.pool.remove_notice(ACTOR, closing)).map_err(|error| failed(error, "revoke"))?;
        console.style.write_single(console.output, &Row::of(removed, open.pool.now())).map_err(CliError::Output)
    }
}

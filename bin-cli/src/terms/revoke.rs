//! `terms revoke`: what was announced is taken back.

use clap::Args;
use stakepool::administration::TermsError;
use stakepool_core::chain::BlockHeight;

use super::row::{Row, best_height};
use super::tell;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, OpenPool, PoolArguments};

/// Take announced terms back, as long as their block is to come. Their notice is removed from the pages.
///
/// What was noted because the configuration changed stays: tickets were judged by it.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The block from which on they were to hold, as `terms list` shows it.
    #[arg(value_name = "HEIGHT")]
    from: u32,
}

impl Revoke {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_with_wallets(pool)?;
        let tip = best_height(&open)?;
        let revoked = open.wait(open.pool.revoke_terms(ACTOR, BlockHeight(self.from), tip));
        let revoked = revoked.map_err(|error| match error {
            TermsError::Store(error) => error.into(),
            refused => CliError::refused("HEIGHT", refused),
        })?;
        tell::forget(&open, BlockHeight(self.from))?;
        open.reconcile(&mut console);
        console.note("taken back; what holds instead, `stakepoolctl terms list` shows");
        console.style.write_single(console.output, &Row::of(revoked, None, None)).map_err(CliError::Output)
    }
}

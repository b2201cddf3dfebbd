//! `terms announce`: another fee or cold wallet from a block on.

use clap::{ArgGroup, Args};
use stakepool::administration::{TermsChange, TermsError};
use stakepool_core::chain::{BlockHeight, ExtendedPubKey, Generation};
use stakepool_core::ticket::PoolFee;

use super::row::{Row, When, best_height, expected};
use super::tell;
use crate::console::Console;
use crate::date;
use crate::error::CliError;
use crate::pool::{ACTOR, OpenPool, PoolArguments};

/// Announce another fee or cold wallet from a block that is to come.
///
/// Pages, the user API and the voting daemons change in that block by themselves, whatever the configurations still say.
/// Tickets that were mined before are judged as they were; for as many blocks as a ticket takes to mature, one that pays what was
/// asked before, or to the wallet before, is accepted, too. A notice goes to the users at once, on pages and
/// by mail. What was announced for the same block is replaced. Write the new values into the configurations of the web, the
/// daemons and the wallets afterwards: that needs no haste.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").args(["fee", "cold_wallet"]).required(true).multiple(true))]
#[command(group = ArgGroup::new("when").args(["from", "on"]).required(true))]
pub(crate) struct Announce {
    /// The fee, in percent, such as 7.5.
    #[arg(long, value_name = "PERCENT")]
    fee: Option<String>,
    /// The account key (extended public key) of the cold wallet.
    #[arg(long, value_name = "KEY")]
    cold_wallet: Option<String>,
    /// The first block that it holds for.
    #[arg(long, value_name = "HEIGHT")]
    from: Option<u32>,
    /// The day, or the moment in UTC, about which it is to come into force, such as 2027-01-15 or 2027-01-15T18:00: the block is
    /// reckoned from it.
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
    /// Show the notice on pages alone, and send no mail.
    #[arg(long)]
    no_mail: bool,
    /// Make no notice.
    #[arg(long)]
    quiet: bool,
}

impl Announce {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let fee = self.fee.as_deref().map(str::parse::<PoolFee>).transpose();
        let fee = fee.map_err(|error| CliError::argument("--fee", error))?;
        let key = self.cold_wallet.as_deref().map(str::parse::<ExtendedPubKey>).transpose();
        let cold_wallet = key.map_err(|error| CliError::argument("--cold-wallet", error))?;
        let on = self.on.as_deref().map(date::parse).transpose();
        let on = on.map_err(|error| CliError::argument("--on", error))?;
        let open = OpenPool::open_with_wallets(pool)?;
        let (tip, now, network) = (best_height(&open)?, open.pool.now(), open.pool.terms().network);
        let from = match (self.from, on) {
            (Some(from), _) => BlockHeight(from),
            (None, on) => {
                let seconds = on.map_or(0, |on| on.0.saturating_sub(now.0)).max(0).unsigned_abs();
                let spacing = network.params(Generation::Today).target_time_per_block.as_secs().max(1);
                tip.plus(u32::try_from(seconds.div_ceil(spacing)).unwrap_or(u32::MAX))
            }
        };
        let change = TermsChange { from, fee, cold_wallet };
        let announced = open.wait(open.pool.announce_terms(ACTOR, change, tip)).map_err(|error| match error {
            TermsError::Store(error) => error.into(),
            TermsError::OtherNetwork { .. } | TermsError::Key(_) => CliError::argument("--cold-wallet", error),
            refused => CliError::refused(if self.on.is_some() { "--on" } else { "--from" }, refused),
        })?;
        open.reconcile(&mut console);
        let about = expected(network, from, tip, now);
        tell::forget(&open, from)?;
        if !self.quiet {
            tell::announced(&open, &announced.terms, change, about, !self.no_mail)?;
            if !self.no_mail && !open.pool.sends_mail() {
                console.note("the pool sends no mail: users read it on the pages");
            }
        }
        let row = Row::of(announced, Some(When::ToCome), Some(about));
        console.style.write_single(console.output, &row).map_err(CliError::Output)
    }
}

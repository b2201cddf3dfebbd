//! `wallets sync`: the wallets get what they lack.

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::BlockHeight;
use stakepool_core::wallets::{BroughtOver, Health, WalletSync};

use super::progress::Bars;
use crate::answer::{Answer, Style};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// Bring over to every voting wallet the users' scripts that it lacks.
///
/// All wallets are worked on at once. Each then looks through the chain one time, from the height at which the first of the
/// users registered whose script it lacked, which can take minutes. A command that was cut off is made up for by
/// the next one, or by the web when it starts; it does no harm while the web runs. The exit code is 1 where a wallet
/// could not be brought up to date.
#[derive(Debug, Args)]
pub(crate) struct Sync {}

/// What became of a wallet.
#[derive(Serialize)]
struct Synced {
    wallet: String,
    /// Whether it has everything now.
    synced: bool,
    imported_scripts: Option<usize>,
    rescanned_from: Option<BlockHeight>,
    error: Option<String>,
}

impl From<WalletSync> for Synced {
    fn from(sync: WalletSync) -> Self {
        let (brought, error) = match sync.outcome {
            Ok(brought) => (Some(brought), None),
            Err(Health::Unreachable { error: why } | Health::Disagrees { how: why }) => (None, Some(why)),
            Err(Health::Unknown | Health::Healthy | Health::Recovering { .. }) => {
                (None, Some("it has not come to its end; try again".to_owned()))
            }
        };
        Self {
            wallet: sync.name,
            synced: error.is_none(),
            imported_scripts: brought.map(|BroughtOver { scripts, .. }| scripts),
            rescanned_from: brought.and_then(|brought| brought.rescanned_from),
            error,
        }
    }
}

impl Answer for Synced {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let scripts = self.imported_scripts.map(|scripts| match scripts {
            0 => "none was missing".to_owned(),
            1 => "1 brought over".to_owned(),
            some => format!("{some} brought over"),
        });
        let rescan = self.rescanned_from.map(|from| format!("from block {from}"));
        let readable = [
            ("wallet", Some(self.wallet.clone())),
            ("scripts", scripts),
            ("rescan", rescan),
            ("failed", self.error.clone()),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Sync {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_to_sync(pool)?;
        let bars = Bars::new(console.style == Style::Text);
        let outcomes = open.wait(open.pool.sync_wallets(|wallet, progress| bars.show(wallet, progress)));
        drop(bars);
        let synced: Vec<_> = outcomes.into_iter().map(Synced::from).collect();
        let none = "the configuration names no voting wallet";
        console.style.write_table(console.output, &synced, none).map_err(CliError::Output)?;
        match synced.iter().filter(|wallet| !wallet.synced).count() {
            0 => Ok(()),
            failed => Err(CliError::NotWell(format!(
                "{failed} of {} voting wallets could not be brought up to date",
                synced.len()
            ))),
        }
    }
}

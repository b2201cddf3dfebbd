//! `wallets check`: the wallets compared with the database.

use clap::Args;
use serde::Serialize;
use stakepool::status::{ComparedWallet, WalletCondition};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, KeyIndex, ScriptAddress};
use stakepool_core::wallets::{MissingScript, UnknownScript};

use crate::answer::{Answer, problems};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// Compare what every voting wallet holds with the database.
///
/// Its account key and network, whether it is unlocked and connected, its version, and the scripts: those of users that it lacks,
/// and those that it holds of users whom the database does not know, as after the restore of an old backup. Nothing is
/// changed. The exit code is 1 where anything is wrong with a wallet; `stakepoolctl wallets sync` brings over scripts that
/// are lacking.
#[derive(Debug, Args)]
pub(crate) struct Check {}

/// A user whose script a wallet lacks.
#[derive(Serialize)]
struct Missing {
    user: UserId,
    key_index: KeyIndex,
    address: ScriptAddress,
    registered_at: BlockHeight,
}

impl From<&MissingScript> for Missing {
    fn from(script: &MissingScript) -> Self {
        let MissingScript { user, index: key_index, address, registered_at } = *script;
        Self { user, key_index, address, registered_at }
    }
}

/// A script of a user whom the database does not know.
#[derive(Serialize)]
struct Unknown {
    key_index: KeyIndex,
    address: ScriptAddress,
    live_tickets: Option<usize>,
}

impl From<&UnknownScript> for Unknown {
    fn from(script: &UnknownScript) -> Self {
        Self { key_index: script.index, address: script.address, live_tickets: script.tickets }
    }
}

/// A wallet beside the database. What it did not say is null.
#[derive(Serialize)]
struct Checked<'a> {
    wallet: &'a str,
    state: WalletCondition,
    /// Empty when all is well.
    problems: &'a [String],
    version: Option<&'a str>,
    height: Option<u32>,
    unlocked: Option<bool>,
    connected: Option<bool>,
    votes_itself: Option<bool>,
    /// Users of the database with an address.
    users: usize,
    /// The pool's scripts that it holds.
    scripts: Option<usize>,
    missing: Option<Vec<Missing>>,
    unknown: Option<Vec<Unknown>>,
    owed_rescan_from: Option<u32>,
}

impl<'a> From<&'a ComparedWallet> for Checked<'a> {
    fn from(compared: &'a ComparedWallet) -> Self {
        let report = &compared.report;
        Self {
            wallet: &report.name,
            state: report.state,
            problems: &report.problems,
            version: report.version.as_deref(),
            height: report.height,
            unlocked: report.unlocked,
            connected: report.connected,
            votes_itself: report.votes_itself,
            users: compared.users,
            scripts: report.scripts,
            missing: compared.missing.as_ref().map(|missing| missing.iter().map(Missing::from).collect()),
            unknown: compared.unknown.as_ref().map(|unknown| unknown.iter().map(Unknown::from).collect()),
            owed_rescan_from: report.owed_rescan_from,
        }
    }
}

impl Answer for Checked<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let signs = |unlocked| if unlocked { "unlocked" } else { "locked" };
        let readable = [
            ("wallet", Some(self.wallet.to_owned())),
            ("version", self.version.map(str::to_owned)),
            ("height", self.height.map(|height| height.to_string())),
            ("signing", self.unlocked.map(|unlocked| signs(unlocked).to_owned())),
            ("users", Some(self.users.to_string())),
            ("scripts", self.scripts.map(|scripts| scripts.to_string())),
            ("missing", self.missing.as_ref().map(|missing| missing.len().to_string())),
            ("unknown", self.unknown.as_ref().map(|unknown| unknown.len().to_string())),
            ("owes", self.owed_rescan_from.map(|from| format!("a rescan from block {from}"))),
        ];
        let known = readable.into_iter().filter_map(|(name, value)| Some((name, value?)));
        known.chain(problems(self.problems)).collect()
    }
}

impl Check {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_to_sync(pool)?;
        let compared = open.wait(open.pool.compare_wallets())?;
        let checked: Vec<_> = compared.iter().map(Checked::from).collect();
        console
            .style
            .write_records(console.output, &checked, "the configuration names no voting wallet")
            .map_err(CliError::Output)?;
        match checked.iter().filter(|wallet| !wallet.problems.is_empty()).count() {
            0 => Ok(()),
            wrong => {
                Err(CliError::NotWell(format!("{wrong} of {} voting wallets are not as they should be", checked.len())))
            }
        }
    }
}

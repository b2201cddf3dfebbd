//! How a wallet is.

use serde::Serialize;
use stakepool_core::chain::{BlockHeight, Generation};
use stakepool_core::ports::WalletInfo;
use stakepool_core::wallets::{Health, MemberStatus};

use super::{LAG_ALLOWED, lag};

/// How a wallet is. What it did not tell is `None`.
#[derive(Clone, Debug, Serialize)]
pub struct WalletReport {
    /// Host and port.
    pub name: String,
    /// `unknown`, `in service`, `away`, `being repaired` or `disagrees`.
    pub state: &'static str,
    /// The repair under way, for people.
    pub repair: Option<String>,
    /// The last error.
    pub last_error: Option<String>,
    /// Its version, for people.
    pub version: Option<String>,
    /// Which generation of programs it is of.
    pub generation: Option<Generation>,
    /// The version of its votes.
    pub vote_version: Option<u32>,
    /// Its best height.
    pub height: Option<u32>,
    /// How many blocks it is behind.
    pub lag: Option<u32>,
    /// Whether it can sign.
    pub unlocked: Option<bool>,
    /// Whether it is connected to its node.
    pub connected: Option<bool>,
    /// Whether it votes by itself, which it should not.
    pub votes_itself: Option<bool>,
    /// What is wrong with it, and what to do.
    pub problems: Vec<String>,
}

impl WalletReport {
    pub(super) fn of(wallet: &MemberStatus, best: Option<BlockHeight>) -> Self {
        // What it said of itself is old where it does not answer any more.
        let here = !matches!(wallet.health, Health::Away { .. } | Health::Unknown);
        let info = wallet.info.as_ref();
        let now = info.filter(|_| here);
        let lag = lag(wallet.height, best);
        let (state, repair, last_error) = state(&wallet.health);
        Self {
            name: wallet.name.clone(),
            state,
            repair,
            last_error,
            version: info.map(|info| info.version.clone()),
            generation: info.map(|info| info.generation),
            vote_version: info.map(|info| info.vote_version.0),
            height: wallet.height.map(|height| height.0),
            lag,
            unlocked: now.map(|info| info.unlocked),
            connected: now.map(|info| info.connected),
            votes_itself: now.map(|info| info.votes_itself),
            problems: problems(wallet, now, lag),
        }
    }
}

fn state(health: &Health) -> (&'static str, Option<String>, Option<String>) {
    match health {
        Health::Unknown => ("unknown", None, None),
        Health::Healthy => ("in service", None, None),
        Health::Away { error } => ("away", None, Some(error.clone())),
        Health::Recovering { done, total } => {
            ("being repaired", Some(format!("{done} of {total} scripts brought over")), None)
        }
        Health::Disagrees { how } => ("disagrees", None, Some(how.clone())),
    }
}

fn problems(wallet: &MemberStatus, info: Option<&WalletInfo>, lag: Option<u32>) -> Vec<String> {
    let mut problems = Vec::new();
    match &wallet.health {
        Health::Healthy => {}
        Health::Unknown => problems.push("it has not answered yet".to_owned()),
        Health::Away { error } => problems.push(error.clone()),
        Health::Recovering { .. } => problems.push("missing scripts are being brought over".to_owned()),
        Health::Disagrees { how } => problems.push(how.clone()),
    }
    if let Some(info) = info {
        if !info.unlocked {
            problems.push("it is locked; unlock it with `exccctl --wallet walletpassphrase PASSPHRASE 0`".to_owned());
        }
        if !info.connected {
            problems.push("it is not connected to its node; start the node, or look into the wallet's log".to_owned());
        }
        if info.votes_itself {
            problems.push("it votes by itself, beside the daemon; start it without enablevoting".to_owned());
        }
    }
    if let Some(lag) = lag.filter(|lag| *lag > LAG_ALLOWED) {
        problems.push(format!("it is {lag} blocks behind"));
    }
    problems
}

//! How a voting wallet is shown.

use serde::Serialize;
use stakepool::status::{WalletCondition, WalletReport};

use crate::answer::{Answer, problems};

/// How a wallet is. What it did not say is null.
#[derive(Serialize)]
pub(super) struct Wallet<'a> {
    wallet: &'a str,
    reachable: bool,
    state: WalletCondition,
    /// Empty when all is well.
    problems: &'a [String],
    version: Option<&'a str>,
    height: Option<u32>,
    lag: Option<u32>,
    unlocked: Option<bool>,
    connected: Option<bool>,
    votes_itself: Option<bool>,
}

impl<'a> From<&'a WalletReport> for Wallet<'a> {
    fn from(report: &'a WalletReport) -> Self {
        Self {
            wallet: &report.name,
            reachable: !matches!(report.state, WalletCondition::Unknown | WalletCondition::Unreachable),
            state: report.state,
            problems: &report.problems,
            version: report.version.as_deref(),
            height: report.height,
            lag: report.lag,
            unlocked: report.unlocked,
            connected: report.connected,
            votes_itself: report.votes_itself,
        }
    }
}

impl Answer for Wallet<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let state = match self.state {
            WalletCondition::Unknown => "has not answered",
            WalletCondition::InService => "in service",
            WalletCondition::Unreachable => "cannot be reached",
            WalletCondition::BeingRepaired => "being repaired",
            WalletCondition::Disagrees => "disagrees with the pool",
        };
        let readable = [
            ("wallet", Some(self.wallet.to_owned())),
            ("state", Some(state.to_owned())),
            ("version", self.version.map(str::to_owned)),
            ("height", self.height.map(|height| height.to_string())),
        ];
        let known = readable.into_iter().filter_map(|(name, value)| Some((name, value?)));
        known.chain(problems(self.problems)).collect()
    }
}

//! One of the sides.

use serde::Serialize;

use super::daemon::Daemon;
use super::secrets::Web;
use super::wallet::Wallet;
use crate::answer::Answer;

/// One of the sides.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Row {
    /// A voting daemon.
    Daemon(Daemon),
    /// A voting wallet.
    Wallet(Wallet),
    /// The web.
    Web(Web),
}

impl Row {
    /// What does not fit.
    pub(super) fn problems(&self) -> &[String] {
        match self {
            Self::Daemon(daemon) => &daemon.problems,
            Self::Wallet(wallet) => &wallet.problems,
            Self::Web(_) => &[],
        }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Daemon(daemon) => daemon.fields(),
            Self::Wallet(wallet) => wallet.fields(),
            Self::Web(web) => web.fields(),
        }
    }
}

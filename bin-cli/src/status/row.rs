//! One of the things whose state is shown.

use serde::Serialize;

use super::daemon::Daemon;
use super::wallet::Wallet;
use super::whole::Whole;
use crate::answer::Answer;

/// One of the things whose state is shown.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Row<'a> {
    /// A voting daemon.
    Daemon(Daemon<'a>),
    /// A voting wallet.
    Wallet(Wallet<'a>),
    /// The pool as a whole.
    Whole(Whole<'a>),
}

impl Answer for Row<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Daemon(daemon) => daemon.fields(),
            Self::Wallet(wallet) => wallet.fields(),
            Self::Whole(whole) => whole.fields(),
        }
    }
}

//! Why the wallets together do not do something.

use crate::ports::StoreError;

/// Why the group did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// No wallet answers.
    #[error("no voting wallet is in service: {0}")]
    NoneHealthy(String),
    /// Too few wallets agree.
    #[error("only {agreeing} of the {quorum} voting wallets needed are in service: {reasons}")]
    NoQuorum {
        /// How many agree.
        agreeing: usize,
        /// How many must.
        quorum: usize,
        /// Why the others do not count.
        reasons: String,
    },
    /// A wallet has other keys or makes other scripts.
    #[error("voting wallet {wallet} disagrees with the pool: {how}")]
    Disagreement {
        /// The wallet.
        wallet: String,
        /// How it differs.
        how: String,
    },
    /// The users cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

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
    /// The database has no user with an address, and not every wallet has said whether it holds scripts of earlier users.
    #[error(
        "the database has no user with an address, and it is not known whether {wallets} holds scripts of earlier users: \
         the first address is taken when every voting wallet has answered, or with --newpool"
    )]
    FirstUser {
        /// The wallets that have not said.
        wallets: String,
    },
    /// The database has no user with an address, but a wallet holds scripts of earlier users.
    #[error(
        "the database has no user with an address, but voting wallet {wallet} holds scripts of earlier users: check \
         `database`, and restore the users or bring them over; a new pool that leaves them behind starts with --newpool"
    )]
    EarlierUsers {
        /// The wallet.
        wallet: String,
    },
    /// The users cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

//! Why an attempt at a vote fails.

use std::time::Duration;

use super::key_signer::KeySignError;
use crate::ports::{NodeError, WalletError};

/// Why one attempt at a vote failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CastError {
    /// The wallet did not sign.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// It is not signed by key.
    #[error("the vote is not signed by key: {0}")]
    Key(#[from] KeySignError),
    /// The node did not take it.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The wallet answered a vote without a signature.
    #[error("wallet {wallet} answered an unsigned vote: unlock it, and check that it was made from the pool's seed")]
    Unsigned {
        /// The wallet's name.
        wallet: String,
    },
    /// The wallet answered another vote than was asked for.
    #[error("wallet {0} answered a vote for another ticket or block, or with other bits")]
    OtherVote(String),
    /// The wallet or node was too slow.
    #[error("{0} did not answer within {1:?}")]
    Slow(String, Duration),
}

impl CastError {
    /// Whether the wallet or node would fail for any other vote, too.
    pub(super) const fn concerns_every_vote(&self) -> bool {
        match self {
            Self::Slow(..) | Self::Unsigned { .. } | Self::Wallet(WalletError::Locked { .. }) => true,
            Self::Wallet(error) => error.is_transient(),
            Self::Node(error) => matches!(error, NodeError::Unreachable { .. } | NodeError::Timeout { .. }),
            Self::OtherVote(_) | Self::Key(_) => false,
        }
    }
}

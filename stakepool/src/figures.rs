//! The figures of the pool at one moment.

use std::sync::Arc;

use stakepool_core::ports::{StakeInfo, StoreError};
use stakepool_core::vsp::RegisteredCounts;
use stakepool_core::wallets::GroupError;

/// The figures of the pool at one moment.
#[derive(Clone, Debug)]
pub struct PoolFigures {
    /// What the wallets say.
    pub stake: StakeInfo,
    /// All users.
    pub users: u64,
    /// Users with an address.
    pub active_users: u64,
    /// The tickets that wallets of today have registered, where these are served. They are in no wallet of the pool.
    pub registered: Option<RegisteredCounts>,
}

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FiguresError {
    /// The wallets.
    #[error(transparent)]
    Wallets(#[from] GroupError),
    /// The users.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The figures, or why there are none.
pub type Figures = Result<Arc<PoolFigures>, FiguresError>;

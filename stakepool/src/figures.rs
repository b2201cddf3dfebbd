//! The figures of the pool at one moment.

use std::sync::Arc;

use stakepool_core::ports::{StakeInfo, StoreError};
use stakepool_core::wallets::GroupError;

use crate::pool::Pool;
use crate::tickets::Tally;

/// The figures of the pool at one moment.
#[derive(Clone, Debug)]
pub struct PoolFigures {
    /// What the wallets say.
    pub stake: StakeInfo,
    /// All users.
    pub users: u64,
    /// Users with an address.
    pub active_users: u64,
}

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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

impl Pool {
    /// The pool's figures, at most a second old. As long as they are the same, the `Arc` is the same.
    ///
    /// # Errors
    /// [`FiguresError`].
    pub async fn figures(&self) -> Figures {
        let read = async {
            let (stake, counts) = tokio::join!(self.parts.stats.stake_info(), self.parts.users.counts());
            let (users, active_users) = counts?;
            Ok(Arc::new(PoolFigures { stake: stake?, users, active_users }))
        };
        self.figures.get(read).await
    }

    /// The pool's tickets as its ledger counts them, at most a second old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally(&self) -> Result<Tally, StoreError> {
        self.tally.get(async { Ok(Tally::of(&self.parts.ledger.ticket_counts(None).await?)) }).await
    }
}

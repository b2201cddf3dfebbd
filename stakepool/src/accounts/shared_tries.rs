//! Tries that all instances of the pool count together, by the database: whoever goes from one to the next has no more of them.
//!
//! What this instance has counted is the first wall, and keeps the rows few: no more come in than its memory has room for. Where the
//! database fails nobody gets in by a try, and sessions that there are go on.

use stakepool_core::accounts::UserId;
use stakepool_core::ports::{CountedTry, StoreError};

use crate::limits::origin::ClientAddress;
use crate::limits::tries::Try;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// Why a try is not made.
pub(super) enum SharedTryError {
    Wait(MustWait),
    Store(StoreError),
}

impl Pool {
    /// Counts for all instances a try that this one has counted. Where it must not be made, this one's count is taken back: it must
    /// not lengthen the wait that the store says.
    pub(super) async fn count_together(&self, tried: Try) -> Result<Try, SharedTryError> {
        let together = self.limiter.together(&tried, self.now());
        match self.tried_together(&together).await {
            Ok(()) => Ok(tried),
            Err(error) => {
                self.limiter.undo(tried);
                Err(error)
            }
        }
    }

    /// Takes a try back, everywhere, that could not be looked at because the store failed.
    pub(super) async fn undo_together(&self, tried: Try) {
        let (account, client) = self.limiter.names(&tried);
        self.limiter.undo(tried);
        self.end_together(&[], &[account, client].concat()).await;
    }

    /// What the store said to a try; where it failed, the try is taken back.
    pub(super) async fn or_undo_together<T>(
        &self,
        tried: Try,
        said: Result<T, StoreError>,
    ) -> Result<(Try, T), StoreError> {
        match said {
            Ok(said) => Ok((tried, said)),
            Err(error) => {
                self.undo_together(tried).await;
                Err(error)
            }
        }
    }

    /// Counts tries for all instances.
    pub(super) async fn tried_together(&self, tries: &[CountedTry]) -> Result<(), SharedTryError> {
        let now = self.now();
        match self.parts.tries.count_tries(tries, now).await {
            Ok(None) => Ok(()),
            Ok(Some(ends)) => Err(SharedTryError::Wait(MustWait::between(now, ends))),
            Err(error) => Err(SharedTryError::Store(error)),
        }
    }

    /// Forgives the account after a try that was right, everywhere, and the client this try. Where the store fails, they end with their
    /// time.
    pub(super) async fn succeeded_together(&self, tried: Try) {
        let (account, client) = self.limiter.names(&tried);
        self.limiter.succeeded(tried);
        self.end_together(&account, &client).await;
    }

    /// Forgives an account whose user has shown in another way to be there, everywhere.
    pub(super) async fn forgive_together(&self, user: UserId, client: ClientAddress) {
        let forgiven = self.limiter.forgive(user, client);
        self.end_together(&forgiven, &[]).await;
    }

    /// Takes a try of an account back whose password could not be looked at, everywhere.
    pub(super) async fn take_back_together(&self, tried: Try) {
        let (account, _) = self.limiter.names(&tried);
        self.limiter.take_back(tried);
        self.end_together(&[], &account).await;
    }

    /// Whether a client may ask for one more mail, at whichever instances it did so before. For what is done behind an answer.
    pub(super) async fn may_ask_for_mail_together(&self, client: ClientAddress) -> Result<bool, StoreError> {
        match self.tried_together(&self.limiter.mail_together(client, self.now())).await {
            Ok(()) => Ok(true),
            Err(SharedTryError::Wait(wait)) => {
                tracing::info!(%client, wait = wait.in_words(), "no mail: it asked for too many, some of them at other instances");
                Ok(false)
            }
            Err(SharedTryError::Store(error)) => Err(error),
        }
    }

    async fn end_together(&self, forgotten: &[String], taken_back: &[String]) {
        if let Err(error) = self.parts.tries.end_tries(forgotten, taken_back).await {
            tracing::warn!(%error, "tries that were right are not forgotten yet");
        }
    }
}

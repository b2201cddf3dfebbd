//! Stores in which another instance acts at the worst moment.

use std::sync::Arc;

use async_trait::async_trait;
use stakepool::Stores;
use stakepool_core::accounts::{StoredSecret, TotpStep, UserId};
use stakepool_core::ports::{CountedTry, SecondFactor, SecondFactorStore, StoreError, TryStore};
use stakepool_core::testkit::RacingSessions;
use stakepool_core::time::UnixTime;

/// Stores where a user's password is changed in the very moment in which a session begins.
pub fn password_changes(stores: Stores) -> Stores {
    let racing = RacingSessions::new(stores.sessions.clone(), stores.users.clone());
    Stores { sessions: Arc::new(racing), ..stores }
}

/// Second factors where another secret is proposed in the very moment in which one is confirmed.
struct AnotherIsProposed(Arc<dyn SecondFactorStore>);

/// Stores where another secret is proposed in the very moment in which one is confirmed.
pub fn another_is_proposed(stores: Stores) -> Stores {
    Stores { second_factors: Arc::new(AnotherIsProposed(stores.second_factors.clone())), ..stores }
}

#[async_trait]
impl SecondFactorStore for AnotherIsProposed {
    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        self.0.second_factor(user).await
    }

    async fn propose_factor(&self, user: UserId, secret: &StoredSecret) -> Result<(), StoreError> {
        self.0.propose_factor(user, secret).await
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        secret: &StoredSecret,
        step: TotpStep,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        self.0.propose_factor(user, &StoredSecret::from_bytes([9; 48])).await?;
        self.0.confirm_factor(user, secret, step, recovery).await
    }

    async fn factor_secrets(&self) -> Result<Vec<(UserId, StoredSecret)>, StoreError> {
        self.0.factor_secrets().await
    }

    async fn change_secret(&self, user: UserId, old: &StoredSecret, new: &StoredSecret) -> Result<bool, StoreError> {
        self.0.change_secret(user, old, new).await
    }

    async fn use_step(&self, user: UserId, step: TotpStep) -> Result<bool, StoreError> {
        self.0.use_step(user, step).await
    }

    async fn use_recovery(&self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        self.0.use_recovery(user, hash).await
    }

    async fn renew_recovery(&self, user: UserId, recovery: &[[u8; 32]]) -> Result<(), StoreError> {
        self.0.renew_recovery(user, recovery).await
    }

    async fn remove_factor(&self, user: UserId) -> Result<(), StoreError> {
        self.0.remove_factor(user).await
    }
}

/// Counts tries and cannot forget them.
struct TriesStay(Arc<dyn TryStore>);

/// Stores that fail when tries are to be forgotten.
pub fn tries_stay(stores: Stores) -> Stores {
    Stores { tries: Arc::new(TriesStay(stores.tries.clone())), ..stores }
}

#[async_trait]
impl TryStore for TriesStay {
    async fn count_try(
        &self,
        subject: &str,
        most: u32,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        self.0.count_try(subject, most, now, until).await
    }

    async fn count_tries(&self, tries: &[CountedTry], now: UnixTime) -> Result<Option<UnixTime>, StoreError> {
        self.0.count_tries(tries, now).await
    }

    async fn end_tries(&self, forgotten: &[String], taken_back: &[String]) -> Result<(), StoreError> {
        self.0.end_tries(forgotten, taken_back).await
    }

    async fn forget_tries(&self, _: &str) -> Result<(), StoreError> {
        Err(StoreError::Backend("the disk is full".to_owned()))
    }
}

//! Second factors.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::Factor;
use crate::accounts::{StoredSecret, TotpStep, UserId};
use crate::ports::{SecondFactor, SecondFactorStore, StoreError};

#[async_trait]
impl SecondFactorStore for MemoryStore {
    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        Ok(self.tables().factors.get(&user).map(|factor| SecondFactor {
            secret: factor.secret.clone(),
            confirmed: factor.confirmed,
            last_step: factor.last_step,
            recovery_left: factor.recovery.len() as u64,
        }))
    }

    async fn propose_factor(&self, user: UserId, secret: &StoredSecret) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if tables.factors.get(&user).is_some_and(|factor| factor.confirmed) {
            return Err(StoreError::Conflict("second factor"));
        }
        let proposed = Factor {
            secret: secret.clone(),
            confirmed: false,
            last_step: TotpStep::default(),
            recovery: BTreeSet::new(),
        };
        tables.factors.insert(user, proposed);
        Ok(())
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        secret: &StoredSecret,
        step: TotpStep,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let proposed = tables.factors.get_mut(&user).filter(|factor| !factor.confirmed && factor.secret == *secret);
        Ok(proposed.is_some_and(|factor| {
            (factor.confirmed, factor.last_step) = (true, step);
            factor.recovery = recovery.iter().copied().collect();
            true
        }))
    }

    async fn factor_secrets(&self) -> Result<Vec<(UserId, StoredSecret)>, StoreError> {
        Ok(self.tables().factors.iter().map(|(user, factor)| (*user, factor.secret.clone())).collect())
    }

    async fn change_secret(&self, user: UserId, old: &StoredSecret, new: &StoredSecret) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let factor = tables.factors.get_mut(&user).filter(|factor| factor.secret == *old);
        Ok(factor.map(|factor| factor.secret = new.clone()).is_some())
    }

    async fn use_step(&self, user: UserId, step: TotpStep) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let factor = tables.factors.get_mut(&user).filter(|factor| factor.confirmed && factor.last_step < step);
        Ok(factor.is_some_and(|factor| {
            factor.last_step = step;
            true
        }))
    }

    async fn use_recovery(&self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        Ok(self.tables().factors.get_mut(&user).is_some_and(|factor| factor.recovery.remove(hash)))
    }

    async fn renew_recovery(&self, user: UserId, recovery: &[[u8; 32]]) -> Result<(), StoreError> {
        if let Some(factor) = self.tables().factors.get_mut(&user).filter(|factor| factor.confirmed) {
            factor.recovery = recovery.iter().copied().collect();
        }
        Ok(())
    }

    async fn remove_factor(&self, user: UserId) -> Result<(), StoreError> {
        self.tables().factors.remove(&user);
        Ok(())
    }
}

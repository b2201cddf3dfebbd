//! A store for groups of wallets that has no users.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use stakepool_core::accounts::{Email, Registration, User, UserId};
use stakepool_core::chain::{BlockHeight, KeyIndex};
use stakepool_core::ports::{NewUser, RescanStore, StoreError, UserStore};

/// No users, and what wallets owe.
#[derive(Default)]
pub struct Users(Mutex<BTreeMap<String, BlockHeight>>);

fn none<T>() -> Result<T, StoreError> {
    Err(StoreError::NotFound("user"))
}

#[async_trait]
impl UserStore for Users {
    async fn create(&self, _: NewUser) -> Result<UserId, StoreError> {
        none()
    }

    async fn by_id(&self, _: UserId) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn by_email(&self, _: &Email) -> Result<Option<User>, StoreError> {
        Ok(None)
    }

    async fn registered(&self) -> Result<Vec<User>, StoreError> {
        Ok(Vec::new())
    }

    async fn list(&self, _: UserId, _: u64) -> Result<Vec<User>, StoreError> {
        Ok(Vec::new())
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        Ok((0, 0))
    }

    async fn reserve_index(&self, _: UserId, _: u32) -> Result<KeyIndex, StoreError> {
        none()
    }

    async fn register(&self, _: UserId, _: &Registration) -> Result<(), StoreError> {
        none()
    }

    async fn update(&self, _: &User, _: &User) -> Result<(), StoreError> {
        none()
    }
}

#[async_trait]
impl RescanStore for Users {
    async fn owed_rescan(&self, wallet: &str) -> Result<Option<BlockHeight>, StoreError> {
        Ok(self.0.lock().unwrap().get(wallet).copied())
    }

    async fn owe_rescan(&self, wallet: &str, from: BlockHeight) -> Result<(), StoreError> {
        self.0.lock().unwrap().insert(wallet.to_owned(), from);
        Ok(())
    }

    async fn rescan_done(&self, wallet: &str, _: BlockHeight) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(wallet);
        Ok(())
    }
}

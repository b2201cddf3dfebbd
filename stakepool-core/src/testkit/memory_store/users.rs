//! The users.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{Tables, rows};
use crate::accounts::{Email, EmailState, Registration, User, UserId};
use crate::chain::KeyIndex;
use crate::ports::{NewUser, StoreError, UserStore};
use crate::store_rules::{email_key, merge_user};
use crate::time::UnixTime;

impl Tables {
    fn user_with_email(&self, email: &Email) -> Option<&User> {
        let key = email_key(email.as_str());
        self.users.values().find(|user| user.email.as_str() == key)
    }

    /// A user who has no address yet.
    fn unregistered(&mut self, id: UserId) -> Result<&mut User, StoreError> {
        let user = self.users.get_mut(&id).ok_or(StoreError::NotFound("user"))?;
        if user.registration.is_some() { Err(StoreError::AlreadyRegistered(id)) } else { Ok(user) }
    }

    fn index_of(&self, id: UserId) -> Option<KeyIndex> {
        self.key_indexes.iter().find(|(_, owner)| **owner == Some(id)).map(|(index, _)| *index)
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn create(&self, new: NewUser) -> Result<UserId, StoreError> {
        let mut tables = self.tables();
        if tables.user_with_email(&new.email).is_some() {
            return Err(StoreError::EmailTaken);
        }
        tables.last_user += 1;
        let id = UserId(tables.last_user);
        let user = User {
            id,
            email: Email::from_store(email_key(new.email.as_str())),
            email_state: if new.verified { EmailState::Verified } else { EmailState::Unverified },
            password: new.password,
            registration: None,
            voting: new.voting,
            api_keys_valid_from: UnixTime(0),
            created: new.created,
            disabled: false,
            admin: new.admin,
        };
        tables.users.insert(id, user);
        Ok(id)
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.tables().users.get(&id).cloned())
    }

    async fn by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        Ok(self.tables().user_with_email(email).cloned())
    }

    async fn registered(&self) -> Result<Vec<User>, StoreError> {
        Ok(self.tables().users.values().filter(|user| user.registration.is_some()).cloned().collect())
    }

    async fn list(&self, after: UserId, limit: u64) -> Result<Vec<User>, StoreError> {
        let tables = self.tables();
        let behind = tables.users.values().filter(|user| user.id > after);
        Ok(behind.take(rows(limit)).cloned().collect())
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        let tables = self.tables();
        let registered = tables.users.values().filter(|user| user.registration.is_some()).count();
        Ok((tables.users.len() as u64, registered as u64))
    }

    async fn reserve_index(&self, id: UserId, max: u32) -> Result<KeyIndex, StoreError> {
        let mut tables = self.tables();
        tables.unregistered(id)?;
        if let Some(index) = tables.index_of(id) {
            return Ok(index);
        }
        let free = (1..=max).map(KeyIndex).find(|index| !tables.key_indexes.contains_key(index));
        let index = free.ok_or(StoreError::Full(max))?;
        tables.key_indexes.insert(index, Some(id));
        Ok(index)
    }

    async fn key_indexes(&self) -> Result<BTreeMap<KeyIndex, Option<UserId>>, StoreError> {
        Ok(self.tables().key_indexes.clone())
    }

    async fn withhold_indexes(&self, indexes: &[KeyIndex]) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for index in indexes {
            let owner = tables.key_indexes.get(index).copied().flatten();
            let has_address = |id| tables.users.get(&id).is_some_and(|user| user.registration.is_some());
            if !owner.is_some_and(has_address) {
                tables.key_indexes.insert(*index, None);
            }
        }
        Ok(())
    }

    async fn withhold_free_indexes(&self, indexes: &[KeyIndex], note: &str, text: &str) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if tables.notes.contains_key(note) || indexes.iter().any(|index| tables.key_indexes.contains_key(index)) {
            return Ok(false);
        }
        tables.key_indexes.extend(indexes.iter().map(|index| (*index, None)));
        tables.notes.insert(note.to_owned(), text.to_owned());
        Ok(true)
    }

    async fn release_indexes(&self, indexes: &[KeyIndex], note: &str, text: &str) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.key_indexes.retain(|index, owner| owner.is_some() || !indexes.contains(index));
        tables.notes.insert(note.to_owned(), text.to_owned());
        Ok(())
    }

    async fn register(&self, id: UserId, registration: &Registration) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.unregistered(id)?;
        let index = registration.key_index;
        let has_address = |user: &User| user.registration.as_ref().is_some_and(|r| r.address == registration.address);
        let reserved = tables.index_of(id);
        let is_free = match reserved {
            Some(reserved) => reserved == index,
            None => !matches!(tables.key_indexes.get(&index), Some(Some(_))),
        };
        if !is_free || tables.users.values().any(has_address) {
            return Err(StoreError::IndexTaken(index));
        }
        tables.key_indexes.insert(index, Some(id));
        tables.unregistered(id)?.registration = Some(registration.clone());
        Ok(())
    }

    async fn update(&self, before: &User, after: &User) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let stored = tables.users.get(&after.id).ok_or(StoreError::NotFound("user"))?;
        let mut next = merge_user(stored, before, after)?;
        next.email = Email::from_store(email_key(next.email.as_str()));
        if tables.user_with_email(&next.email).is_some_and(|holder| holder.id != next.id) {
            return Err(StoreError::EmailTaken);
        }
        tables.users.insert(next.id, next);
        Ok(())
    }
}

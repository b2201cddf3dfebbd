//! Users that many requests read: at most a second old, in every instance.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stakepool_core::accounts::{User, UserId};
use tokio::time::Instant;

/// How old a cached user may be.
pub const MAX_AGE: Duration = Duration::from_secs(1);

/// Most users that are cached.
const MAX_USERS: usize = 20_000;

/// Users by number, a second long; that there is no such user is remembered, too.
#[derive(Debug, Default)]
pub struct UserCache {
    users: Mutex<HashMap<UserId, Read>>,
}

/// When a user was read, and who was found.
type Read = (Instant, Option<Arc<User>>);

impl UserCache {
    /// The user, where it was read within the last second.
    pub fn get(&self, id: UserId) -> Option<Option<Arc<User>>> {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.get(&id).filter(|(at, _)| at.elapsed() < MAX_AGE).map(|(_, user)| user.clone())
    }

    /// Remembers a user that was read at `at`.
    pub fn put(&self, id: UserId, at: Instant, user: Option<Arc<User>>) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= MAX_USERS && !users.contains_key(&id) {
            users.retain(|_, (at, _)| at.elapsed() < MAX_AGE);
            if users.len() >= MAX_USERS {
                users.clear();
            }
        }
        users.insert(id, (at, user));
    }

    /// Forgets a user that was changed.
    pub fn forget(&self, id: UserId) {
        self.users.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_user_is_forgotten_after_a_second_or_a_change() {
        let cache = UserCache::default();
        cache.put(UserId(1), Instant::now(), None);
        assert!(cache.get(UserId(1)).is_some());
        cache.forget(UserId(1));
        assert!(cache.get(UserId(1)).is_none());
        cache.put(UserId(1), Instant::now(), None);
        tokio::time::advance(MAX_AGE).await;
        assert!(cache.get(UserId(1)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_for_users_is_bounded() {
        let cache = UserCache::default();
        for id in 0..2 * MAX_USERS {
            cache.put(UserId(i64::try_from(id).unwrap()), Instant::now(), None);
        }
        assert!(cache.users.lock().unwrap().len() <= MAX_USERS);
    }
}

//! Caches of what many requests read: never older than they promise, in every instance.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hyper::body::Bytes;
use stakepool_core::accounts::{User, UserId};
use tokio::time::Instant;

/// How old a cached answer may be.
pub const MAX_AGE: Duration = Duration::from_secs(1);

/// Most users that are cached.
const MAX_USERS: usize = 20_000;

/// One value that is fetched anew when it is too old, by one reader while the others wait.
#[derive(Debug)]
pub struct Fresh<T> {
    max_age: Duration,
    slot: RwLock<Option<(Instant, T)>>,
    fetching: tokio::sync::Mutex<()>,
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self::new(MAX_AGE)
    }
}

impl<T> Fresh<T> {
    /// A value that may be as old as `max_age`.
    pub fn new(max_age: Duration) -> Self {
        Self { max_age, slot: RwLock::new(None), fetching: tokio::sync::Mutex::new(()) }
    }
}

impl<T: Clone> Fresh<T> {
    /// The value; `fetch` is called where it is older than it may be.
    pub async fn get<F: Future<Output = T>>(&self, fetch: impl FnOnce() -> F) -> T {
        if let Some(value) = self.young() {
            return value;
        }
        let _turn = self.fetching.lock().await;
        if let Some(value) = self.young() {
            return value;
        }
        let value = fetch().await;
        // The age counts from the answer: a slow source would otherwise be asked by one reader after the other.
        *self.slot.write().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), value.clone()));
        value
    }

    fn young(&self) -> Option<T> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().filter(|(at, _)| at.elapsed() < self.max_age).map(|(_, value)| value.clone())
    }
}

/// A user with what the API answers about them, ready to be sent.
#[derive(Clone, Debug)]
pub struct CachedUser {
    /// The user.
    pub user: User,
    /// The body of `getpurchaseinfo`.
    pub purchase_info: Bytes,
}

/// Users by number, a second long; that there is no such user is remembered, too.
#[derive(Debug, Default)]
pub struct UserCache {
    users: Mutex<HashMap<UserId, Read>>,
}

/// When a user was read, and who was found.
type Read = (Instant, Option<Arc<CachedUser>>);

impl UserCache {
    /// The user, where it was read within the last second.
    pub fn get(&self, id: UserId) -> Option<Option<Arc<CachedUser>>> {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.get(&id).filter(|(at, _)| at.elapsed() < MAX_AGE).map(|(_, user)| user.clone())
    }

    /// Remembers a user that was read at `at`.
    pub fn put(&self, id: UserId, at: Instant, user: Option<Arc<CachedUser>>) {
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
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_value_is_fetched_once_a_second_however_many_ask() {
        let (cache, calls) = (Fresh::default(), AtomicU32::new(0));
        let read = || {
            cache.get(|| async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                calls.fetch_add(1, Ordering::Relaxed) + 1
            })
        };
        assert_eq!(futures_util::future::join_all((0..50).map(|_| read())).await, [1; 50]);
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(read().await, 1);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(read().await, 2);
    }

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

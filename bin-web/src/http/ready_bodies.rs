//! Bodies of answers, each made once for as long as its subject stays the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use hyper::body::Bytes;
use stakepool_core::accounts::{User, UserId};

/// Most users whose bodies are kept.
const MAX_USERS: usize = 20_000;

/// Whether two are one reading. The weak pointer keeps its place from being used again, but not what was there: of a user
/// who is forgotten nothing stays in memory but the body.
fn is_same<T>(kept: &Weak<T>, read: &Arc<T>) -> bool {
    std::ptr::eq(kept.as_ptr(), Arc::as_ptr(read))
}

/// One body a user.
#[derive(Debug)]
pub struct ReadyBodies<T> {
    bodies: Mutex<HashMap<UserId, (Weak<T>, Bytes)>>,
}

impl<T> Default for ReadyBodies<T> {
    fn default() -> Self {
        Self { bodies: Mutex::default() }
    }
}

impl ReadyBodies<User> {
    /// The body about a user, which is made anew where the user was read anew.
    pub fn get(&self, user: &Arc<User>, make: impl FnOnce(&User) -> Bytes) -> Bytes {
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, body)) = bodies.get(&user.id)
            && is_same(of, user)
        {
            return body.clone();
        }
        let body = make(user);
        if bodies.len() >= MAX_USERS && !bodies.contains_key(&user.id) {
            bodies.clear();
        }
        bodies.insert(user.id, (Arc::downgrade(user), body.clone()));
        body
    }
}

/// One body.
#[derive(Debug)]
pub struct ReadyBody<T> {
    last: RwLock<Option<(Weak<T>, Bytes)>>,
}

impl<T> Default for ReadyBody<T> {
    fn default() -> Self {
        Self { last: RwLock::new(None) }
    }
}

impl<T> ReadyBody<T> {
    /// The body about `of`, which is made anew where that is another one than last time.
    pub fn get(&self, of: &Arc<T>, make: impl FnOnce(&T) -> Bytes) -> Bytes {
        if let Some((last, body)) = &*self.last.read().unwrap_or_else(PoisonError::into_inner)
            && is_same(last, of)
        {
            return body.clone();
        }
        let body = make(of);
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::downgrade(of), body.clone()));
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_made_once_for_each_reading() {
        let body = ReadyBody::default();
        let (first, second) = (Arc::new(1), Arc::new(1));
        let made = |of: &Arc<i32>, text: &'static str| body.get(of, |_| Bytes::from_static(text.as_bytes()));
        assert_eq!((made(&first, "a"), made(&first, "b"), made(&second, "c")), ("a".into(), "a".into(), "c".into()));
    }
}

//! Bodies of answers, each made once for as long as its subject stays the same.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use hyper::body::Bytes;
use stakepool_core::accounts::{User, UserId};
use stakepool_core::ticket::Terms;

/// Most users whose bodies are kept.
const MAX_USERS: usize = 20_000;

/// Whether two are one reading. The weak pointer keeps its place from being used again, but not what was there: of a user
/// who is forgotten nothing stays in memory but the body.
fn is_same<T>(kept: &Weak<T>, read: &Arc<T>) -> bool {
    std::ptr::eq(kept.as_ptr(), Arc::as_ptr(read))
}

/// A body, and what it is about.
#[derive(Debug)]
struct Kept<T> {
    of: Weak<T>,
    under: Terms,
    body: Bytes,
}

/// One body a user.
#[derive(Debug)]
pub struct ReadyBodies<T> {
    bodies: Mutex<HashMap<UserId, Kept<T>>>,
}

impl<T> Default for ReadyBodies<T> {
    fn default() -> Self {
        Self { bodies: Mutex::default() }
    }
}

impl ReadyBodies<User> {
    /// The body about a user under these terms, which is made anew where the user was read anew, or the terms are others.
    pub fn get(&self, user: &Arc<User>, terms: Terms, make: impl FnOnce(&User) -> Bytes) -> Bytes {
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Kept { of, under, body }) = bodies.get(&user.id)
            && is_same(of, user)
            && *under == terms
        {
            return body.clone();
        }
        let body = make(user);
        if bodies.len() >= MAX_USERS && !bodies.contains_key(&user.id) {
            bodies.clear();
        }
        bodies.insert(user.id, Kept { of: Arc::downgrade(user), under: terms, body: body.clone() });
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
        match self.try_get(of, |of| Ok::<_, Infallible>(make(of))) {
            Ok(body) => body,
            Err(never) => match never {},
        }
    }

    /// As [`ReadyBody::get`], where it may not be possible to make one.
    ///
    /// # Errors
    /// What `make` returns.
    pub fn try_get<E>(&self, of: &Arc<T>, make: impl FnOnce(&T) -> Result<Bytes, E>) -> Result<Bytes, E> {
        if let Some((last, body)) = &*self.last.read().unwrap_or_else(PoisonError::into_inner)
            && is_same(last, of)
        {
            return Ok(body.clone());
        }
        let body = make(of)?;
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some((Arc::downgrade(of), body.clone()));
        Ok(body)
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

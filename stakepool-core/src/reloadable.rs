//! A setting that may change while a program runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// A value that can be replaced while others use it. Clones are the same setting.
///
/// ```
/// use stakepool_core::reloadable::Reloadable;
///
/// let closed = Reloadable::from(None);
/// let seen_elsewhere = closed.clone();
/// closed.set(Some("The pool is full."));
/// assert_eq!(*seen_elsewhere.get(), Some("The pool is full."));
/// ```
pub struct Reloadable<T>(Arc<RwLock<Arc<T>>>);

impl<T> Reloadable<T> {
    /// The value as it is now. It stays the same for whoever holds it.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the value.
    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

impl<T> From<T> for Reloadable<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }
}

impl<T> Clone for Reloadable<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Default> Default for Reloadable<T> {
    fn default() -> Self {
        Self::from(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Reloadable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

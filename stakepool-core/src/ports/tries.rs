//! Tries that all instances of a pool count together.

use async_trait::async_trait;

use super::StoreError;
use crate::time::UnixTime;

/// A try of something, to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedTry {
    /// Of what: at most 64 characters.
    pub subject: String,
    /// How many there may be.
    pub most: u32,
    /// When they are forgotten, where this one is the first.
    pub until: UnixTime,
}

/// Counts tries of what must not be tried often, in whichever instance they arrive and whichever was restarted.
#[async_trait]
pub trait TryStore: Send + Sync {
    /// Counts a try of `subject` at `now`, of which there may be `most` until `until`, or until the end that its first one
    /// set. Where it has had them all, nothing is counted, and the answer is when it may be tried again.
    ///
    /// An end that lies more than twice as far ahead as `until` was set by a clock that was wrong: it counts as over.
    async fn count_try(
        &self,
        subject: &str,
        most: u32,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError>;

    /// Counts several tries as [`count_try`](TryStore::count_try) does, at once: all of them, or, where one subject has had all its
    /// tries, none. The answer is when the last of such subjects may be tried again.
    async fn count_tries(&self, tries: &[CountedTry], now: UnixTime) -> Result<Option<UnixTime>, StoreError>;

    /// Forgets all tries of some subjects, and takes back one try of each of others.
    async fn end_tries(&self, forgotten: &[String], taken_back: &[String]) -> Result<(), StoreError>;

    /// Forgets all tries of a subject.
    async fn forget_tries(&self, subject: &str) -> Result<(), StoreError>;
}

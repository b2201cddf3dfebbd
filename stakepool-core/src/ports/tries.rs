//! Tries that all instances of a pool count together.

use async_trait::async_trait;

use super::StoreError;
use crate::time::UnixTime;

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

    /// Forgets all tries of a subject.
    async fn forget_tries(&self, subject: &str) -> Result<(), StoreError>;
}

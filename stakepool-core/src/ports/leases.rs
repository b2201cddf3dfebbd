//! Work that only one of several instances does.

use async_trait::async_trait;

use super::StoreError;
use crate::time::UnixTime;

/// Gives a piece of work to one instance at a time, for a while.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Gives `work` to `holder` until `until`, where it is the holder's already or nobody's at `now`. False where another
    /// holds it.
    ///
    /// A lease that another holds for more than twice as long from `now` was given by a clock that was wrong: it is over,
    /// so that the work does not rest until then.
    async fn lease(&self, work: &str, holder: &str, now: UnixTime, until: UnixTime) -> Result<bool, StoreError>;

    /// Ends the lease of `work` before its time, where it is the holder's: another need not wait for its end.
    async fn give_back(&self, work: &str, holder: &str) -> Result<(), StoreError>;

    /// Who has `work` at `now`, if anybody.
    async fn holder(&self, work: &str, now: UnixTime) -> Result<Option<String>, StoreError>;
}

//! Work that only one of several instances does.

use async_trait::async_trait;

use super::StoreError;
use crate::time::UnixTime;

/// A piece of work that was given to an instance. It lasts until another one has the work: an instance that stood still
/// meanwhile is refused whatever it does under the old lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The work.
    pub work: String,
    /// Grows whenever the work goes to somebody else.
    pub fence: u64,
}

/// Gives a piece of work to one instance at a time, for a while.
#[async_trait]
pub trait LeaseStore: Send + Sync {
    /// Gives `work` to `holder` until `until`, where it is the holder's already or nobody's at `now`. `None` where another
    /// holds it. A holder that has it without a break gets the same lease again.
    ///
    /// A lease that another holds for more than twice as long from `now` was given by a clock that was wrong: it is over,
    /// so that the work does not rest until then.
    async fn lease(
        &self,
        work: &str,
        holder: &str,
        now: UnixTime,
        until: UnixTime,
    ) -> Result<Option<Lease>, StoreError>;

    /// Whether nobody else was given the work since.
    async fn holds(&self, lease: &Lease) -> Result<bool, StoreError>;

    /// Keeps a note, as [`set_note`](super::UpkeepStore::set_note) does, where nobody else was given the work since. False
    /// otherwise: nothing has changed then.
    async fn set_note_under(&self, lease: &Lease, name: &str, text: &str) -> Result<bool, StoreError>;

    /// Ends the lease of `work` before its time, where it is the holder's: another need not wait for its end.
    async fn give_back(&self, work: &str, holder: &str) -> Result<(), StoreError>;

    /// Who has `work` at `now`, if anybody.
    async fn holder(&self, work: &str, now: UnixTime) -> Result<Option<String>, StoreError>;
}

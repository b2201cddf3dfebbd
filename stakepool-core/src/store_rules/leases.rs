//! Which leases can be true.

use crate::time::UnixTime;

/// The latest end that another instance's lease can have at `now`, where leases end at `until`: that of an instance whose
/// clock is ahead by as long as a lease lasts. A later end comes from a clock that was wrong.
///
/// ```
/// use stakepool_core::store_rules::latest_lease;
/// use stakepool_core::time::UnixTime;
///
/// assert_eq!(latest_lease(UnixTime(1000), UnixTime(1060)), UnixTime(1120));
/// ```
pub const fn latest_lease(now: UnixTime, until: UnixTime) -> UnixTime {
    UnixTime(until.0.saturating_add(until.0.saturating_sub(now.0)))
}

//! How tries are counted.

use super::latest_lease;
use crate::time::UnixTime;

/// What to store of a subject after a try at `now`: how many tries there were, and when they are forgotten. `stored` is the
/// same from before.
///
/// # Errors
/// When it may be tried again, where it has had `most` tries.
///
/// ```
/// use stakepool_core::store_rules::counted_try;
/// use stakepool_core::time::UnixTime;
///
/// let (now, until) = (UnixTime(1000), UnixTime(1600));
/// assert_eq!(counted_try(None, 2, now, until), Ok((1, until)));
/// assert_eq!(counted_try(Some((1, UnixTime(1500))), 2, now, until), Ok((2, UnixTime(1500))));
/// assert_eq!(counted_try(Some((2, UnixTime(1500))), 2, now, until), Err(UnixTime(1500)));
/// ```
pub fn counted_try(
    stored: Option<(u32, UnixTime)>,
    most: u32,
    now: UnixTime,
    until: UnixTime,
) -> Result<(u32, UnixTime), UnixTime> {
    let lasting = stored.filter(|(_, ends)| *ends > now && *ends <= latest_lease(now, until));
    match lasting {
        Some((tries, ends)) if tries >= most => Err(ends),
        Some((tries, ends)) => Ok((tries.saturating_add(1), ends)),
        None => Ok((1, until)),
    }
}

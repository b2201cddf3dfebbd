//! Work on all cores; on one where the feature `parallel` is off.

use std::ops::RangeInclusive;

#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// What `f` makes of every number of `range`, in order, or one of the errors.
pub(crate) fn over_range<T: Send, E: Send>(
    range: RangeInclusive<u32>,
    f: impl Fn(u32) -> Result<T, E> + Send + Sync,
) -> Result<Vec<T>, E> {
    #[cfg(feature = "parallel")]
    let range = range.into_par_iter();
    range.map(f).collect()
}

/// What `f` makes of every item, in order.
pub(crate) fn over_items<S: Sync, T: Send>(items: &[S], f: impl Fn(&S) -> T + Send + Sync) -> Vec<T> {
    #[cfg(feature = "parallel")]
    let items = items.par_iter();
    #[cfg(not(feature = "parallel"))]
    let items = items.iter();
    items.map(f).collect()
}

//! How long calls take and how many fail.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stakepool_core::call_figures::CallFigures;

/// Counts the calls to one server. Methods are few and ours, so that memory is bounded.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<BTreeMap<&'static str, CallFigures>>);

impl Meter {
    /// Counts a call.
    pub(crate) fn count(&self, method: &'static str, time: Duration, failed: bool) {
        let mut methods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let figures = methods.entry(method).or_default();
        figures.calls = figures.calls.saturating_add(1);
        figures.errors = figures.errors.saturating_add(u64::from(failed));
        figures.time = figures.time.saturating_add(time);
    }

    /// The figures of each method.
    pub(crate) fn figures(&self) -> BTreeMap<&'static str, CallFigures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_method() {
        let meter = Meter::default();
        meter.count("ping", Duration::from_millis(2), false);
        meter.count("ping", Duration::from_millis(3), true);
        meter.count("help", Duration::from_millis(1), false);
        let figures = meter.figures();
        assert_eq!(figures["ping"], CallFigures { calls: 2, errors: 1, time: Duration::from_millis(5) });
        assert_eq!(figures.len(), 2);
    }
}

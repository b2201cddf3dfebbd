//! What is wrong with a program at the moment.

use std::collections::HashMap;
use std::time::Duration;

/// An error that a test has put in the place of an answer: a JSON-RPC code and its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Injected {
    pub code: i64,
    pub message: String,
}

/// The faults of a program, and a count of what it was asked.
#[derive(Default)]
pub(crate) struct FaultSet {
    pub unavailable: bool,
    pub refuse_credentials: bool,
    pub limited_user: bool,
    pub duplicate_notifications: bool,
    pub disorder_notifications: bool,
    pub delays: HashMap<String, Duration>,
    pub failures: HashMap<String, Injected>,
    pub calls: HashMap<String, usize>,
}

/// What becomes of a request.
pub(crate) struct Fate {
    pub delay: Duration,
    pub failure: Option<Injected>,
}

impl FaultSet {
    /// Counts a request and says what becomes of it.
    pub(crate) fn receive(&mut self, method: &str) -> Fate {
        *self.calls.entry(method.to_owned()).or_default() += 1;
        let delay = self.delays.get(method).or_else(|| self.delays.get("*")).copied().unwrap_or_default();
        Fate { delay, failure: self.failures.get(method).cloned() }
    }

    /// The notifications of one change in the order, and as often, as the program sends them.
    pub(crate) fn arrange<T: Copy>(&self, mut notes: Vec<T>) -> Vec<T> {
        if self.disorder_notifications {
            notes.reverse();
        }
        let copies = if self.duplicate_notifications { 2 } else { 1 };
        notes.into_iter().flat_map(|note| std::iter::repeat_n(note, copies)).collect()
    }
}

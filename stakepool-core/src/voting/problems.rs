//! What is wrong now, for people: told once in the log, and again on the status page until it is solved.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Standing problems, each under the name of what it is about.
#[derive(Debug, Default)]
pub(super) struct Problems(Mutex<BTreeMap<String, String>>);

impl Problems {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something wrong until [`Problems::solved`].
    pub(super) fn problem(&self, about: &str, what: String) {
        let before = self.lock().insert(about.to_owned(), what.clone());
        if before.as_ref() != Some(&what) {
            tracing::error!(about, "{what}");
        }
    }

    /// Takes back [`Problems::problem`].
    pub(super) fn solved(&self, about: &str) {
        if self.lock().remove(about).is_some() {
            tracing::info!(about, "solved");
        }
    }

    /// Notes how many users are missing from the desired state although they have tickets; 0 solves it.
    pub(super) fn users_missing(&self, missing: usize) {
        if missing == 0 {
            return self.solved("wanted");
        }
        let what = "users with tickets are missing from what the web sent; they are voted for as before: check the web's \
                    database";
        self.problem("wanted", format!("{missing} {what}"));
    }

    /// All that is wrong.
    pub(super) fn problems(&self) -> Vec<String> {
        self.lock().values().cloned().collect()
    }
}

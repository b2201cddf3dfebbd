//! What is wrong now, for people: told once in the log, and again on the status page until it is solved.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// What is noted where a wallet says that it does not know a ticket that won.
pub(super) fn unknown_ticket(wallet: &str) -> String {
    format!("{wallet}/unknown ticket")
}

/// Standing problems, each under the name of what it is about.
#[derive(Debug, Default)]
pub(super) struct Problems {
    standing: Mutex<BTreeMap<String, Problem>>,
    /// Changes whenever one begins or is solved.
    changes: watch::Sender<()>,
}

#[derive(Debug)]
struct Problem {
    what: String,
    /// When it is of the past; `None` where it stands until it is solved.
    until: Option<Instant>,
}

impl Problems {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Problem>> {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.retain(|_, problem| problem.until.is_none_or(|until| until > Instant::now()));
        standing
    }

    fn put(&self, about: &str, what: String, until: Option<Instant>) -> Option<String> {
        let problem = Problem { what, until };
        let before = self.lock().insert(about.to_owned(), problem).map(|before| before.what);
        if before.is_none() {
            self.changes.send_replace(());
        }
        before
    }

    /// Notes something wrong until [`Problems::solved`].
    pub(super) fn problem(&self, about: &str, what: String) {
        let before = self.put(about, what.clone(), None);
        if before.as_ref() != Some(&what) {
            tracing::error!(about, "{what}");
        }
    }

    /// The same for something whose figures change all the time: logged only where it did not stand before. True there.
    pub(super) fn figures(&self, about: &str, what: String) -> bool {
        let is_new = self.put(about, what.clone(), None).is_none();
        if is_new {
            tracing::error!(about, "{what}");
        }
        is_new
    }

    /// Notes something that went wrong and cannot be mended, for as long as people should see it.
    pub(super) fn happened(&self, about: &str, what: String, stands: Duration) {
        let before = self.put(about, what.clone(), Some(Instant::now() + stands));
        if before.as_ref() != Some(&what) {
            tracing::error!(about, "{what}");
        }
    }

    /// Takes back [`Problems::problem`].
    pub(super) fn solved(&self, about: &str) {
        if self.lock().remove(about).is_some() {
            tracing::info!(about, "solved");
            self.changes.send_replace(());
        }
    }

    /// Hears of those that begin or are solved from now on.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Tells those who listen to [`Problems::changes`] that something else of the engine's health changed.
    pub(super) fn changed(&self) {
        self.changes.send_replace(());
    }

    /// All that is wrong, each with what it is about.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        self.lock().iter().map(|(about, problem)| (about.clone(), problem.what.clone())).collect()
    }
}

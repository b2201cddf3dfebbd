//! Whether voting keys can be opened, and will be after a restart.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Looks at the file that opens the voting keys, and says what is wrong with it.
pub type KeyFileCheck = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// What is known of the keys.
#[derive(Default)]
pub(super) struct KeyCheck {
    unopened: AtomicU64,
    file: OnceLock<KeyFileCheck>,
}

impl KeyCheck {
    /// Says how the file is looked at. What was said first stays.
    pub(super) fn watch_file(&self, check: KeyFileCheck) {
        self.file.get_or_init(|| check);
    }

    /// Notes how many keys could not be opened.
    pub(super) fn note_unopened(&self, keys: usize) {
        self.unopened.store(keys as u64, Ordering::Relaxed);
    }

    pub(super) fn unopened(&self) -> u64 {
        self.unopened.load(Ordering::Relaxed)
    }

    pub(super) fn file_problem(&self) -> Option<String> {
        self.file.get().and_then(|check| check())
    }
}

impl fmt::Debug for KeyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCheck").field("unopened", &self.unopened()).finish_non_exhaustive()
    }
}

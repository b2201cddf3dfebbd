//! Keeping the engine's state on disk, and finding it again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::engine::{Engine, lock, read};
use crate::ports::StateFile;
use crate::voting::lottery::Lottery;
use crate::voting::problems::Problems;
use crate::voting::snapshot;
use crate::voting::snapshot::Snapshot;

/// How often the state is saved where nothing asked for it.
const SAVE_EVERY: Duration = Duration::from_secs(120);

impl Engine {
    pub(super) async fn save_now_and_then(self: Arc<Self>) {
        loop {
            let _ = timeout(SAVE_EVERY, self.save_wanted.notified()).await;
            let engine = Arc::clone(&self);
            let _ = tokio::task::spawn_blocking(move || engine.save()).await;
        }
    }

    /// Saves the state; a failure is a problem told to people.
    pub fn save(&self) {
        let may_save = lock(&self.saving);
        if !*may_save {
            return;
        }
        let has_users = self.has_users();
        let snapshot = {
            let votes = lock(&self.latest_votes);
            let pool = read(&self.pool);
            Snapshot::of(&pool, self.journal.epoch(), has_users, self.synced(), votes.iter())
        };
        let encoded = snapshot.encode().map_err(|error| error.to_string());
        match encoded.and_then(|bytes| self.state_file.save(&bytes).map_err(|error| error.to_string())) {
            Ok(()) => self.solved("save"),
            Err(error) => self.problem("save", error),
        }
    }
}

/// Reads the state file, and says whether it may be written from now on.
pub(super) fn restore(
    pool: &mut Lottery,
    file: &dyn StateFile,
    problems: &Problems,
) -> (Option<snapshot::Restored>, bool) {
    let (reason, may_save) = match file.load() {
        Ok(None) => return (None, true),
        Ok(Some(bytes)) => match snapshot::restore(pool, &bytes) {
            Ok(restored) => return (Some(restored), true),
            Err(error) => match file.set_aside() {
                Ok(kept) => (format!("the state file cannot be used: {error}; it is kept as {kept}"), true),
                Err(kept) => {
                    (format!("the state file cannot be used: {error}; it is not replaced, because {kept}"), false)
                }
            },
        },
        Err(error) => (format!("{error}; it is not replaced"), false),
    };
    let what = format!("{reason}. Until the web sends the users, the wallet's own tickets are voted with default bits");
    problems.problem("state", what);
    (None, may_save)
}

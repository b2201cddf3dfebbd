//! Keeping the engine's state on disk.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::engine::Engine;
use super::snapshot::Snapshot;

/// How often the state is saved where nothing asked for it: a disk that became full or read-only is noticed within a minute.
const SAVE_EVERY: Duration = Duration::from_secs(45);

/// Saves the state at once, so that a place that cannot be written is told at the start; then now and then, and soon after it
/// was asked for.
pub(super) async fn save_now_and_then(engine: Arc<Engine>) {
    loop {
        let saving = Arc::clone(&engine);
        // What fails is a problem by itself.
        let _ = tokio::task::spawn_blocking(move || saving.save()).await;
        let _ = timeout(SAVE_EVERY, engine.save_soon.notified()).await;
    }
}

impl Engine {
    /// Saves the state; a failure is a problem that the status shows.
    ///
    /// # Errors
    /// Why it is not saved.
    pub fn save(&self) -> Result<(), String> {
        let may_save = self.may_save();
        if !*may_save {
            return Err("the state file that is there can neither be read nor set aside".to_owned());
        }
        let has_users = self.has_users();
        let snapshot = {
            let votes = self.latest_votes();
            let lottery = self.lottery();
            Snapshot::of(&lottery, self.epoch(), has_users, self.synced(), votes.all())
        };
        let encoded = snapshot.encode().map_err(|error| error.to_string());
        let saved = encoded.and_then(|bytes| self.state_file().save(&bytes).map_err(|error| error.to_string()));
        match &saved {
            Ok(()) => self.solved("save"),
            Err(error) => self
                .problem("save", format!("{error}: free space, or correct datadir and its permissions; votes go on")),
        }
        saved
    }
}

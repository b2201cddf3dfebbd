//! Keeping the engine's state on disk.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::engine::Engine;
use super::snapshot::Snapshot;

/// How often the state is saved where nothing asked for it.
const SAVE_EVERY: Duration = Duration::from_secs(120);

/// Saves the state now and then, and soon after it was asked for.
pub(super) async fn save_now_and_then(engine: Arc<Engine>) {
    loop {
        let _ = timeout(SAVE_EVERY, engine.save_soon.notified()).await;
        let engine = Arc::clone(&engine);
        let _ = tokio::task::spawn_blocking(move || engine.save()).await;
    }
}

impl Engine {
    /// Saves the state; a failure is a problem that the status shows.
    pub fn save(&self) {
        let may_save = self.may_save();
        if !*may_save {
            return;
        }
        let has_users = self.has_users();
        let snapshot = {
            let votes = self.latest_votes();
            let lottery = self.lottery();
            Snapshot::of(&lottery, self.epoch(), has_users, self.synced(), votes.iter())
        };
        let encoded = snapshot.encode().map_err(|error| error.to_string());
        match encoded.and_then(|bytes| self.state_file().save(&bytes).map_err(|error| error.to_string())) {
            Ok(()) => self.solved("save"),
            Err(error) => self.problem("save", error),
        }
    }
}

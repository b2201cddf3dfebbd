//! Finding the engine's state again when the daemon starts.

use zeroize::Zeroizing;

use super::lottery::Lottery;
use super::problems::Problems;
use super::snapshot::{self, Restored, SyncPoint};
use crate::desired::DesiredState;
use crate::ports::StateFile;
use crate::reports::VoteRecord;
use crate::time::UnixMillis;

/// With what an engine begins.
pub(super) struct Start {
    pub(super) lottery: Lottery,
    /// The epoch of the run that wrote the state file; `None` without one that can be used.
    pub(super) restored_epoch: Option<u64>,
    /// Where to go on following the chain.
    pub(super) synced: Option<SyncPoint>,
    /// The latest votes, oldest first.
    pub(super) votes: Vec<VoteRecord>,
    /// Whether the state file may be written from now on.
    pub(super) may_save: bool,
    /// Whether users were ever set.
    pub(super) has_users: bool,
}

impl Start {
    /// Fills an empty lottery with what is on disk, and with the desired state in the place of the one there.
    pub(super) fn of(
        mut lottery: Lottery,
        file: &dyn StateFile,
        desired: Option<DesiredState>,
        problems: &Problems,
    ) -> Self {
        let (restored, may_save) = restore(&mut lottery, file, problems);
        let restored_epoch = restored.as_ref().map(|restored| restored.epoch);
        let Restored { synced, has_users, votes, .. } = restored.unwrap_or_default();
        let has_users = has_users || desired.is_some();
        if let Some(desired) = desired {
            if let Err(error) = lottery.judge_by(desired.terms()) {
                tracing::error!(%error, "the terms are not used: a key of theirs has no addresses");
            }
            lottery.set_desired(desired);
            problems.solved("state");
        }
        if !has_users {
            tracing::warn!(
                "no users are known: until the web sends them or a database has them, the wallet's tickets are voted with default bits"
            );
        }
        Self { lottery, restored_epoch, synced, votes, may_save, has_users }
    }

    /// The epoch of a run that begins now. Epochs only have to grow, also over a lost state file: the time of the start does.
    pub(super) fn epoch(&self, now: UnixMillis) -> u64 {
        let now = u64::try_from(now.0).unwrap_or(0);
        self.restored_epoch.map_or(now, |restored| now.max(restored.saturating_add(1)))
    }
}

/// Reads the state file, and says whether it may be written from now on.
fn restore(lottery: &mut Lottery, file: &dyn StateFile, problems: &Problems) -> (Option<Restored>, bool) {
    let (reason, may_save) = match file.load() {
        Ok(None) => return (None, true),
        Ok(Some(bytes)) => match snapshot::restore(lottery, &Zeroizing::new(bytes)) {
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

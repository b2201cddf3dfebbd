//! How far the chain was worked through. The last blocks are kept by hash, so that a reorganisation shows.

use serde::{Deserialize, Serialize};
use stakepool_core::chain::{BlockHash, BlockHeader, BlockHeight};
use stakepool_core::ports::{Lease, NodeError, UpkeepStore, VspNode};

use super::error::PassError;
use crate::json_note::{set_json_note, set_json_note_under};
use crate::stores::Stores;

/// The name of the note.
const NOTE: &str = "vsp chain";
/// Blocks that are kept. A reorganisation that goes deeper is worked through from the lowest of them on.
const KEPT: usize = 64;

/// The blocks that were worked through last, the latest at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::vsp) struct Place(Vec<(BlockHeight, BlockHash)>);

impl Place {
    pub(super) async fn load(store: &dyn UpkeepStore) -> Result<Self, PassError> {
        let notes = store.notes(NOTE).await?;
        match notes.into_iter().find(|(name, _)| name == NOTE) {
            Some((_, text)) => serde_json::from_str(&text).map_err(|error| PassError::Place(error.to_string())),
            None => Ok(Self::default()),
        }
    }

    /// Notes it, under the lease of the work, where there is one: an instance that stood still while another went on does not take
    /// the place back.
    pub(super) async fn save(&self, stores: &Stores, lease: Option<&Lease>) -> Result<(), PassError> {
        let is_noted = match lease {
            Some(lease) => set_json_note_under(stores.leases.as_ref(), lease, NOTE, self).await?,
            None => set_json_note(stores.upkeep.as_ref(), NOTE, self).await.map(|()| true)?,
        };
        if is_noted { Ok(()) } else { Err(PassError::Superseded) }
    }

    /// Has the work begin after a block, where it has not begun yet.
    pub(in crate::vsp) async fn begin(store: &dyn UpkeepStore, at: &BlockHeader) -> Result<(), PassError> {
        let mut place = Self::load(store).await?;
        if place.last().is_none() {
            place.push(at.height, at.hash);
            set_json_note(store, NOTE, &place).await?;
        }
        Ok(())
    }

    pub(super) fn last(&self) -> Option<(BlockHeight, BlockHash)> {
        self.0.last().copied()
    }

    pub(super) fn push(&mut self, height: BlockHeight, hash: BlockHash) {
        self.0.push((height, hash));
        let surplus = self.0.len().saturating_sub(KEPT);
        self.0.drain(..surplus);
    }

    /// Takes back the blocks that left the best chain. Returns the height above which everything is to be undone, where there
    /// are such blocks.
    pub(super) async fn rewind(&mut self, node: &dyn VspNode) -> Result<Option<BlockHeight>, PassError> {
        let mut undone = None;
        while let Some((height, hash)) = self.last() {
            match node.block_hash(height).await {
                Ok(now) if now == hash => break,
                Ok(_) | Err(NodeError::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            self.0.pop();
            undone = Some(BlockHeight(height.0.saturating_sub(1)));
        }
        Ok(undone)
    }
}

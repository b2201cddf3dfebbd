//! The work that blocks bring: confirmations, fees on their way, tickets that end or vanish, and reorganisations in each of
//! these. A pass looks at what is new since the last one, by whichever instance that was, after any gap.

mod ends;
mod error;
mod fees;
mod ledger;
mod place;
mod tickets;

use stakepool_core::chain::{BlockHeader, BlockHeight};
use stakepool_core::ports::Lease;

use self::error::Failures;
use super::passes::Passes;
use super::service::Vsp;

pub(super) use ends::{end_of, revoked};
pub use error::PassError;
pub(super) use place::Place;

impl Vsp {
    /// Works through the chain as far as it is new: to be called once a second, it rests until a block comes. For a program that
    /// is alone on its database; done twice, it comes to the same.
    ///
    /// # Errors
    /// [`PassError`]. What was done stays done, and the next pass does the rest.
    pub async fn pass(&self) -> Result<(), PassError> {
        self.pass_as(None).await
    }

    /// The same for one of several instances, which was given the work for a while.
    ///
    /// # Errors
    /// [`PassError::Superseded`] where another has been given it since. Nothing that belongs to a block is done from then on.
    pub async fn pass_under(&self, lease: &Lease) -> Result<(), PassError> {
        self.pass_as(Some(lease)).await
    }

    async fn pass_as(&self, lease: Option<&Lease>) -> Result<(), PassError> {
        let done = self.follow_chain(lease).await;
        if done.is_err() {
            // What another pass was asked for is still to be done.
            self.look_again();
        }
        done
    }

    async fn follow_chain(&self, lease: Option<&Lease>) -> Result<(), PassError> {
        let mut passes = self.passes.lock().await;
        let node = self.parts.node.as_ref();
        if !node.has_transaction_index().await? {
            return Err(PassError::NoIndex);
        }
        let best = node.best_header().await?;
        if passes.done == Some(best.hash) && !self.is_asked_again() {
            return Ok(());
        }
        let mut place = Place::load(self.parts.stores.upkeep.as_ref()).await?;
        if let Some((known, _)) = place.last().filter(|(known, _)| best.height < *known) {
            return Err(PassError::Behind { node: best.height, known });
        }
        if let Some(above) = place.rewind(node).await? {
            tracing::warn!(%above, "blocks left the best chain: what they did to registered tickets is taken back");
            self.require(lease).await?;
            self.undo(above).await?;
            if place.last().is_none() && above.0 > 0 {
                place.push(above, node.block_hash(above).await?);
            }
            place.save(&self.parts.stores, lease).await?;
        }
        match place.last() {
            Some((last, _)) => self.work_through(&mut place, last, best.height, lease).await?,
            None => {
                place.push(best.height, best.hash);
                place.save(&self.parts.stores, lease).await?;
            }
        }
        self.require(lease).await?;
        self.look_after_tickets(&best, &mut passes).await?;
        passes.done = Some(best.hash);
        Ok(())
    }

    /// Insists that nobody else was given the work. What is changed of a ticket counts at the revision that was read alone, so that
    /// even a change under way undoes none of another's.
    async fn require(&self, lease: Option<&Lease>) -> Result<(), PassError> {
        match lease {
            Some(lease) if !self.parts.stores.leases.holds(lease).await? => Err(PassError::Superseded),
            _ => Ok(()),
        }
    }

    /// The work on tickets that wait for something. A ticket that fails keeps no other from its turn.
    async fn look_after_tickets(&self, best: &BlockHeader, passes: &mut Passes) -> Result<(), PassError> {
        let mut failures = Failures::default();
        failures.note(self.confirm_tickets(best, &mut passes.refused_tickets).await)?;
        failures.note(self.send_fees(best, &mut passes.refused_fees).await)?;
        failures.note(self.settle_fees(best, &mut passes.lost_fees).await)?;
        failures.note(self.delete_keys(best.height, &mut passes.keys_deleted).await)?;
        failures.end()
    }

    /// Notes the ends of tickets in the blocks above `last`.
    async fn work_through(
        &self,
        place: &mut Place,
        last: BlockHeight,
        best: BlockHeight,
        lease: Option<&Lease>,
    ) -> Result<(), PassError> {
        let node = self.parts.node.as_ref();
        for height in (last.0..best.0).map(|below| BlockHeight(below + 1)) {
            let hash = node.block_hash(height).await?;
            let block = node.block(&hash).await?;
            self.require(lease).await?;
            self.note_ends(height, &block.stake_transactions).await?;
            place.push(height, hash);
            place.save(&self.parts.stores, lease).await?;
        }
        Ok(())
    }
}

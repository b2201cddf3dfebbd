//! Waiting for what others do to the network, so that a test need not look again and again.

use std::time::Duration;

use stakepool_core::chain::TicketHash;
use stakepool_core::reports::TicketState;
use tokio::time::timeout;

use super::network::SimNetwork;
use crate::network::{Shared, State};

impl SimNetwork {
    /// Waits until a condition holds, which is looked at again with every change of the network: blocks, votes that
    /// arrive, calls that wallets and nodes answer. False where it does not hold when `patience` is over.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use stakepool_sim::SimNetwork;
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let sim = SimNetwork::builder().without_servers().height(20).start().await?;
    /// sim.run(Duration::from_millis(1));
    /// assert!(sim.wait_until(Duration::from_secs(5), |sim| sim.height().0 >= 25).await);
    /// # Ok::<(), stakepool_sim::SimError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn wait_until(&self, patience: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        await_change(&self.shared, patience, || condition(self)).await
    }

    /// Waits until a ticket is in a state. False when `patience` is over.
    pub async fn wait_for_ticket(&self, ticket: &TicketHash, state: TicketState, patience: Duration) -> bool {
        self.wait_until(patience, |sim| sim.ticket_state(ticket) == Some(state)).await
    }

    /// Waits until a vote of a ticket on the best block has reached the nodes, where it waits to be mined. False when
    /// `patience` is over. The program that cast it may still be about to note that it did.
    pub async fn wait_for_vote(&self, ticket: &TicketHash, patience: Duration) -> bool {
        self.wait_until(patience, |sim| sim.waiting_votes().contains(ticket)).await
    }

    /// Waits until every vote that the pool should cast on the best block has arrived. False when `patience` is over.
    pub async fn wait_for_votes(&self, patience: Duration) -> bool {
        await_votes(&self.shared, patience).await
    }

    /// Winners of the best block for which the pool should vote and has not.
    pub fn missing_votes(&self) -> Vec<TicketHash> {
        self.state(missing_votes)
    }
}

fn missing_votes(state: &State) -> Vec<TicketHash> {
    state.missing_votes(&state.awaited_block())
}

/// Waits until every vote that the pool should cast has arrived. False when `patience` is over.
pub(super) async fn await_votes(shared: &Shared, patience: Duration) -> bool {
    await_change(shared, patience, || shared.read(missing_votes).is_empty()).await
}

async fn await_change(shared: &Shared, patience: Duration, holds: impl Fn() -> bool) -> bool {
    let mut changes = shared.changes();
    let wait = async {
        while !holds() {
            if changes.changed().await.is_err() {
                break;
            }
        }
    };
    timeout(patience, wait).await.is_ok()
}

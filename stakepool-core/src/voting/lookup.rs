//! Looking up tickets that the engine has not heard of.

use futures_util::stream::{self, StreamExt};

use super::engine::Engine;
use crate::chain::TicketHash;
use crate::ports::NodeError;

/// Transactions fetched at the same time; a node takes 20 requests a connection, and votes must find room.
const FETCH_AT_ONCE: usize = 8;

impl Engine {
    /// Looks up a ticket of the chain. False where the node could not tell, which is a problem.
    pub(super) async fn look_up(&self, node: usize, ticket: TicketHash) -> bool {
        match self.fetch(node, ticket).await {
            Ok(()) => {
                self.solved("lookup");
                true
            }
            Err(error @ NodeError::NotFound { .. }) => {
                self.problem("lookup", format!("tickets cannot be looked up: {error}"));
                false
            }
            Err(error) => {
                tracing::warn!(%error, %ticket, "a ticket was not looked up");
                false
            }
        }
    }

    /// Fetches a ticket and judges it.
    async fn fetch(&self, node: usize, ticket: TicketHash) -> Result<(), NodeError> {
        let mined = self.node(node).transaction(&ticket.into()).await?;
        if let Some(mined_at) = mined.mined_at {
            self.lottery_mut().learn(&mined.transaction, mined_at);
        }
        Ok(())
    }

    /// Looks up those of the tickets that are unknown.
    pub(super) async fn look_up_all(&self, node: usize, tickets: Vec<TicketHash>) {
        let mut lookups = Vec::new();
        for ticket in self.unknown(tickets) {
            lookups.push(self.look_up(node, ticket));
        }
        let _: Vec<bool> = stream::iter(lookups).buffer_unordered(FETCH_AT_ONCE).collect().await;
    }

    /// Looks up the wallets' tickets, of which the node may not know all: some were never mined, or were unmined by a
    /// reorganisation.
    pub(super) async fn look_up_own(&self, node: usize, tickets: Vec<TicketHash>) {
        let mut lookups = Vec::new();
        for ticket in self.unknown(tickets) {
            lookups.push(self.fetch(node, ticket));
        }
        let results: Vec<_> = stream::iter(lookups).buffer_unordered(FETCH_AT_ONCE).collect().await;
        for error in results.into_iter().filter_map(Result::err) {
            tracing::debug!(%error, "a ticket of the wallet is left out");
        }
    }

    fn unknown(&self, tickets: Vec<TicketHash>) -> Vec<TicketHash> {
        let lottery = self.lottery();
        tickets.into_iter().filter(|ticket| !lottery.knows(ticket)).collect()
    }
}

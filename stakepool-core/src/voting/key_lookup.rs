//! Looking up what votes by keys are made of: tickets whose keys came after they were mined, and what users' tickets say.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::timeout;

use super::engine::Engine;
use crate::chain::{TicketHash, TicketOutputs};
use crate::ports::NodeError;

/// Transactions fetched at the same time: votes must find room on the node's connection.
const FETCH_AT_ONCE: usize = 8;
/// How soon what could not be looked up is asked for again.
const AGAIN: Duration = Duration::from_secs(20);
/// How long a vote waits for a node to say what its ticket says.
const VOTE_WAITS: Duration = Duration::from_millis(500);

/// Looks it up whenever that is asked for, and now and then.
pub(super) async fn keep_signable(engine: Arc<Engine>) {
    loop {
        // A pause that ends by itself.
        let _ = timeout(AGAIN, engine.keys_soon.notified()).await;
        engine.look_up_for_keys().await;
    }
}

impl Engine {
    async fn look_up_for_keys(&self) {
        let Some(node) = self.active_node().filter(|_| self.synced().is_some()) else { return };
        let (unseen, lacking) = {
            let lottery = self.lottery();
            (lottery.unseen_key_tickets(), lottery.lacking_outputs())
        };
        if unseen.is_empty() && lacking.is_empty() {
            return;
        }
        self.look_up_own(node, unseen).await;
        let mut lookups = Vec::with_capacity(lacking.len());
        for ticket in lacking {
            lookups.push(self.fetch_outputs(node, ticket));
        }
        let looked_up: Vec<_> = stream::iter(lookups).buffer_unordered(FETCH_AT_ONCE).collect().await;
        if let Some(error) = looked_up.into_iter().find_map(Result::err) {
            tracing::debug!(%error, "tickets are not looked up for votes by key");
        }
        self.publish_reports();
        // One of them may have won meanwhile.
        self.desired_changed.notify_one();
    }

    /// Looks up what a ticket says that has won. Where no node answers, its vote is tried all the same.
    pub(super) async fn look_up_outputs(&self, ticket: TicketHash) {
        for node in 0..self.nodes().len() {
            if matches!(timeout(VOTE_WAITS, self.fetch_outputs(node, ticket)).await, Ok(Ok(()))) {
                return;
            }
        }
        self.keys_soon.notify_one();
    }

    async fn fetch_outputs(&self, node: usize, ticket: TicketHash) -> Result<(), NodeError> {
        let mined = self.node(node).transaction(&ticket.into()).await?;
        if let Ok(outputs) = TicketOutputs::from_transaction(&mined.transaction) {
            let lottery = self.lottery();
            if outputs.ticket == ticket {
                lottery.signer().add_ticket(outputs);
            }
        }
        Ok(())
    }

    /// Says whether users have scripts for which the voting key does not sign.
    pub(super) fn check_voting_key(&self) {
        let (foreign, scripts) = {
            let lottery = self.lottery();
            (lottery.foreign_scripts, lottery.desired().scripts().len())
        };
        if foreign == 0 {
            return self.solved("voting key");
        }
        let what = format!(
            "the voting key does not sign for {foreign} of {scripts} users, for whom the wallets alone vote: it belongs to other voting \
             wallets, or maxusers is too small. Make the file anew with `stakepoolctl chain voting-key`"
        );
        self.problems_of().figures("voting key", what);
    }
}

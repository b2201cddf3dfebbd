//! Comparing what the engine believes live with what a node says, and repairing the difference.

use std::collections::{HashMap, HashSet};

use tokio::time::{Duration, timeout};

use super::engine::Engine;
use crate::chain::{BlockHeight, ScriptAddress, TicketHash};
use crate::ports::NodeError;
use crate::reports::TicketState;

/// How long a wallet may take to list the tickets of one user.
const ASK_LIMIT: Duration = Duration::from_secs(5);

impl Engine {
    /// Compares the live tickets with those of a node. Does nothing where a block arrives meanwhile: the next check will.
    pub(super) async fn compare_with_node(&self, node: usize) -> Result<(), NodeError> {
        let source = self.node(node);
        let before = source.best_block().await?;
        let live: HashSet<_> = source.live_tickets().await?.into_iter().collect();
        if source.best_block().await? != before || self.synced() != Some(before) {
            return Ok(());
        }
        self.look_up_all(node, live.iter().copied().collect()).await;
        let (revived, gone, stale) = {
            let lottery = self.lottery();
            let revived: Vec<_> = lottery.believed_ended(&live).collect();
            let gone: Vec<_> = lottery.believed_live().filter(|(ticket, ..)| !live.contains(ticket)).collect();
            (revived, gone, lottery.has_stale_foreign(&live))
        };
        self.lottery_mut().seen_live(&live);
        if stale || !revived.is_empty() {
            let mut lottery = self.lottery_mut();
            revived.iter().for_each(|ticket| lottery.revive(ticket));
            lottery.keep_foreign(&live);
        }
        let mut settled = true;
        if !gone.is_empty() {
            tracing::warn!(count = gone.len(), "tickets left the lottery unnoticed");
            settled = self.settle(gone, before.1).await;
        }
        if self.synced() == Some(before) {
            self.set_compared(settled);
        }
        Ok(())
    }

    /// Finds out how tickets ended that left the lottery while nobody looked. False where that is not known of all.
    async fn settle(&self, gone: Vec<(TicketHash, ScriptAddress, BlockHeight)>, tip: BlockHeight) -> bool {
        let mut by_address: HashMap<ScriptAddress, Vec<(TicketHash, BlockHeight)>> = HashMap::new();
        for (ticket, address, mined_at) in gone {
            by_address.entry(address).or_default().push((ticket, mined_at));
        }
        let mut all_known = true;
        for (address, tickets) in by_address {
            let is_pools = self.lottery().is_pools_address(&address);
            // Other people's tickets need no exact end; one of the pool stays open where no wallet can tell.
            let voted = if is_pools { self.voted_tickets(&address).await } else { Some(HashMap::new()) };
            let Some(voted) = voted else {
                all_known = false;
                continue;
            };
            let mut lottery = self.lottery_mut();
            let life = lottery.evaluator().params().ticket_maturity + lottery.evaluator().params().ticket_expiry;
            for (ticket, mined_at) in tickets {
                let (state, at) = match voted.get(&ticket) {
                    Some(at) => (TicketState::Voted, *at),
                    None if mined_at.plus(life) <= tip => (TicketState::Expired, tip),
                    None => (TicketState::Missed, tip),
                };
                lottery.settle(ticket, state, at);
            }
        }
        all_known
    }

    /// The tickets of an address that voted, as the first wallet says that knows any of it. `None` where none does, and not all
    /// answered: one that lost its scripts says of every ticket that it did not vote.
    async fn voted_tickets(&self, address: &ScriptAddress) -> Option<HashMap<TicketHash, BlockHeight>> {
        let mut all_answered = true;
        for wallet in self.wallets() {
            let Ok(Ok(known)) = timeout(ASK_LIMIT, wallet.user_tickets(address)).await else {
                all_answered = false;
                continue;
            };
            if !known.tickets.is_empty() {
                let voted = known.tickets.into_iter().filter(|ticket| ticket.status == "voted");
                return Some(voted.filter_map(|ticket| Some((ticket.ticket, ticket.spent_at?))).collect());
            }
        }
        all_answered.then(HashMap::new)
    }
}

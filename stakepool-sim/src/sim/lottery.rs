//! The lottery: who won, and interference with it, so that tests need not wait for luck.

use stakepool_core::chain::{BlockHeight, TicketHash};

use super::network::SimNetwork;

impl SimNetwork {
    /// The tickets that the block at a height drew.
    pub fn winners(&self, height: BlockHeight) -> Vec<TicketHash> {
        self.state(|state| {
            state.chain.best.at(height).map(|block| state.chain.winners(&block.hash).to_vec()).unwrap_or_default()
        })
    }

    /// Lets each of these tickets win once, before all others and in the order given: with the next block that is mined
    /// while the ticket is live. It need not be live or mined yet; until it is, others are drawn. A block draws five,
    /// so that further ones win with the blocks that follow.
    ///
    /// Of [`SimNetwork::let_win`], [`SimNetwork::never_let_win`] and [`SimNetwork::let_lottery_decide`] the last that
    /// named a ticket counts. Once a ticket has won the lottery decides again, also where a reorganisation revives it.
    pub fn let_win(&self, tickets: &[TicketHash]) {
        self.shared.write(|state| state.chain.rig.let_win(tickets));
    }

    /// Keeps these tickets from winning, live, immature or not mined yet; at last they expire. Winners that a block has
    /// drawn already stay winners. Taken back by [`SimNetwork::let_win`] or [`SimNetwork::let_lottery_decide`].
    pub fn never_let_win(&self, tickets: &[TicketHash]) {
        self.shared.write(|state| state.chain.rig.never_let_win(tickets));
    }

    /// Takes back [`SimNetwork::let_win`] and [`SimNetwork::never_let_win`] for these tickets: from the next block on
    /// they win by luck.
    pub fn let_lottery_decide(&self, tickets: &[TicketHash]) {
        self.shared.write(|state| state.chain.rig.release(tickets));
    }
}

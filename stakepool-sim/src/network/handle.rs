//! The handle by which a network is driven.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stakepool_core::chain::{
    Address, BlockHash, BlockHeight, ExtendedPubKey, Generation, PubKeyAddress, ScriptAddress, TicketHash,
};
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::PoolFee;
use tokio::task::JoinHandle;

use super::builder::SimNetworkBuilder;
use super::purchase::Purchase;
use super::snapshot::Snapshot;
use super::state::{Clock, Shared, State};
use crate::chain::TxKind;
use crate::error::SimError;
use crate::server::{Server, WalletServer};
use crate::sync::lock;

/// The most blocks that a reorganisation can replace: less than the maturity of coinbases.
const MOST_REORGANISED: u32 = 10;

/// A simulated network. Its servers stop when it is dropped.
pub struct SimNetwork {
    shared: Arc<Shared>,
    nodes: Vec<Server>,
    /// The voting wallets, and last the buyer's.
    wallets: Vec<WalletServer>,
    seed: u64,
    miner: Mutex<Option<JoinHandle<()>>>,
}

impl SimNetwork {
    pub(super) fn new(shared: Arc<Shared>, nodes: Vec<Server>, wallets: Vec<WalletServer>, seed: u64) -> Self {
        Self { shared, nodes, wallets, seed, miner: Mutex::new(None) }
    }

    /// Describes a network to be started.
    pub const fn builder() -> SimNetworkBuilder {
        SimNetworkBuilder::new()
    }

    fn state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.shared.read(look)
    }

    /// The first node.
    pub fn node(&self) -> &Server {
        &self.nodes[0]
    }

    /// All nodes; they serve the same chain, each with its own faults.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// Voting wallet `number`, from 0.
    ///
    /// # Panics
    /// Where there are not so many: a mistake of the test.
    pub fn wallet(&self, number: usize) -> &WalletServer {
        &self.voting_wallets()[number]
    }

    /// All voting wallets.
    pub fn voting_wallets(&self) -> &[WalletServer] {
        &self.wallets[..self.wallets.len() - 1]
    }

    /// The wallet of a user who buys tickets.
    pub fn buyer(&self) -> &WalletServer {
        &self.wallets[self.wallets.len() - 1]
    }

    /// The programs that the network consists of.
    pub fn generation(&self) -> Generation {
        self.state(|state| state.chain.generation)
    }

    /// The account key of the cold wallet, to whose addresses the pool's fees go.
    pub fn cold_wallet_xpub(&self) -> ExtendedPubKey {
        self.state(|state| state.cold_wallet)
    }

    /// The account key of the voting wallets.
    pub fn voting_wallet_xpub(&self) -> ExtendedPubKey {
        self.state(|state| state.wallets[0].xpub())
    }

    /// A fresh public key address of the buyer: what a user submits to the pool.
    ///
    /// # Errors
    /// [`SimError::Key`] with negligible probability.
    pub fn buyer_pubkey_address(&self) -> Result<PubKeyAddress, SimError> {
        self.shared.write(|state| {
            let network = state.cold_wallet.network();
            let buyer = state.wallets.len() - 1;
            state.wallets[buyer].take_address().map(|(_, key)| PubKeyAddress::new(network, key))
        })
    }

    /// Buys tickets whose voting right goes to `voting`. Where a fee address is given, the fee is committed to it that
    /// a pool of `fee` percent asks. They are mined with the next blocks, 20 a block.
    ///
    /// # Errors
    /// [`SimError::Purchase`] says why the rules forbid it.
    pub fn buy_tickets(
        &self,
        voting: ScriptAddress,
        fee_address: Option<Address>,
        fee: PoolFee,
        count: u32,
    ) -> Result<Vec<TicketHash>, SimError> {
        let fee = fee_address.map(|address| (address, fee));
        self.shared.write(|state| state.purchase(&Purchase { voting: Some(voting.into()), fee, count }))
    }

    /// The best height.
    pub fn height(&self) -> BlockHeight {
        self.state(|state| state.chain.tip().1)
    }

    /// The best block.
    pub fn best_block(&self) -> (BlockHash, BlockHeight) {
        self.state(|state| state.chain.tip())
    }

    /// Mines blocks at once, with the votes that are there.
    ///
    /// # Errors
    /// [`SimError::TooFewVotes`] where a block lacks votes; those before it are mined.
    pub async fn mine(&self, blocks: u32) -> Result<BlockHeight, SimError> {
        for _ in 0..blocks {
            self.shared.write(State::mine)?;
            tokio::task::yield_now().await;
        }
        Ok(self.height())
    }

    /// Mines one block once every vote that the pool should cast has arrived, or after `patience` without the rest.
    ///
    /// # Errors
    /// [`SimError::TooFewVotes`] where they do not suffice.
    pub async fn mine_when_voted(&self, patience: Duration) -> Result<BlockHeight, SimError> {
        await_votes(&self.shared, patience).await;
        self.mine(1).await
    }

    /// Mines blocks, waiting for the votes on each.
    ///
    /// # Errors
    /// As [`SimNetwork::mine_when_voted`].
    pub async fn mine_all_when_voted(&self, blocks: u32, patience: Duration) -> Result<BlockHeight, SimError> {
        for _ in 0..blocks {
            self.mine_when_voted(patience).await?;
        }
        Ok(self.height())
    }

    /// Waits until every vote that the pool should cast on the best block has arrived. False when `patience` is over.
    pub async fn wait_for_votes(&self, patience: Duration) -> bool {
        await_votes(&self.shared, patience).await
    }

    /// Winners of the best block for which the pool should vote and has not.
    pub fn missing_votes(&self) -> Vec<TicketHash> {
        self.state(|state| state.missing_votes(&state.awaited_block()))
    }

    /// Mines a block each `interval` by the clock on the wall, until [`SimNetwork::pause`]. Votes have the interval,
    /// and twice as long where a block would lack votes.
    pub fn run(&self, interval: Duration) {
        let shared = Arc::clone(&self.shared);
        shared.write(|state| state.clock = Clock::Wall);
        let miner = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(interval);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                await_votes(&shared, interval).await;
                // A reorganisation under way needs the transactions that a block would use up.
                let mined = shared.write(|state| if state.fork.is_none() { state.mine().map(drop) } else { Ok(()) });
                if let Err(error) = mined {
                    tracing::warn!(%error, "the simulated network waits for votes");
                }
            }
        });
        if let Some(before) = lock(&self.miner).replace(miner) {
            before.abort();
        }
    }

    /// Stops the mining that [`SimNetwork::run`] began.
    pub fn pause(&self) {
        if let Some(miner) = lock(&self.miner).take() {
            miner.abort();
        }
    }

    /// Replaces the last `depth` blocks by one more, each voted on like any other: the winners of the new blocks are
    /// told as they come, and votes have `patience` for each.
    ///
    /// # Errors
    /// [`SimError::TooDeep`], or [`SimError::TooFewVotes`]; the chain is then as it was.
    pub async fn reorganise(&self, depth: u32, patience: Duration) -> Result<BlockHeight, SimError> {
        let least = self.height().0.min(MOST_REORGANISED);
        if depth == 0 || depth > least {
            return Err(SimError::TooDeep { depth, most: least });
        }
        self.shared.write(|state| state.begin_fork(depth));
        while !self.shared.write(State::extend_fork)? {
            await_votes(&self.shared, patience).await;
        }
        Ok(self.height())
    }

    /// Where a ticket is in its life; `None` while it is not mined.
    pub fn ticket_state(&self, ticket: &TicketHash) -> Option<TicketState> {
        self.state(|state| {
            let found = state.chain.best.tickets.get(ticket)?;
            Some(found.state(state.chain.tip().1, &state.chain.params))
        })
    }

    /// Whether the revocation of a missed or expired ticket was mined.
    pub fn is_revoked(&self, ticket: &TicketHash) -> bool {
        self.state(|state| state.chain.best.tickets.get(ticket).is_some_and(|found| found.revoked.is_some()))
    }

    /// The tickets that the block at a height drew.
    pub fn winners(&self, height: BlockHeight) -> Vec<TicketHash> {
        self.state(|state| {
            state.chain.best.at(height).map(|block| state.chain.winners(&block.hash).to_vec()).unwrap_or_default()
        })
    }

    /// The tickets whose votes the block at a height holds (votes on the block before it).
    pub fn votes_in_block(&self, height: BlockHeight) -> BTreeSet<TicketHash> {
        self.state(|state| {
            let stake = state.chain.best.at(height).map(|block| block.stake.as_slice()).unwrap_or_default();
            stake.iter().filter_map(|transaction| voter(&transaction.kind)).collect()
        })
    }

    /// The tickets whose votes on the best block wait to be mined.
    pub fn waiting_votes(&self) -> BTreeSet<TicketHash> {
        self.state(|state| {
            let (best, _) = state.chain.tip();
            let kinds = state.mempool.candidates().iter().map(|candidate| &candidate.kind);
            kinds
                .filter(|kind| matches!(kind, TxKind::Vote { block, .. } if *block == best))
                .filter_map(voter)
                .collect()
        })
    }

    /// Lets these tickets win as soon as they are live, before all others.
    pub fn let_win(&self, tickets: &[TicketHash]) {
        self.shared.write(|state| state.chain.rig.first.extend(tickets));
    }

    /// Keeps these tickets from ever winning, so that they expire.
    pub fn never_let_win(&self, tickets: &[TicketHash]) {
        self.shared.write(|state| state.chain.rig.never.extend(tickets));
    }

    /// Keeps so many of the crowd's winners of each following block from voting.
    pub fn keep_crowd_away(&self, absent: usize) {
        self.shared.write(|state| state.crowd.absent = absent);
    }

    /// Sends the winners of the best block to every listener once more.
    pub fn repeat_winners(&self) {
        self.shared.write(State::rebroadcast_winners);
    }

    /// Writes the network to a file, from which [`SimNetworkBuilder::continue_from`] takes it. Switched faults, rigged
    /// draws and locks are not written.
    ///
    /// # Errors
    /// [`SimError::Snapshot`] where the file cannot be written.
    pub async fn save(&self, path: &Path) -> Result<(), SimError> {
        let snapshot = self.state(|state| Snapshot::of(state, self.seed));
        snapshot.write(path).await
    }

    /// Stops all servers and the mining.
    pub async fn shutdown(self) {
        self.pause();
        for server in self.nodes.iter().chain(self.wallets.iter().map(std::ops::Deref::deref)) {
            server.stop().await;
        }
    }
}

impl Drop for SimNetwork {
    fn drop(&mut self) {
        self.pause();
    }
}

fn voter(kind: &TxKind) -> Option<TicketHash> {
    match kind {
        TxKind::Vote { ticket, .. } => Some(*ticket),
        _ => None,
    }
}

async fn await_votes(shared: &Shared, patience: Duration) -> bool {
    let mut changes = shared.changes();
    let complete = async {
        while !shared.read(|state| state.missing_votes(&state.awaited_block()).is_empty()) {
            if changes.changed().await.is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(patience, complete).await.is_ok()
}

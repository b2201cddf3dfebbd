//! The handle by which a network is driven.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex};

use stakepool_core::chain::{
    Address, Amount, BlockHash, BlockHeight, ExtendedPubKey, Generation, OutPoint, PrivateKey, PubKeyAddress,
    ScriptAddress, TicketHash, TxHash,
};
use stakepool_core::ports::Clock;
use stakepool_core::reports::TicketState;
use stakepool_core::ticket::PoolFee;
use stakepool_core::voting::{EVENTS_AHEAD, TaggedEvent};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::builder::SimNetworkBuilder;
use super::snapshot::Snapshot;
use crate::chain::TxKind;
use crate::error::SimError;
use crate::network::{Purchase, Shared, State};
use crate::server::{NodeServer, Server, WalletServer};
use crate::vsp::{VspClient, VspServer};

/// A simulated network. Its nodes and wallets stop when it is dropped.
///
/// Nodes and wallets, each with its faults, are had from [`SimNetwork::node`], [`SimNetwork::wallet`] and
/// [`SimNetwork::buyer`]; the chain is moved by [`SimNetwork::mine`] and its like.
///
/// ```
/// use std::time::Duration;
/// use stakepool_sim::SimNetwork;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let sim = SimNetwork::builder().seed(42).voting_wallets(3).start().await?;
/// let endpoint = sim.wallet(1).endpoint(); // host, user, password, certificate
/// sim.wallet(1).stop().await;
/// assert!(tokio::net::TcpStream::connect(endpoint.host).await.is_err());
/// // One block, once the pool's votes on the one before it have come, or after 5 seconds without them.
/// let before = sim.height();
/// assert_eq!(sim.mine_when_voted(Duration::from_secs(5)).await?, before.plus(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SimNetwork {
    pub(super) shared: Arc<Shared>,
    nodes: Vec<NodeServer>,
    /// The voting wallets, and last the buyer's.
    wallets: Vec<WalletServer>,
    seed: u64,
    pub(super) miner: Mutex<Option<JoinHandle<()>>>,
}

impl SimNetwork {
    pub(super) fn new(shared: Arc<Shared>, nodes: Vec<NodeServer>, wallets: Vec<WalletServer>, seed: u64) -> Self {
        Self { shared, nodes, wallets, seed, miner: Mutex::new(None) }
    }

    /// Describes a network to be started.
    pub const fn builder() -> SimNetworkBuilder {
        SimNetworkBuilder::new()
    }

    pub(super) fn state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.shared.read(look)
    }

    fn servers(&self) -> impl Iterator<Item = &Server> {
        self.nodes.iter().map(Deref::deref).chain(self.wallets.iter().map(Deref::deref))
    }

    /// The first node.
    pub fn node(&self) -> &NodeServer {
        &self.nodes[0]
    }

    /// All nodes; they serve the same chain, each with its own faults.
    pub fn nodes(&self) -> &[NodeServer] {
        &self.nodes
    }

    /// What all nodes report from now on within this process, as a voting engine takes it whose nodes are those of
    /// [`SimNetwork::nodes`] in the same order. Each node's first event is `Connected`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use stakepool_core::ports::{Node, NodeEvent, DaemonWallet};
    /// use stakepool_sim::SimNetwork;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let sim = SimNetwork::builder().nodes(2).without_servers().start().await?;
    /// // What `EngineParts::new` and `Engine::run` take:
    /// let nodes: Vec<Arc<dyn Node>> = sim.nodes().iter().map(|node| node.in_process() as _).collect();
    /// let wallets: Vec<Arc<dyn DaemonWallet>> =
    ///     sim.voting_wallets().iter().map(|wallet| wallet.in_process() as _).collect();
    /// let mut events = sim.events();
    /// let first = events.recv().await.ok_or("no event")?;
    /// assert_eq!((first.node, first.event), (0, NodeEvent::Connected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn events(&self) -> mpsc::Receiver<TaggedEvent> {
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        for (number, node) in self.nodes.iter().enumerate() {
            let sender = sender.clone();
            let tagged = move |event| TaggedEvent { node: number, arrived: Instant::now(), event };
            // Like a real node it does not wait for a listener who is behind.
            let is_heard = move |event| !matches!(sender.try_send(tagged(event)), Err(TrySendError::Closed(_)));
            node.program().listen(Box::new(is_heard));
        }
        events
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

    /// The account key of the cold wallet to whose addresses wallets of today pay.
    pub fn vsp_account_xpub(&self) -> ExtendedPubKey {
        self.state(|state| state.vsp_account)
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
        let purchase = Purchase { voting: Some(voting.into()), fee, count };
        self.shared.write(|state| state.purchase(&purchase)).map(|bought| bought.tickets)
    }

    /// Pays an amount to an address, with a transaction that waits to be mined, and answers the output: what a wallet outside
    /// can spend.
    ///
    /// # Errors
    /// [`SimError::Purchase`] where the network has not so much money yet.
    pub fn pay(&self, to: Address, amount: Amount) -> Result<OutPoint, SimError> {
        self.shared.write(|state| {
            let payment = state.crowd.pay(&state.chain, &[(to.output_script(), amount)]);
            let payment =
                payment.ok_or_else(|| SimError::Purchase("there is not enough money in the network".to_owned()))?;
            let output = OutPoint { hash: payment.hash(), index: 0, tree: 0 };
            state.mempool.add(payment);
            Ok(output)
        })
    }

    /// Whether a transaction was mined, and in which block; `None` where it is neither mined nor waits to be.
    pub fn confirmation(&self, transaction: &TxHash) -> Option<Option<BlockHeight>> {
        self.state(|state| match state.chain.best.place_of(transaction) {
            Some(place) => Some(Some(place.height)),
            None => state.mempool.get(transaction).map(|_| None),
        })
    }

    /// Buys tickets that vote by a key of the buyer's alone, as wallets of today do for pools without accounts, and gives that
    /// key. They are mined with the next blocks, 20 a block.
    ///
    /// # Errors
    /// [`SimError::Purchase`] says why the rules forbid it; [`SimError::Key`] with negligible probability.
    pub fn buy_key_tickets(&self, count: u32) -> Result<(Vec<TicketHash>, PrivateKey), SimError> {
        let bought = self.shared.write(|state| state.buy_own_tickets(count))?;
        let key = bought.first().map(|ticket| ticket.voting.clone());
        let key = key.ok_or_else(|| SimError::Purchase("no ticket was asked for".to_owned()))?;
        Ok((bought.into_iter().map(|ticket| ticket.hash).collect(), key))
    }

    /// The buyer's wallet as one of today that has a pool configured: the pool's place, and the public key by which it signs.
    pub fn vsp_client(
        &self,
        server: impl VspServer + 'static,
        public_key: [u8; 32],
        clock: Arc<dyn Clock>,
    ) -> VspClient {
        VspClient::new(Arc::clone(&self.shared), Box::new(server), public_key, clock)
    }

    /// The best height.
    pub fn height(&self) -> BlockHeight {
        self.state(|state| state.chain.tip().1)
    }

    /// The block at a height of the best chain.
    pub fn block_hash(&self, height: BlockHeight) -> Option<BlockHash> {
        self.state(|state| state.chain.best.at(height).map(|block| block.hash))
    }

    /// The best block.
    pub fn best_block(&self) -> (BlockHash, BlockHeight) {
        self.state(|state| state.chain.tip())
    }

    /// Where a ticket is in its life; `None` while it is not mined.
    pub fn ticket_state(&self, ticket: &TicketHash) -> Option<TicketState> {
        self.state(|state| state.ticket_state(ticket))
    }

    /// Whether the revocation of a missed or expired ticket was mined.
    pub fn is_revoked(&self, ticket: &TicketHash) -> bool {
        self.state(|state| state.chain.best.tickets.get(ticket).is_some_and(|found| found.revoked.is_some()))
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

    /// Keeps so many of the crowd's winners of each block from voting, from the next block that is mined on and until it
    /// is called again; 0 lets all of them vote.
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
        for server in self.servers() {
            server.stop().await;
        }
    }
}

impl Drop for SimNetwork {
    fn drop(&mut self) {
        self.pause();
        self.servers().for_each(Server::abort);
    }
}

fn voter(kind: &TxKind) -> Option<TicketHash> {
    match kind {
        TxKind::Vote { ticket, .. } => Some(*ticket),
        _ => None,
    }
}

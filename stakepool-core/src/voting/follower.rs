//! Follows the best chain of one node, block by block, and repairs what was missed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep};

use super::engine::Engine;
use super::lost_events::ChainEvent;
use super::snapshot::SyncPoint;
use crate::chain::{BlockHash, BlockHeader, BlockHeight, TicketHash};
use crate::ports::{Node, NodeError, NodeEvent, SpentOrMissed};

/// Shortest time between two checks.
const LEAST_CHECK: Duration = Duration::from_secs(1);
/// How long the votes on a block are left in peace by a check.
const PEACE: Duration = Duration::from_secs(2);
/// The latest blocks by which a chain is known again.
const RECENT: usize = 64;
/// The first block that miners made: it tells chains of one network apart.
const FIRST: BlockHeight = BlockHeight(1);
/// A node that knows none of so many blocks is on another chain.
const OTHER_CHAIN: usize = 6;
/// How long it stays a problem that the chain was begun anew.
const NEW_CHAIN_STANDS: Duration = Duration::from_secs(3600);
/// How long after blocks were undone or missed the tickets are compared: one follows the other, and the next block is on its way.
const SETTLES: Duration = Duration::from_secs(5);
/// Tickets that a node may name as matured with one block; consensus lets twenty in.
const MOST_NEW_TICKETS: usize = 256;
/// Pause after a failed synchronisation.
const RETRY: Duration = Duration::from_secs(2);

/// Keeps the engine's state in step with the chain of the active node.
pub(super) struct Follower {
    engine: Arc<Engine>,
    events: mpsc::Receiver<ChainEvent>,
    connected: BTreeSet<usize>,
    /// Those that are on another network.
    foreign: BTreeSet<usize>,
    /// The first block of the chain that is followed.
    first_block: Option<BlockHash>,
    /// The latest blocks that were worked through, the highest last.
    recent: VecDeque<SyncPoint>,
    active: Option<usize>,
    /// When to try again, after a failure.
    retry_at: Option<Instant>,
    /// When to compare the tickets with the node's before the regular check, after blocks were undone or missed.
    check_at: Option<Instant>,
    /// Tickets that left the lottery with a block that is not connected yet (the order of 2018's nodes).
    held: Option<(BlockHash, Vec<(TicketHash, SpentOrMissed)>)>,
    /// The latest revocation by legacy wallets, one at a time.
    revoking: Option<JoinHandle<()>>,
}

impl Follower {
    pub(super) fn new(engine: Arc<Engine>, events: mpsc::Receiver<ChainEvent>) -> Self {
        let recent = engine.synced().into_iter().collect();
        Self {
            engine,
            events,
            connected: BTreeSet::new(),
            foreign: BTreeSet::new(),
            first_block: None,
            recent,
            active: None,
            retry_at: None,
            check_at: None,
            held: None,
            revoking: None,
        }
    }

    pub(super) async fn run(mut self) {
        let mut checks = interval(self.engine.check_every().max(LEAST_CHECK));
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        checks.tick().await;
        loop {
            let (retry, check_soon) = (reached(self.retry_at), reached(self.check_at));
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Some(event) => self.handle(event).await,
                    None => return,
                },
                () = self.engine.lost_events.noted() => {}
                () = retry => self.synchronise().await,
                () = check_soon => self.check().await,
                _ = checks.tick() => self.check().await,
            }
            while self.events.is_empty()
                && let Some(event) = self.engine.lost_events.next_connection()
            {
                self.handle(event).await;
            }
            if self.engine.lost_events.take_of_chain() {
                self.synchronise().await;
            }
            self.engine.publish_reports();
        }
    }

    async fn handle(&mut self, event: ChainEvent) {
        let ChainEvent { node, event } = event;
        match event {
            NodeEvent::Connected => {
                self.connected.insert(node);
                self.engine.solved(&format!("{}/reach", self.engine.node(node).name()));
                self.recognise(node).await;
                self.choose_node();
                if self.active == Some(node) {
                    self.synchronise().await;
                }
            }
            NodeEvent::Disconnected { reason } => {
                self.connected.remove(&node);
                let name = self.engine.node(node).name().to_owned();
                self.engine.problem(&format!("{name}/reach"), format!("node {name} is away: {reason}"));
                if self.active == Some(node) {
                    self.choose_node();
                    self.synchronise().await;
                }
            }
            _ if self.active != Some(node) => {}
            NodeEvent::BlockConnected(header) => self.connect(node, &header).await,
            NodeEvent::BlockDisconnected(header) => self.disconnect(&header),
            NodeEvent::SpentAndMissed { block, height, tickets } => self.spent_and_missed(block, height, tickets),
            NodeEvent::NewTickets { mut tickets, .. } => {
                tickets.truncate(MOST_NEW_TICKETS);
                self.engine.look_up_all(node, tickets).await;
            }
            NodeEvent::WinningTickets { .. } => {}
        }
    }

    /// Looks whether a node that is connected again is still one of this network and generation.
    async fn recognise(&mut self, node: usize) {
        let (network, params) = {
            let lottery = self.engine.lottery();
            (lottery.evaluator().network(), *lottery.evaluator().params())
        };
        let source = self.engine.node(node);
        let name = source.name();
        let (network_topic, generation_topic) = (format!("{name}/network"), format!("{name}/generation"));
        let Ok(info) = source.info().await else {
            if self.engine.is_of_other_network(node) {
                self.foreign.insert(node);
            }
            return;
        };
        self.engine.note_network(node, info.network);
        if info.network == network {
            self.foreign.remove(&node);
            self.engine.solved(&network_topic);
        } else {
            self.foreign.insert(node);
            let remedy = "it is not followed: correct exccdhost, or start the right node there";
            let what =
                format!("node {name} runs on {} now, but this daemon votes on {network}; {remedy}", info.network);
            return self.engine.problem(&network_topic, what);
        }
        if network.params(info.generation) == params {
            self.engine.solved(&generation_topic);
        } else {
            let what = format!(
                "node {name} is {} now, whose consensus parameters are others: restart stakepoold",
                info.version
            );
            self.engine.problem(&generation_topic, what);
        }
    }

    fn choose_node(&mut self) {
        self.active = self.connected.difference(&self.foreign).next().copied();
        self.engine.set_active_node(self.active);
        if let Some(active) = self.active {
            self.engine.caster().prefer_node(active);
        }
    }

    async fn connect(&mut self, node: usize, header: &BlockHeader) {
        match self.engine.synced() {
            Some((hash, _)) if hash == header.hash => {}
            Some((hash, _)) if hash == header.previous => match self.connect_block(node, &header.hash, hash).await {
                Ok(_) => {}
                Err(error) => self.failed(&error),
            },
            // A gap or another branch, or news that the last synchronisation was ahead of.
            _ => match self.catch_up(node).await {
                Ok(()) => self.engine.solved("sync"),
                Err(error) => self.failed(&error),
            },
        }
    }

    /// Works through a block that follows `parent`; false where it follows another one.
    async fn connect_block(&mut self, node: usize, hash: &BlockHash, parent: BlockHash) -> Result<bool, NodeError> {
        let block = self.engine.node(node).block(hash).await?;
        if block.header.previous != parent {
            return Ok(false);
        }
        let height = block.header.height;
        self.engine.lottery_mut().connect(height, &block.stake_transactions);
        self.engine.set_synced(Some((*hash, height)));
        self.recent.push_back((*hash, height));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        if let Some((_, tickets)) = self.held.take_if(|(held, _)| held == hash) {
            self.spent_and_missed(*hash, height, tickets);
        }
        Ok(true)
    }

    fn disconnect(&mut self, header: &BlockHeader) {
        if self.engine.synced().is_some_and(|(hash, _)| hash == header.hash) {
            self.go_back(header.height, header.previous);
        }
    }

    /// Nobody tells of tickets that left the lottery meanwhile: they are compared with the node's once this is worked through.
    fn is_not_compared(&mut self) {
        self.engine.set_compared(false);
        self.check_at = Some(Instant::now() + SETTLES);
    }

    /// Takes the block at `height` back; `previous` is the one before it.
    fn go_back(&mut self, height: BlockHeight, previous: BlockHash) {
        self.is_not_compared();
        self.engine.lottery_mut().disconnect(height);
        self.engine.set_synced(Some((previous, height.minus(1))));
        self.recent.retain(|(_, of)| *of < height);
    }

    fn spent_and_missed(&mut self, block: BlockHash, height: BlockHeight, tickets: Vec<(TicketHash, SpentOrMissed)>) {
        if self.engine.synced().is_none_or(|(synced, _)| synced != block) {
            self.held = Some((block, tickets));
            return;
        }
        self.engine.lottery_mut().spent_or_missed(height, &tickets);
        if tickets.iter().any(|(_, how)| *how == SpentOrMissed::Missed) {
            self.revoke_on_legacy();
        }
    }

    /// Asks legacy wallets to revoke what was missed or expired, behind the votes' back.
    fn revoke_on_legacy(&mut self) {
        let busy = self.revoking.as_ref().is_some_and(|revoking| !revoking.is_finished());
        let wallets = self.engine.legacy_wallets();
        if busy || wallets.is_empty() || !self.engine.lottery().has_unrevoked() {
            return;
        }
        self.revoking = Some(tokio::spawn(async move {
            for wallet in wallets {
                if let Err(error) = wallet.revoke_tickets().await {
                    tracing::warn!(%error, "missed tickets were not revoked");
                }
            }
        }));
    }

    /// Brings the state up to the active node's best block, however far that is.
    async fn synchronise(&mut self) {
        self.retry_at = None;
        let Some(node) = self.active else { return };
        match self.catch_up(node).await {
            Ok(()) => {
                if self.first_block.is_none() {
                    // A node that does not keep it is not compared by it.
                    self.first_block = self.engine.node(node).block_hash(FIRST).await.ok();
                }
                self.engine.solved("sync");
                self.engine.solved(&chain_topic(self.engine.node(node)));
                self.engine.publish_reports();
                self.engine.ask_for_winners(node).await;
                self.check().await;
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &NodeError) {
        if let (NodeError::OtherChain { .. }, Some(node)) = (error, self.active) {
            self.engine.problem(&chain_topic(self.engine.node(node)), error.to_string());
            self.foreign.insert(node);
            self.choose_node();
            if self.active.is_none() {
                // Without another one it is asked again: it may come back to the chain.
                self.foreign.remove(&node);
                self.choose_node();
            }
        }
        self.engine.problem("sync", format!("the chain cannot be followed: {error}"));
        self.retry_at = Some(Instant::now() + RETRY);
    }

    async fn catch_up(&mut self, node: usize) -> Result<(), NodeError> {
        loop {
            self.rewind(node).await?;
            let Some((hash, height)) = self.engine.synced() else {
                self.load_from_scratch(node).await?;
                continue;
            };
            let (_, best) = self.engine.node(node).best_block().await?;
            if height >= best {
                return Ok(());
            }
            // Nobody tells of the tickets that were missed meanwhile.
            self.is_not_compared();
            self.advance(node, best).await?;
            tracing::info!(from = %height, to = %best, %hash, "caught up");
        }
    }

    /// Works through the blocks up to `best`, or to where the chain changed underneath.
    async fn advance(&mut self, node: usize, best: BlockHeight) -> Result<(), NodeError> {
        while let Some((parent, height)) = self.engine.synced()
            && height < best
        {
            let next = height.plus(1);
            let hash = self.engine.node(node).block_hash(next).await?;
            if !self.connect_block(node, &hash, parent).await? {
                return Ok(());
            }
            if next.0.is_multiple_of(500) {
                self.engine.publish_reports();
            }
        }
        Ok(())
    }

    /// Goes back to the last block that is still on the node's best chain. A node that merely lags behind is waited
    /// for.
    async fn rewind(&mut self, node: usize) -> Result<(), NodeError> {
        let engine = Arc::clone(&self.engine);
        let node = engine.node(node);
        while let Some((hash, height)) = self.engine.synced() {
            let on_chain = found(node.block_hash(height).await)?;
            if on_chain == Some(hash) {
                break;
            }
            match found(node.block(&hash).await)? {
                Some(block) => self.go_back(height, block.header.previous),
                None if on_chain.is_none() => {
                    self.compare_first_block(node).await?;
                    let (_, best) = node.best_block().await?;
                    let what =
                        format!("block {height}, which this daemon has seen: it is at {best} and still catching up");
                    return Err(NodeError::NotFound { node: node.name().to_owned(), what });
                }
                None => self.leave_branch(node, height, hash).await?,
            }
        }
        Ok(())
    }

    /// A node that is behind can be on another chain all the same: the first block tells.
    async fn compare_first_block(&self, node: &dyn Node) -> Result<(), NodeError> {
        let (Some(ours), Some(theirs)) = (self.first_block, found(node.block_hash(FIRST).await)?) else {
            return Ok(());
        };
        if ours == theirs {
            return Ok(());
        }
        Err(NodeError::OtherChain { node: node.name().to_owned(), height: FIRST })
    }

    /// The node never saw our best block: it followed another branch, or is on another chain.
    async fn leave_branch(&mut self, node: &dyn Node, height: BlockHeight, hash: BlockHash) -> Result<(), NodeError> {
        for (known, at) in self.recent.clone().into_iter().rev() {
            if found(node.block_hash(at).await)? == Some(known) {
                self.is_not_compared();
                let undone = (at.0 + 1..=height.0).rev();
                undone.for_each(|height| self.engine.lottery_mut().disconnect(BlockHeight(height)));
                self.engine.set_synced(Some((known, at)));
                self.recent.retain(|(_, of)| *of <= at);
                return Ok(());
            }
        }
        let name = node.name();
        if self.recent.len() >= OTHER_CHAIN {
            // What it says of tickets would be wrong for the chain that this daemon followed.
            return Err(NodeError::OtherChain { node: name.to_owned(), height });
        }
        let what = format!(
            "node {name} never saw block {height} ({hash}), up to which this daemon had followed the chain: it is on another chain, \
             or was set up anew. The tickets were loaded from it again: check that it is the right node"
        );
        self.engine.happened("new chain", what, NEW_CHAIN_STANDS);
        self.recent.clear();
        self.engine.set_synced(None);
        Ok(())
    }

    /// Without a place to go on from: the wallets' tickets first, since they may win next, then all live tickets
    /// of the network, then the blocks whose tickets are still immature.
    async fn load_from_scratch(&mut self, node: usize) -> Result<(), NodeError> {
        self.is_not_compared();
        let (_, best) = self.engine.node(node).best_block().await?;
        let own = self.wallet_tickets().await;
        self.engine.take_listed(node, &own).await;
        self.engine.publish_reports();
        let live = self.engine.node(node).live_tickets().await?;
        self.engine.look_up_all(node, live).await;
        let maturity = self.engine.lottery().evaluator().params().ticket_maturity;
        let first = best.minus(maturity);
        let hash = self.engine.node(node).block_hash(first).await?;
        let parent = self.engine.node(node).block(&hash).await?.header.previous;
        self.connect_block(node, &hash, parent).await?;
        self.advance(node, best).await
    }

    async fn wallet_tickets(&self) -> Vec<TicketHash> {
        for wallet in self.engine.wallets() {
            match wallet.tickets().await {
                Ok(tickets) => return tickets,
                Err(error) => tracing::warn!(%error, "no tickets from this wallet"),
            }
        }
        Vec::new()
    }

    /// Compares what is believed live with what the node says, and repairs the difference. Never between a block
    /// and its votes.
    async fn check(&mut self) {
        self.check_at = None;
        let Some(node) = self.active else { return };
        while self.engine.ballots().any_casting(PEACE) {
            sleep(Duration::from_millis(200)).await;
        }
        if let Err(error) = self.engine.compare_with_node(node).await {
            tracing::warn!(%error, "live tickets were not checked");
        }
        self.revoke_on_legacy();
        self.engine.audit_soon.notify_one();
        self.engine.keys_soon.notify_one();
    }
}

/// Waits for a moment; for ever where there is none.
async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What is noted of a node's chain.
fn chain_topic(node: &dyn Node) -> String {
    format!("{}/chain", node.name())
}

/// The answer, or `None` where the node does not know what was asked for.
fn found<T>(answer: Result<T, NodeError>) -> Result<Option<T>, NodeError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(NodeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

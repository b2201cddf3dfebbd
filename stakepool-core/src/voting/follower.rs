//! Follows the best chain of one node, block by block, and repairs what was missed.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep};

use super::engine::Engine;
use crate::chain::{BlockHash, BlockHeader, BlockHeight, TicketHash};
use crate::ports::{NodeError, NodeEvent, SpentOrMissed};

/// Shortest time between two checks.
const LEAST_CHECK: Duration = Duration::from_secs(1);
/// How long the votes on a block are left in peace by a check.
const PEACE: Duration = Duration::from_secs(2);
/// Pause after a failed synchronisation.
const RETRY: Duration = Duration::from_secs(2);

/// An event that the engine passes on.
pub(super) struct ChainEvent {
    pub(super) node: usize,
    pub(super) event: NodeEvent,
}

/// Keeps the engine's state in step with the chain of the active node.
pub(super) struct Follower {
    engine: Arc<Engine>,
    events: mpsc::UnboundedReceiver<ChainEvent>,
    connected: BTreeSet<usize>,
    active: Option<usize>,
    /// When to try again, after a failure.
    retry_at: Option<Instant>,
    /// Tickets that left the lottery with a block that is not connected yet (the order of 2018's nodes).
    held: Option<(BlockHash, Vec<(TicketHash, SpentOrMissed)>)>,
    /// The latest revocation by legacy wallets, one at a time.
    revoking: Option<JoinHandle<()>>,
}

impl Follower {
    pub(super) fn new(engine: Arc<Engine>, events: mpsc::UnboundedReceiver<ChainEvent>) -> Self {
        Self { engine, events, connected: BTreeSet::new(), active: None, retry_at: None, held: None, revoking: None }
    }

    pub(super) async fn run(mut self) {
        let mut checks = interval(self.engine.check_every().max(LEAST_CHECK));
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        checks.tick().await;
        loop {
            let retry_at = self.retry_at;
            let retry = async {
                match retry_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Some(event) => self.handle(event).await,
                    None => return,
                },
                () = retry => self.synchronise().await,
                _ = checks.tick() => self.check().await,
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
            NodeEvent::NewTickets { tickets, .. } => self.engine.look_up_all(node, tickets).await,
            NodeEvent::WinningTickets { .. } => {}
        }
    }

    fn choose_node(&mut self) {
        self.active = self.connected.first().copied();
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
        if let Some((_, tickets)) = self.held.take_if(|(held, _)| held == hash) {
            self.spent_and_missed(*hash, height, tickets);
        }
        Ok(true)
    }

    fn disconnect(&self, header: &BlockHeader) {
        if self.engine.synced().is_some_and(|(hash, _)| hash == header.hash) {
            self.engine.lottery_mut().disconnect(header.height);
            self.engine.set_synced(Some((header.previous, header.height.minus(1))));
        }
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
                self.engine.solved("sync");
                self.engine.publish_reports();
                self.engine.ask_for_winners(node).await;
                self.check().await;
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &NodeError) {
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
        let node = self.engine.node(node);
        while let Some((hash, height)) = self.engine.synced() {
            let on_chain = found(node.block_hash(height).await)?;
            if on_chain == Some(hash) {
                break;
            }
            match found(node.block(&hash).await)? {
                Some(block) => {
                    self.engine.lottery_mut().disconnect(height);
                    self.engine.set_synced(Some((block.header.previous, height.minus(1))));
                }
                None if on_chain.is_none() => {
                    let (_, best) = node.best_block().await?;
                    let what =
                        format!("block {height}, which this daemon has seen: it is at {best} and still catching up");
                    return Err(NodeError::NotFound { node: node.name().to_owned(), what });
                }
                // The node never saw our block: another branch that this node did not follow, or a new network.
                None => self.engine.set_synced(None),
            }
        }
        Ok(())
    }

    /// Without a place to go on from: the wallets' tickets first, since they may win next, then all live tickets
    /// of the network, then the blocks whose tickets are still immature.
    async fn load_from_scratch(&mut self, node: usize) -> Result<(), NodeError> {
        let (_, best) = self.engine.node(node).best_block().await?;
        let own = self.wallet_tickets().await;
        self.trust(&own);
        self.engine.look_up_own(node, own).await;
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

    /// While there are no users, the wallets' own tickets are voted.
    fn trust(&self, own: &[TicketHash]) {
        let mut lottery = self.engine.lottery_mut();
        if lottery.trusts_wallet() {
            lottery.trust_wallet(own.iter().copied());
        }
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
        let Some(node) = self.active else { return };
        while self.engine.ballots().any_casting(PEACE) {
            sleep(Duration::from_millis(200)).await;
        }
        if self.engine.lottery().trusts_wallet() {
            let own = self.wallet_tickets().await;
            self.trust(&own);
        }
        if let Err(error) = self.engine.compare_with_node(node).await {
            tracing::warn!(%error, "live tickets were not checked");
        }
        self.revoke_on_legacy();
    }
}

/// The answer, or `None` where the node does not know what was asked for.
fn found<T>(answer: Result<T, NodeError>) -> Result<Option<T>, NodeError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(NodeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

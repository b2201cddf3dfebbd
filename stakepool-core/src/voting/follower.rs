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
use crate::ports::{NodeError, NodeEvent, SpentOrMissed};

/// Shortest time between two checks.
const LEAST_CHECK: Duration = Duration::from_secs(1);
/// How long the votes on a block are left in peace by a check.
const PEACE: Duration = Duration::from_secs(2);
/// The latest blocks by which a chain is known again.
const RECENT: usize = 64;
/// How long after blocks were undone or missed the tickets are compared: one follows the other, and the next block is on its way.
const SETTLES: Duration = Duration::from_secs(5);
/// Tickets that a node may name as matured with one block; consensus lets twenty in.
const MOST_NEW_TICKETS: usize = 256;

/// Keeps the engine's state in step with the chain of the active node.
pub(super) struct Follower {
    pub(super) engine: Arc<Engine>,
    events: mpsc::Receiver<ChainEvent>,
    connected: BTreeSet<usize>,
    /// Those that are on another network.
    pub(super) foreign: BTreeSet<usize>,
    /// The first block of the chain that is followed.
    pub(super) first_block: Option<BlockHash>,
    /// The latest blocks that were worked through, the highest last.
    pub(super) recent: VecDeque<SyncPoint>,
    pub(super) active: Option<usize>,
    /// When to try again, after a failure.
    pub(super) retry_at: Option<Instant>,
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

    pub(super) fn choose_node(&mut self) {
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
    pub(super) async fn connect_block(
        &mut self,
        node: usize,
        hash: &BlockHash,
        parent: BlockHash,
    ) -> Result<bool, NodeError> {
        let block = self.engine.node(node).block(hash).await?;
        if block.header.previous != parent {
            return Ok(false);
        }
        let height = block.header.height;
        {
            let mut lottery = self.engine.lottery_mut();
            lottery.note_time(height, block.header.time);
            lottery.connect(height, &block.stake_transactions);
        }
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
    pub(super) fn is_not_compared(&mut self) {
        self.engine.set_compared(false);
        self.check_at = Some(Instant::now() + SETTLES);
    }

    /// Takes the block at `height` back; `previous` is the one before it.
    pub(super) fn go_back(&mut self, height: BlockHeight, previous: BlockHash) {
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

    /// Compares what is believed live with what the node says, and repairs the difference. Never between a block
    /// and its votes.
    pub(super) async fn check(&mut self) {
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

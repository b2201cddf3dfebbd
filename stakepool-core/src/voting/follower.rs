//! Follows the best chain of one node, block by block, and repairs what was missed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep, timeout};

use super::engine::{Engine, lock, read, write};
use crate::chain::{BlockHash, BlockHeader, BlockHeight, ScriptAddress, TicketHash};
use crate::ports::{Node, NodeError, NodeEvent, SpentOrMissed};
use crate::reports::TicketState;

/// Transactions fetched at the same time; a node takes 20 requests a connection, and votes must find room.
const FETCH_AT_ONCE: usize = 8;
/// Shortest time between two checks.
const LEAST_CHECK: Duration = Duration::from_secs(1);
/// How long the votes on a block are left in peace by a check.
const PEACE: Duration = Duration::from_secs(2);
/// How long a wallet may take to tell about the tickets of one user.
const ASK_LIMIT: Duration = Duration::from_secs(5);
/// Pause after a failed synchronisation.
const RETRY: Duration = Duration::from_secs(2);

/// An event that the engine passes on.
pub(super) struct ChainEvent {
    pub(super) node: usize,
    pub(super) event: NodeEvent,
}

/// Keeps the pool's state in step with the chain of the active node.
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
        let mut checks = interval(self.engine.check_every.max(LEAST_CHECK));
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
                self.engine.solved(&format!("{}/reach", self.engine.nodes[node].name()));
                self.choose_node();
                if self.active == Some(node) {
                    self.synchronise().await;
                }
            }
            NodeEvent::Disconnected { reason } => {
                self.connected.remove(&node);
                let name = self.engine.nodes[node].name().to_owned();
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
            NodeEvent::NewTickets { tickets, .. } => self.look_up_all(node, tickets).await,
            NodeEvent::WinningTickets { .. } => {}
        }
    }

    fn choose_node(&mut self) {
        self.active = self.connected.first().copied();
        if let Some(active) = self.active {
            self.engine.caster.prefer_node(active);
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
        let block = self.engine.nodes[node].block(hash).await?;
        if block.header.previous != parent {
            return Ok(false);
        }
        let height = block.header.height;
        write(&self.engine.pool).connect(height, &block.stake_transactions);
        self.engine.set_synced(Some((*hash, height)));
        if let Some((_, tickets)) = self.held.take_if(|(held, _)| held == hash) {
            self.spent_and_missed(*hash, height, tickets);
        }
        Ok(true)
    }

    fn disconnect(&self, header: &BlockHeader) {
        if self.engine.synced().is_some_and(|(hash, _)| hash == header.hash) {
            write(&self.engine.pool).disconnect(header.height);
            self.engine.set_synced(Some((header.previous, header.height.minus(1))));
        }
    }

    fn spent_and_missed(&mut self, block: BlockHash, height: BlockHeight, tickets: Vec<(TicketHash, SpentOrMissed)>) {
        if self.engine.synced().is_none_or(|(synced, _)| synced != block) {
            self.held = Some((block, tickets));
            return;
        }
        write(&self.engine.pool).spent_or_missed(height, &tickets);
        if tickets.iter().any(|(_, how)| *how == SpentOrMissed::Missed) {
            self.revoke_on_legacy();
        }
    }

    /// Asks legacy wallets to revoke what was missed or expired, behind the votes' back.
    fn revoke_on_legacy(&mut self) {
        let busy = self.revoking.as_ref().is_some_and(|revoking| !revoking.is_finished());
        let wallets = self.engine.legacy_wallets();
        if busy || wallets.is_empty() || !read(&self.engine.pool).has_unrevoked() {
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
            let (_, best) = self.engine.nodes[node].best_block().await?;
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
            let hash = self.engine.nodes[node].block_hash(next).await?;
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
        let node: &dyn Node = self.engine.nodes[node].as_ref();
        while let Some((hash, height)) = self.engine.synced() {
            let on_chain = found(node.block_hash(height).await)?;
            if on_chain == Some(hash) {
                break;
            }
            match found(node.block(&hash).await)? {
                Some(block) => {
                    write(&self.engine.pool).disconnect(height);
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
        let (_, best) = self.engine.nodes[node].best_block().await?;
        let own = self.wallet_tickets().await;
        self.trust(&own);
        self.look_up_own(node, own).await;
        self.engine.publish_reports();
        let live = self.engine.nodes[node].live_tickets().await?;
        self.look_up_all(node, live).await;
        let maturity = read(&self.engine.pool).evaluator().params().ticket_maturity;
        let first = best.minus(maturity);
        let hash = self.engine.nodes[node].block_hash(first).await?;
        let parent = self.engine.nodes[node].block(&hash).await?.header.previous;
        self.connect_block(node, &hash, parent).await?;
        self.advance(node, best).await
    }

    /// While there are no users, the wallets' own tickets are voted.
    fn trust(&self, own: &[TicketHash]) {
        let mut pool = write(&self.engine.pool);
        if pool.trusts_wallet() {
            pool.trust_wallet(own.iter().copied());
        }
    }

    async fn wallet_tickets(&self) -> Vec<TicketHash> {
        for wallet in &self.engine.wallets {
            match wallet.tickets().await {
                Ok(tickets) => return tickets,
                Err(error) => tracing::warn!(%error, "no tickets from this wallet"),
            }
        }
        Vec::new()
    }

    fn unknown(&self, tickets: Vec<TicketHash>) -> Vec<TicketHash> {
        let pool = read(&self.engine.pool);
        tickets.into_iter().filter(|ticket| !pool.knows(ticket)).collect()
    }

    /// Looks up the wallets' tickets, of which the node may not know all: some were never mined, or were unmined by a
    /// reorganisation.
    async fn look_up_own(&self, node: usize, tickets: Vec<TicketHash>) {
        let mut lookups = Vec::new();
        for ticket in self.unknown(tickets) {
            lookups.push(self.engine.fetch(node, ticket));
        }
        let results: Vec<_> = stream::iter(lookups).buffer_unordered(FETCH_AT_ONCE).collect().await;
        for error in results.into_iter().filter_map(Result::err) {
            tracing::debug!(%error, "a ticket of the wallet is left out");
        }
    }

    async fn look_up_all(&self, node: usize, tickets: Vec<TicketHash>) {
        let mut lookups = Vec::new();
        for ticket in self.unknown(tickets) {
            lookups.push(self.engine.look_up(node, ticket));
        }
        let _: Vec<bool> = stream::iter(lookups).buffer_unordered(FETCH_AT_ONCE).collect().await;
    }

    /// Compares what is believed live with what the node says, and repairs the difference. Never between a block
    /// and its votes.
    async fn check(&mut self) {
        let Some(node) = self.active else { return };
        while lock(&self.engine.ballots).any_casting(PEACE) {
            sleep(Duration::from_millis(200)).await;
        }
        if read(&self.engine.pool).trusts_wallet() {
            let own = self.wallet_tickets().await;
            self.trust(&own);
        }
        if let Err(error) = self.compare_with_node(node).await {
            tracing::warn!(%error, "live tickets were not checked");
        }
        self.revoke_on_legacy();
    }

    async fn compare_with_node(&self, node: usize) -> Result<(), NodeError> {
        let source = self.engine.nodes[node].as_ref();
        let before = source.best_block().await?;
        let live: HashSet<_> = source.live_tickets().await?.into_iter().collect();
        if source.best_block().await? != before || self.engine.synced() != Some(before) {
            return Ok(());
        }
        self.look_up_all(node, live.iter().copied().collect()).await;
        let (revived, gone, stale) = {
            let pool = read(&self.engine.pool);
            let revived: Vec<_> = pool.believed_ended(&live).collect();
            let gone: Vec<_> = pool.believed_live().filter(|(ticket, ..)| !live.contains(ticket)).collect();
            (revived, gone, pool.has_stale_foreign(&live))
        };
        if stale || !revived.is_empty() {
            let mut pool = write(&self.engine.pool);
            revived.iter().for_each(|ticket| pool.revive(ticket));
            pool.keep_foreign(&live);
        }
        if !gone.is_empty() {
            tracing::warn!(count = gone.len(), "tickets left the lottery unnoticed");
            self.settle(gone, before.1).await;
        }
        Ok(())
    }

    /// Finds out how tickets ended that left the lottery while nobody looked.
    async fn settle(&self, gone: Vec<(TicketHash, ScriptAddress, BlockHeight)>, tip: BlockHeight) {
        let mut by_address: HashMap<ScriptAddress, Vec<(TicketHash, BlockHeight)>> = HashMap::new();
        for (ticket, address, mined_at) in gone {
            by_address.entry(address).or_default().push((ticket, mined_at));
        }
        for (address, tickets) in by_address {
            let is_user = read(&self.engine.pool).is_user(&address);
            // Other people's tickets need no exact end; a user's stays open where no wallet can tell.
            let voted = if is_user { self.voted_tickets(&address).await } else { Some(HashMap::new()) };
            let Some(voted) = voted else { continue };
            let mut pool = write(&self.engine.pool);
            let life = pool.evaluator().params().ticket_maturity + pool.evaluator().params().ticket_expiry;
            for (ticket, mined_at) in tickets {
                let (state, at) = match voted.get(&ticket) {
                    Some(at) => (TicketState::Voted, *at),
                    None if mined_at.plus(life) <= tip => (TicketState::Expired, tip),
                    None => (TicketState::Missed, tip),
                };
                pool.end(ticket, state, at);
            }
        }
    }

    /// The tickets of an address that voted, as the first wallet says that answers.
    async fn voted_tickets(&self, address: &ScriptAddress) -> Option<HashMap<TicketHash, BlockHeight>> {
        for wallet in &self.engine.wallets {
            if let Ok(Ok(known)) = timeout(ASK_LIMIT, wallet.user_tickets(address)).await {
                let voted = known.tickets.into_iter().filter(|ticket| ticket.status == "voted");
                return Some(voted.filter_map(|ticket| Some((ticket.ticket, ticket.spent_at?))).collect());
            }
        }
        None
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

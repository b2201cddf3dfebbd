//! The engine at work: what nodes report is voted on at once, and everything else waits.
//!
//! One loop ([`Engine::run`]) takes the nodes' events. Winners are cast in tasks of their own straight from there;
//! what follows the chain is passed on to the [`follower`](super::follower), which may fetch and wait.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::audit::audit_wallets;
use super::ballots::Drawn;
use super::engine::{Engine, EngineError};
use super::follower::Follower;
use super::key_lookup::keep_signable;
use super::lost_events::ChainEvent;
use super::persist::save_now_and_then;
use super::read_source::read_source;
use super::tips::watch_tips;
use super::votes::Votes;
use super::wallet_watch::watch_wallets;
use crate::chain::{BlockHash, BlockHeight, TicketHash};
use crate::ports::NodeEvent;

/// How long votes under way may take when the daemon stops.
const STOP_LIMIT: Duration = Duration::from_secs(8);
/// Events that may wait for the engine, or in it for what follows the chain: as many as come while a slow node answers. A
/// channel of this size is what [`Engine::run`] is best given.
pub const EVENTS_AHEAD: usize = 4096;

/// An event of one of the nodes.
#[derive(Clone, Debug)]
pub struct TaggedEvent {
    /// Which node, in the order given to the engine.
    pub node: usize,
    /// When it arrived.
    pub arrived: Instant,
    /// The event.
    pub event: NodeEvent,
}

impl Engine {
    /// Votes until `shutdown` is ready or all senders of `events` are gone; then lets votes under way finish, for at most
    /// eight seconds, and saves the state. Of the winners that a node names for a block, as many are taken as a block draws.
    ///
    /// One run at a time; when it has ended, there may be another. What is lost where the future is dropped instead,
    /// [`guide::stopping`](crate::guide::stopping) says.
    ///
    /// # Errors
    /// [`EngineError::AlreadyRunning`], [`EngineError::NotSaved`] where the state could not be saved in the end, or
    /// [`EngineError::BrokeDown`] where a part of the engine ended by itself.
    pub async fn run(
        self: Arc<Self>,
        mut events: mpsc::Receiver<TaggedEvent>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), EngineError> {
        let Ok(_running) = self.running.try_lock() else { return Err(EngineError::AlreadyRunning) };
        let (to_follower, chain_events) = mpsc::channel(EVENTS_AHEAD);
        // A run that was dropped left votes behind that nobody casts any more.
        self.ballots().forget_unended();
        let mut votes = Votes::new(Arc::clone(&self));
        let mut background = JoinSet::new();
        background.spawn(Follower::new(Arc::clone(&self), chain_events).run());
        background.spawn(watch_wallets(Arc::clone(&self)));
        background.spawn(audit_wallets(Arc::clone(&self)));
        background.spawn(keep_signable(Arc::clone(&self)));
        background.spawn(watch_tips(Arc::clone(&self)));
        background.spawn(save_now_and_then(Arc::clone(&self)));
        background.spawn(read_source(Arc::clone(&self)));
        let working = self.take_events(&mut events, &to_follower, &mut votes, &mut background, shutdown);
        // Whatever breaks down, votes under way are finished and the state is saved.
        let ended = AssertUnwindSafe(working).catch_unwind().await.unwrap_or(Err(EngineError::BrokeDown));
        votes.finish(STOP_LIMIT).await;
        background.shutdown().await;
        let saved = self.save().map_err(EngineError::NotSaved);
        ended.and(saved)
    }

    /// Takes events until there are none any more, the engine is to stop, or a part of it breaks down.
    async fn take_events(
        &self,
        events: &mut mpsc::Receiver<TaggedEvent>,
        to_follower: &mpsc::Sender<ChainEvent>,
        votes: &mut Votes,
        background: &mut JoinSet<()>,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), EngineError> {
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                event = events.recv() => match event {
                    Some(event) => self.dispatch(event, votes, to_follower),
                    None => break,
                },
                () = self.desired_changed.notified() => votes.vote_on_open_blocks(),
                Some(ended) = votes.next_ended() => if let Err(error) = ended {
                    // The next one may break down, too, and nobody would know: whoever runs this daemon starts it anew.
                    tracing::error!(%error, "a vote broke down");
                    return Err(EngineError::BrokeDown);
                },
                Some(_) = background.join_next() => return Err(EngineError::BrokeDown),
            }
        }
        // Winners that arrived with the order to stop are voted, too.
        while let Ok(event) = events.try_recv() {
            self.dispatch(event, votes, to_follower);
        }
        Ok(())
    }

    /// The winners of a block, no more than it draws: each unknown one is looked up again and again.
    fn drawn(&self, node: usize, block: BlockHash, height: BlockHeight, mut tickets: Vec<TicketHash>) -> Drawn {
        let most = self.lottery().evaluator().params().tickets_per_block as usize;
        if tickets.len() > most {
            let name = self.node(node).name();
            tracing::error!(node = name, %block, winners = tickets.len(), "a node named more winners than a block draws");
            tickets.truncate(most);
        }
        Drawn { node, block, height, tickets }
    }

    fn dispatch(&self, event: TaggedEvent, votes: &mut Votes, to_follower: &mpsc::Sender<ChainEvent>) {
        let TaggedEvent { node, arrived, event } = event;
        match &event {
            // What a node of another network says of blocks concerns none of ours.
            NodeEvent::WinningTickets { .. } | NodeEvent::BlockConnected(_) | NodeEvent::BlockDisconnected(_)
                if self.is_of_other_network(node) =>
            {
                return;
            }
            NodeEvent::WinningTickets { block, height, tickets } => {
                let drawn = self.drawn(node, *block, *height, tickets.clone());
                let followed = self.synced().map(|(_, height)| height);
                let votable = self.ballots().announce(&drawn, followed, arrived);
                if votable {
                    votes.vote_on(&drawn, arrived);
                }
                return;
            }
            NodeEvent::BlockConnected(header) => self.ballots().child_connected(&header.previous),
            NodeEvent::BlockDisconnected(header) => {
                let again = self.ballots().child_disconnected(&header.previous);
                if let Some(drawn) = again {
                    votes.vote_on(&drawn, arrived);
                }
            }
            NodeEvent::Connected => {
                // The node may have lost what it was sent, and named its best block's winners while nobody listened.
                self.ballots().forget_cast();
                votes.vote_on_open_blocks();
                votes.ask_for_winners(node);
            }
            NodeEvent::Disconnected { .. } | NodeEvent::NewTickets { .. } | NodeEvent::SpentAndMissed { .. } => {}
        }
        // Where the follower has ended, the engine is about to.
        self.lost_events.pass_on(ChainEvent { node, event }, to_follower);
    }
}

//! Votes under way: from the winners of a block to a vote with a node.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};

use super::ballots::{Ballot, Drawn};
use super::engine::Engine;
use super::tell::MISS_STANDS;
use crate::chain::{BlockHash, ScriptAddress, TicketHash};
use crate::reports::{DaemonEventKind, VoteOutcome, VoteRecord};

/// First and longest pause between two tries to look up an unknown winner.
const LOOK_UP_PAUSE: Duration = Duration::from_millis(20);
const LOOK_UP_PAUSE_MOST: Duration = Duration::from_secs(1);

/// The votes under way, each in a task of its own. Dropping them breaks them off.
pub(super) struct Votes {
    engine: Arc<Engine>,
    tasks: JoinSet<()>,
}

impl Votes {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, tasks: JoinSet::new() }
    }

    /// Casts the votes of a block's winners that are the pool's, as far as none is under way or done.
    pub(super) fn vote_on(&mut self, drawn: &Drawn, arrived: Instant) {
        let winners = self.engine.lottery().winners(&drawn.tickets);
        let ballots = self.engine.ballots().open(&drawn.block, winners.ours, arrived);
        for ballot in ballots {
            self.tasks.spawn(cast(Arc::clone(&self.engine), ballot));
        }
        for ticket in winners.unknown {
            self.ask_once(drawn.block, ticket, |engine| vote_unknown(engine, drawn.block, ticket, arrived));
        }
        for (ticket, address) in winners.strangers {
            self.ask_once(drawn.block, ticket, |engine| vote_stranger(engine, drawn.block, ticket, address, arrived));
        }
    }

    /// Has nodes and wallets asked about a winner, where nobody asks about it yet.
    fn ask_once<F>(&mut self, block: BlockHash, ticket: TicketHash, ask: impl FnOnce(Arc<Engine>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if !self.engine.ballots().begin_asking(&block, &ticket) {
            return;
        }
        let engine = Arc::clone(&self.engine);
        let asked = ask(Arc::clone(&engine));
        self.tasks.spawn(async move {
            asked.await;
            engine.ballots().end_asking(&block, &ticket);
        });
    }

    /// The same for every block that can still be voted on.
    pub(super) fn vote_on_open_blocks(&mut self) {
        let open = self.engine.ballots().all_votable();
        for drawn in open {
            self.vote_on(&drawn, Instant::now());
        }
    }

    /// Asks a node to name the winners of its best block once more.
    pub(super) fn ask_for_winners(&mut self, node: usize) {
        let engine = Arc::clone(&self.engine);
        self.tasks.spawn(async move { engine.ask_for_winners(node).await });
    }

    /// Waits until one ends, and says whether it broke down; `None` at once where none is under way.
    pub(super) async fn next_ended(&mut self) -> Option<Result<(), JoinError>> {
        self.tasks.join_next().await
    }

    /// Waits until all have ended, and breaks off those that take longer than `limit`.
    pub(super) async fn finish(mut self, limit: Duration) {
        let unfinished = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(limit, unfinished).await.is_err() {
            tracing::error!("stopped with votes under way");
        }
    }
}

async fn cast(engine: Arc<Engine>, ballot: Ballot) {
    let (block, ticket) = (ballot.block, ballot.winner.ticket);
    if engine.caster().lacks(&ballot) {
        engine.look_up_outputs(ticket).await;
    }
    let record = engine.caster().cast(ballot).await;
    let cast = record.outcome.is_cast();
    engine.ballots().finish(&block, &ticket, cast);
    if cast {
        tracing::info!(
            %ticket, %block, height = %record.height, bits = %record.bits,
            outcome = record.outcome.name(), millis = record.timings.total.as_millis(), "voted"
        );
        engine.vote_cast();
    } else if let VoteOutcome::Failed(reason) = &record.outcome {
        engine.vote_failed(&record, reason);
    }
    publish(&engine, record);
}

/// Remembers a vote and reports it.
fn publish(engine: &Engine, record: VoteRecord) {
    engine.latest_votes().remember(record.clone());
    engine.journal().append([DaemonEventKind::Vote(record)]);
}

/// Asks the wallets whether one holds the script of a winner's address that is no user's, and votes it then. Asks again and
/// again while the block can be voted on and a wallet did not answer.
async fn vote_stranger(
    engine: Arc<Engine>,
    block: BlockHash,
    ticket: TicketHash,
    address: ScriptAddress,
    arrived: Instant,
) {
    let Some(mut votable) = engine.ballots().votable(&block) else { return };
    let mut pause = LOOK_UP_PAUSE;
    loop {
        match engine.holds_script(&address).await {
            Some(true) => break,
            Some(false) => return,
            None => {}
        }
        let too_late = tokio::select! {
            biased;
            _ = votable.wait_for(|votable| !votable) => true,
            () = sleep(pause) => false,
        };
        if too_late {
            return;
        }
        pause = (pause * 2).min(LOOK_UP_PAUSE_MOST);
    }
    engine.lottery_mut().hold_address(&address);
    let winners = engine.lottery().winners(&[ticket]);
    let ballots = engine.ballots().open(&block, winners.ours, arrived);
    for ballot in ballots {
        cast(Arc::clone(&engine), ballot).await;
    }
    engine.publish_reports();
}

/// Looks up a winner that nobody has heard of, and votes it where it turns out to be the pool's. Asks all nodes
/// again and again while the block can be voted on.
async fn vote_unknown(engine: Arc<Engine>, block: BlockHash, ticket: TicketHash, arrived: Instant) {
    let Some(mut votable) = engine.ballots().votable(&block) else { return };
    let mut pause = LOOK_UP_PAUSE;
    while !engine.lottery().knows(&ticket) {
        for node in 0..engine.nodes().len() {
            if engine.look_up(node, ticket).await {
                break;
            }
        }
        if engine.lottery().knows(&ticket) {
            break;
        }
        let too_late = tokio::select! {
            biased;
            _ = votable.wait_for(|votable| !votable) => true,
            () = sleep(pause) => false,
        };
        if too_late {
            let what = format!(
                "winner {ticket} of block {block} could not be looked up; if it was the pool's, its vote is missed"
            );
            engine.happened("winner", what, MISS_STANDS);
            return;
        }
        pause = (pause * 2).min(LOOK_UP_PAUSE_MOST);
    }
    let winners = engine.lottery().winners(&[ticket]);
    if let [(ticket, address)] = winners.strangers[..] {
        return vote_stranger(engine, block, ticket, address, arrived).await;
    }
    let ballots = engine.ballots().open(&block, winners.ours, arrived);
    for ballot in ballots {
        cast(Arc::clone(&engine), ballot).await;
    }
}

impl Engine {
    /// Asks a node to name the winners of its best block once more, where it is of this network.
    pub(super) async fn ask_for_winners(&self, node: usize) {
        let since = Instant::now();
        if let Ok(info) = self.node(node).info().await {
            self.note_network(node, info.network);
        }
        if self.is_of_other_network(node) {
            self.ballots().forget_of(node, since);
            return;
        }
        if let Err(error) = self.node(node).rebroadcast_winners().await {
            tracing::warn!(%error, "the node was not asked for its winners again");
        }
    }
}

//! The voting engine against wallets and nodes that fail in all the ways they do.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::chain::{BlockHeight, TicketHash, VoteBits};
use stakepool_core::ports::{DaemonWallet, EventCursor, NodeEvent};
use stakepool_core::reports::{DaemonEvent, DaemonEventKind, TicketState, VoteOutcome, VoteRecord};
use stakepool_core::voting::{Engine, EngineError, EngineParts, TaggedEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use stakepool_core::testkit::tickets::{Fee, address, block, desired, evaluator, hash, header, ticket};
use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, Mood, TestClock, settle};

pub struct Daemon {
    pub engine: Arc<Engine>,
    events: mpsc::Sender<TaggedEvent>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), EngineError>>,
}

impl Daemon {
    pub fn start(wallets: &[Arc<FakeWallet>], node: &Arc<FakeNode>, file: &Arc<MemoryFile>) -> Self {
        Self::of(EngineParts::new(
            evaluator(),
            wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn DaemonWallet>).collect(),
            vec![Arc::clone(node) as _],
            Arc::clone(file) as _,
        ))
    }

    pub fn of(parts: EngineParts) -> Self {
        Self::with_clock(parts, TestClock::default())
    }

    pub fn with_clock(parts: EngineParts, clock: TestClock) -> Self {
        let engine = Engine::new(parts.clock(Arc::new(clock))).unwrap();
        let (events, receiver) = mpsc::channel(64);
        let (stop, stopped) = oneshot::channel();
        let until_stopped = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(Arc::clone(&engine).run(receiver, until_stopped));
        Self { engine, events, stop, running }
    }

    pub async fn emit(&self, event: NodeEvent) {
        self.emit_of(0, event).await;
    }

    pub async fn emit_of(&self, node: usize, event: NodeEvent) {
        self.events.send(TaggedEvent { node, arrived: Instant::now(), event }).await.unwrap();
        settle().await;
    }

    pub async fn win(&self, height: u32, branch: u8, tickets: &[TicketHash]) {
        let (block, height) = (block(height, branch), BlockHeight(height));
        self.emit(NodeEvent::WinningTickets { block, height, tickets: tickets.to_vec() }).await;
    }

    fn votes(&self) -> Vec<VoteRecord> {
        let begin = EventCursor { epoch: self.engine.epoch(), seq: 0 };
        let events = self.engine.events(begin).events.into_iter();
        events
            .filter_map(|event| if let DaemonEventKind::Vote(vote) = event.kind { Some(vote) } else { None })
            .collect()
    }

    pub fn state(&self, ticket: &TicketHash) -> Option<TicketState> {
        let snapshot = self.engine.events(EventCursor { epoch: 0, seq: 0 });
        snapshot.events.into_iter().find_map(|event| match event.kind {
            DaemonEventKind::Ticket(report) if report.ticket == *ticket => Some(report.state),
            _ => None,
        })
    }

    async fn shut_down(self) {
        self.end().await.unwrap();
    }

    pub async fn end(self) -> Result<(), EngineError> {
        self.stop.send(()).unwrap();
        self.running.await.unwrap()
    }
}

/// A node at height 220 with a live ticket of user 1, and a wallet that holds it.
pub fn scene() -> (Arc<FakeWallet>, Arc<FakeNode>, TicketHash) {
    let node = FakeNode::at(199);
    let good = ticket(1, 1, Fee::Enough);
    node.mine(200, 1, vec![good.clone()]);
    for height in 201..=220 {
        node.mine(height, 1, Vec::new());
    }
    node.chain.lock().unwrap().live = vec![hash(&good)];
    let wallet = FakeWallet::new("wallet");
    wallet.tickets.lock().unwrap().push(hash(&good));
    wallet.scripts.lock().unwrap().push(address(1));
    (wallet, node, hash(&good))
}

pub async fn ready(wallets: &[Arc<FakeWallet>], node: &Arc<FakeNode>) -> Daemon {
    let daemon = Daemon::start(wallets, node, &Arc::default());
    daemon.engine.put_desired(desired(&[1], &[]));
    daemon.emit(NodeEvent::Connected).await;
    daemon
}

#[tokio::test(start_paused = true)]
async fn a_winner_is_voted_with_the_users_bits_and_the_wallets_extended_bits() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent()[0].bits, VoteBits(5));
    assert_eq!(wallet.requests.lock().unwrap()[0].bits_extended, "0b000000");
    let votes = daemon.votes();
    assert_eq!((&votes[0].outcome, votes[0].attempts), (&VoteOutcome::Sent, 1));
}

#[tokio::test(start_paused = true)]
async fn a_winner_is_voted_although_the_state_is_still_being_loaded() {
    let (wallet, node, won) = scene();
    let daemon = Daemon::start(&[wallet], &node, &Arc::default());
    daemon.engine.put_desired(desired(&[1], &[]));
    // No `Connected` yet: nothing is loaded, and the winner must be looked up.
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_winner_is_voted_when_its_user_arrives_while_the_block_is_open() {
    let (wallet, node, won) = scene();
    // It gets the script with the user.
    wallet.tickets.lock().unwrap().clear();
    wallet.scripts.lock().unwrap().clear();
    let daemon = Daemon::start(&[wallet], &node, &Arc::default());
    daemon.engine.put_desired(desired(&[2], &[]));
    daemon.emit(NodeEvent::Connected).await;
    daemon.win(220, 1, &[won]).await;
    assert!(node.sent().is_empty());
    daemon.engine.put_desired(desired(&[1, 2], &[]));
    settle().await;
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_lost_a_vote_with_its_restart_gets_it_again() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[wallet], &node).await;
    daemon.win(220, 1, &[won]).await;
    node.forget_sent();
    daemon.emit(NodeEvent::Disconnected { reason: "restart".into() }).await;
    daemon.emit(NodeEvent::Connected).await;
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_first_start_without_the_web_votes_the_wallets_tickets_also_after_a_restart() {
    let (wallet, node, won) = scene();
    let file = Arc::default();
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
    daemon.emit(NodeEvent::Connected).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent().len(), 1);
    daemon.shut_down().await;
    node.forget_sent();
    let again = Daemon::start(&[wallet], &node, &file);
    again.emit(NodeEvent::Connected).await;
    again.win(220, 1, &[won]).await;
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn users_given_at_the_start_are_voted_for_and_so_are_the_other_tickets_of_the_wallet() {
    let (wallet, node, won) = scene();
    let start = |users| {
        let wallets = vec![Arc::clone(&wallet) as Arc<dyn DaemonWallet>];
        let parts = EngineParts::new(evaluator(), wallets, vec![Arc::clone(&node) as _], Arc::<MemoryFile>::default());
        Daemon::of(parts.desired(desired(users, &[])))
    };
    let daemon = start(&[2]);
    daemon.emit(NodeEvent::Connected).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent()[0].bits, VoteBits(1), "the wallet's ticket is of nobody who is a user");
    let daemon = start(&[1]);
    assert!(daemon.engine.has_users());
    daemon.win(220, 2, &[won]).await;
    assert_eq!(node.sent()[1].bits, VoteBits(5));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_winner_is_looked_up_until_the_node_answers() {
    let (wallet, node, won) = scene();
    let daemon = Daemon::start(&[wallet], &node, &Arc::default());
    daemon.engine.put_desired(desired(&[1], &[]));
    node.chain.lock().unwrap().refuse_transactions = true;
    daemon.win(220, 1, &[won]).await;
    sleep(Duration::from_secs(3)).await;
    assert!(node.sent().is_empty());
    node.chain.lock().unwrap().refuse_transactions = false;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_slow_wallets_vote_in_the_end() {
    let (first, node, won) = scene();
    let second = FakeWallet::new("second");
    let daemon = ready(&[Arc::clone(&first), Arc::clone(&second)], &node).await;
    first.set(Mood::Slow);
    second.set(Mood::Slow);
    daemon.win(220, 1, &[won]).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_lags_behind_is_waited_for() {
    let (wallet, node, good) = scene();
    let daemon = ready(&[wallet], &node).await;
    daemon.emit(NodeEvent::Disconnected { reason: "test".into() }).await;
    node.chain.lock().unwrap().lags_behind = Some(215);
    daemon.emit(NodeEvent::Connected).await;
    assert_eq!(daemon.engine.synced(), Some((block(220, 1), BlockHeight(220))));
    assert!(daemon.engine.problems().iter().any(|problem| problem.contains("still catching up")));
    node.chain.lock().unwrap().lags_behind = None;
    sleep(Duration::from_secs(3)).await;
    assert!(daemon.engine.problems().is_empty(), "{:?}", daemon.engine.problems());
    assert_eq!(daemon.state(&good), Some(TicketState::Live));
}

#[tokio::test(start_paused = true)]
async fn an_unsigned_vote_is_never_sent_and_another_wallet_signs() {
    let (first, node, won) = scene();
    let second = FakeWallet::new("second");
    first.set(Mood::Unsigned);
    let daemon = ready(&[first, Arc::clone(&second)], &node).await;
    daemon.win(220, 1, &[won]).await;
    sleep(Duration::from_millis(100)).await;
    assert!(node.sent()[0].is_signed());
    assert_eq!(second.requests.lock().unwrap().len(), 1);
    assert!(daemon.engine.problems().iter().any(|problem| problem.contains("locked")));
}

#[tokio::test(start_paused = true)]
async fn a_silent_wallet_costs_less_than_a_second_where_there_is_another() {
    let (first, node, won) = scene();
    let second = FakeWallet::new("second");
    let daemon = ready(&[Arc::clone(&first), second], &node).await;
    sleep(Duration::from_secs(1)).await;
    first.set(Mood::Silent);
    daemon.win(220, 1, &[won]).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_vote_is_tried_again_until_the_wallet_is_back() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    wallet.set(Mood::Unreachable);
    daemon.win(220, 1, &[won]).await;
    sleep(Duration::from_secs(30)).await;
    assert!(daemon.votes().is_empty());
    wallet.set(Mood::Fine);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(daemon.votes()[0].outcome, VoteOutcome::Sent);
    assert!(daemon.votes()[0].attempts > 5);
}

#[tokio::test(start_paused = true)]
async fn a_vote_is_given_up_with_its_reason_once_a_child_of_the_block_is_connected() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    node.chain.lock().unwrap().refuse_votes = true;
    daemon.win(220, 1, &[won]).await;
    sleep(Duration::from_secs(5)).await;
    node.mine(221, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    sleep(Duration::from_secs(2)).await;
    let votes = daemon.votes();
    assert!(matches!(&votes[0].outcome, VoteOutcome::Failed(reason) if reason.contains("-1: no")), "{votes:?}");
}

#[tokio::test(start_paused = true)]
async fn another_daemons_vote_counts_as_success() {
    let (wallet, node, won) = scene();
    let (one, two) = (ready(&[Arc::clone(&wallet)], &node).await, ready(&[wallet], &node).await);
    one.win(220, 1, &[won]).await;
    two.win(220, 1, &[won]).await;
    assert_eq!(node.sent().len(), 1);
    assert_eq!(two.votes()[0].outcome, VoteOutcome::AlreadyKnown);
}

#[tokio::test(start_paused = true)]
async fn both_blocks_of_a_fork_are_voted_on_and_the_old_one_again_after_a_reorganisation() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    daemon.win(220, 1, &[won]).await;
    daemon.win(220, 2, &[won]).await;
    assert_eq!(node.sent().len(), 2);
    node.mine(221, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    daemon.emit(NodeEvent::BlockDisconnected(header(221, 1, 1))).await;
    assert_eq!(wallet.requests.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn blocks_missed_during_an_outage_are_worked_through() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[wallet], &node).await;
    daemon.emit(NodeEvent::Disconnected { reason: "test".into() }).await;
    let bought = ticket(1, 7, Fee::Enough);
    node.mine(221, 1, vec![bought.clone()]);
    node.mine(222, 1, Vec::new());
    daemon.emit(NodeEvent::Connected).await;
    assert_eq!(daemon.engine.synced(), Some((block(222, 1), BlockHeight(222))));
    assert_eq!(daemon.state(&hash(&bought)), Some(TicketState::Immature));
}

#[tokio::test(start_paused = true)]
async fn a_reorganisation_during_an_outage_is_noticed() {
    let (wallet, node, _) = scene();
    let daemon = ready(&[wallet], &node).await;
    let undone = ticket(1, 7, Fee::Enough);
    node.mine(221, 1, vec![undone.clone()]);
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    assert!(daemon.state(&hash(&undone)).is_some());
    daemon.emit(NodeEvent::Disconnected { reason: "test".into() }).await;
    node.mine(221, 2, Vec::new());
    daemon.emit(NodeEvent::Connected).await;
    assert_eq!(daemon.engine.synced(), Some((block(221, 2), BlockHeight(221))));
    assert_eq!(daemon.state(&hash(&undone)), None);
}

#[tokio::test(start_paused = true)]
async fn a_restarted_daemon_votes_from_its_state_file_without_the_web() {
    let (wallet, node, won) = scene();
    let file = Arc::default();
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
    daemon.engine.put_desired(desired(&[1], &[]));
    daemon.emit(NodeEvent::Connected).await;
    daemon.win(219, 1, &[won]).await;
    let epoch = daemon.engine.epoch();
    daemon.shut_down().await;

    let again = Daemon::start(&[wallet], &node, &file);
    assert!(again.engine.epoch() > epoch);
    let known = again.engine.events(EventCursor { epoch, seq: 0 }).events;
    let is_vote = |event: &&DaemonEvent| matches!(&event.kind, DaemonEventKind::Vote(vote) if vote.height.0 == 219);
    assert_eq!(known.iter().filter(is_vote).count(), 1, "the vote of the first run is still told");
    again.win(220, 1, &[won]).await;
    assert_eq!(node.sent()[1].bits, VoteBits(5));
}

#[tokio::test(start_paused = true)]
async fn with_a_broken_state_file_the_wallets_tickets_are_voted_with_default_bits() {
    let (wallet, node, won) = scene();
    let file = Arc::new(MemoryFile::default());
    *file.bytes.lock().unwrap() = Some(b"garbage".to_vec());
    let daemon = Daemon::start(&[wallet], &node, &file);
    assert!(file.aside.lock().unwrap().is_some());
    assert!(daemon.engine.problems()[0].contains("state file"));
    daemon.emit(NodeEvent::Connected).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent()[0].bits, VoteBits(1));
}

#[tokio::test(start_paused = true)]
async fn a_ticket_of_the_wallet_that_was_never_mined_is_no_problem() {
    let (wallet, node, won) = scene();
    wallet.tickets.lock().unwrap().push(TicketHash::from_bytes([0xee; 32]));
    let daemon = ready(&[wallet], &node).await;
    daemon.win(220, 1, &[won]).await;
    assert_eq!(node.sent().len(), 1);
    assert_eq!(daemon.engine.problems(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_left_the_lottery_unnoticed_is_settled_by_the_next_check() {
    let (wallet, node, gone) = scene();
    let daemon = ready(&[wallet], &node).await;
    assert_eq!(daemon.state(&gone), Some(TicketState::Live));
    node.chain.lock().unwrap().live.clear();
    sleep(Duration::from_secs(200)).await;
    assert_eq!(daemon.state(&gone), Some(TicketState::Missed));
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_a_vote_under_way_finish() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[Arc::clone(&wallet)], &node).await;
    wallet.set(Mood::Unreachable);
    daemon.win(220, 1, &[won]).await;
    let stopping = tokio::spawn(daemon.shut_down());
    sleep(Duration::from_millis(500)).await;
    wallet.set(Mood::Fine);
    stopping.await.unwrap();
    assert_eq!(node.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_engine_runs_once_at_a_time_and_again_afterwards() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[wallet], &node).await;
    let engine = Arc::clone(&daemon.engine);
    let (_events, receiver) = mpsc::channel(64);
    let second = Arc::clone(&engine).run(receiver, std::future::pending()).await;
    assert_eq!(second, Err(EngineError::AlreadyRunning));
    daemon.shut_down().await;

    let (events, receiver) = mpsc::channel(64);
    let again = tokio::spawn(Arc::clone(&engine).run(receiver, std::future::pending()));
    let event = NodeEvent::WinningTickets { block: block(220, 1), height: BlockHeight(220), tickets: vec![won] };
    events.try_send(TaggedEvent { node: 0, arrived: Instant::now(), event }).unwrap();
    settle().await;
    assert_eq!(node.sent_count(), 1);
    drop(events);
    assert_eq!(again.await.unwrap(), Ok(()));
}

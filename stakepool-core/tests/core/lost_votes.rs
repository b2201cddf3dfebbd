//! Every way in which a vote can be lost, and the problem that a daemon tells then: what costs a user a vote must be impossible
//! to miss.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{UserId, VotingPreference};
use stakepool_core::chain::{BlockHeight, Generation, Network, TicketHash, VoteBits};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{EventCursor, NodeEvent, SpentOrMissed};
use stakepool_core::testkit::tickets::{COLD, Fee, VERSION, address, block, desired, hash, header, ticket};
use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, Mood};
use stakepool_core::voting::{EngineError, LocalDaemon};
use tokio::time::sleep;

use crate::engine::{Daemon, ready, scene};

/// The account key of a wallet of another seed.
pub const OTHER_SEED: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";

/// A daemon in good order at height 220, whose ticket of user 1 is live.
struct Order {
    wallet: Arc<FakeWallet>,
    node: Arc<FakeNode>,
    won: TicketHash,
    file: Arc<MemoryFile>,
    daemon: Daemon,
}

impl Order {
    async fn new() -> Self {
        let (wallet, node, won) = scene();
        let file = Arc::default();
        let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
        daemon.engine.put_desired(desired(&[1], &[]));
        daemon.emit(NodeEvent::Connected).await;
        sleep(Duration::from_secs(5)).await;
        assert_eq!(daemon.engine.problems(), [""; 0], "no light is red before");
        Self { wallet, node, won, file, daemon }
    }

    async fn win(&self) {
        self.daemon.win(220, 1, &[self.won]).await;
    }

    /// A block in which the vote of the ticket is missing.
    async fn miss(&self, tickets: &[TicketHash]) {
        self.node.mine(221, 1, Vec::new());
        self.daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
        let tickets = tickets.iter().map(|ticket| (*ticket, SpentOrMissed::Missed)).collect();
        let event = NodeEvent::SpentAndMissed { block: block(221, 1), height: BlockHeight(221), tickets };
        self.daemon.emit(event).await;
    }

    /// The node was away.
    async fn reconnect(&self) {
        self.daemon.emit(NodeEvent::Disconnected { reason: "restart".into() }).await;
        self.daemon.emit(NodeEvent::Connected).await;
    }

    /// The web gives the user other bits.
    fn vote_bits(&self, bits: u16) {
        let voting = VotingPreference { bits: VoteBits(bits), version: VERSION };
        let user = DesiredUser { user: UserId(1), address: address(1), voting };
        self.daemon.engine.put_desired(DesiredState::new([user], []));
    }
}

type Told = Pin<Box<dyn Future<Output = Vec<String>>>>;

/// What goes wrong with a daemon in good order, and then what it tells.
macro_rules! way {
    (|$order:ident| $trouble:block) => {
        || -> Told {
            Box::pin(async {
                let $order = Order::new().await;
                $trouble
                $order.daemon.engine.problems()
            })
        }
    };
}

/// A way to lose a vote, how it comes about, and words of the problem.
type Way = (&'static str, fn() -> Told, &'static str);

const OF_USERS: &[Way] = &[
    (
        "the web's database lacks the users whose scripts the wallets hold",
        || {
            Box::pin(async {
                let (wallet, node, _) = scene();
                let daemon = Daemon::start(&[wallet], &node, &Arc::default());
                daemon.engine.put_desired(desired(&[9], &[]));
                daemon.emit(NodeEvent::Connected).await;
                daemon.engine.problems()
            })
        },
        "1 ticket of 1 voting address that the web does not know",
    ),
    (
        "no users came at all",
        || {
            Box::pin(async {
                let (wallet, node, _) = scene();
                let daemon = Daemon::start(&[wallet], &node, &Arc::default());
                daemon.emit(NodeEvent::Connected).await;
                daemon.engine.problems()
            })
        },
        "that the web does not know",
    ),
    (
        "an older database of the web lacks a user whom the daemon knows",
        way!(|order| {
            order.daemon.engine.put_desired(desired(&[9], &[]));
        }),
        "1 user with tickets is missing from what the web sent (user 1 at ",
    ),
    (
        "a user's bits reject blocks",
        way!(|order| {
            order.vote_bits(4);
        }),
        "the vote bits of 1 user cannot be right (user 1: 4)",
    ),
    (
        "a user's bits answer no agenda",
        way!(|order| {
            *order.wallet.agenda_bits.lock().unwrap() = Some(VoteBits(6));
            sleep(Duration::from_secs(330)).await;
            order.vote_bits(9);
            order.win().await;
            assert_eq!(order.node.sent()[0].bits, VoteBits(1), "default bits are voted");
        }),
        "the vote bits of 1 user cannot be right (user 1: 9)",
    ),
    (
        "a ticket is ignored for its fee, and wins",
        way!(|order| {
            let low = ticket(1, 7, Fee::TooLow);
            order.node.mine(221, 1, vec![low.clone()]);
            order.daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
            order.node.mine(222, 1, Vec::new());
            order.daemon.emit(NodeEvent::BlockConnected(header(222, 1, 1))).await;
            let (block, height) = (block(222, 1), BlockHeight(222));
            let tickets = vec![(hash(&low), SpentOrMissed::Missed)];
            order.daemon.emit(NodeEvent::SpentAndMissed { block, height, tickets }).await;
        }),
        "was missed and not voted",
    ),
];

const OF_WALLETS: &[Way] = &[
    (
        "a wallet lost its scripts while nobody looked",
        way!(|order| {
            order.wallet.faults.lock().unwrap().forgetful = true;
            order.wallet.reconnect();
            sleep(Duration::from_secs(5)).await;
        }),
        "wallet wallet does not know 1 ticket that is to be voted",
    ),
    (
        "a wallet does not know the ticket that won",
        way!(|order| {
            order.wallet.faults.lock().unwrap().forgetful = true;
            order.win().await;
        }),
        "wallet wallet does not know the ticket",
    ),
    (
        "a wallet is locked",
        way!(|order| {
            order.wallet.set(Mood::Unsigned);
            sleep(Duration::from_secs(21)).await;
        }),
        "wallet wallet is locked",
    ),
    (
        "a wallet was locked just before a ticket won",
        way!(|order| {
            order.wallet.set(Mood::Unsigned);
            order.win().await;
        }),
        "wallet wallet answers unsigned votes",
    ),
    (
        "a wallet has the scripts, but not the keys",
        way!(|order| {
            order.wallet.faults.lock().unwrap().keyless = true;
            order.win().await;
        }),
        "wallet wallet answers unsigned votes",
    ),
    (
        "a wallet came back with another seed",
        way!(|order| {
            let daemon = LocalDaemon::new(Arc::clone(&order.daemon.engine), "here", COLD.parse().unwrap());
            daemon.note_account_key(0, COLD.parse().unwrap());
            assert_eq!(order.daemon.engine.problems(), [""; 0]);
            let other = OTHER_SEED.parse().unwrap();
            daemon.note_account_key(0, other);
        }),
        "it was made from another seed",
    ),
    (
        "a wallet is away when a ticket wins",
        way!(|order| {
            order.wallet.set(Mood::Unreachable);
            order.win().await;
        }),
        "wallet wallet cannot be reached",
    ),
    (
        "a wallet fell silent",
        way!(|order| {
            order.wallet.set(Mood::Silent);
            order.win().await;
            sleep(Duration::from_secs(11)).await;
        }),
        "wallet wallet did not answer within",
    ),
    (
        "a wallet votes by itself, with other bits perhaps",
        way!(|order| {
            order.wallet.faults.lock().unwrap().votes_itself = true;
            sleep(Duration::from_secs(21)).await;
        }),
        "votes by itself",
    ),
];

const OF_NODES: &[Way] = &[
    (
        "the node is away",
        way!(|order| {
            order.daemon.emit(NodeEvent::Disconnected { reason: "closed".into() }).await;
        }),
        "node node is away: closed",
    ),
    (
        "the node is behind",
        way!(|order| {
            order.node.chain.lock().unwrap().lags_behind = Some(215);
            order.reconnect().await;
        }),
        "it is at 215 and still catching up",
    ),
    (
        "the node came back on another chain",
        way!(|order| {
            order.node.chain.lock().unwrap().unknown_branches.push(1);
            (1..=230).for_each(|height| order.node.mine(height, 2, Vec::new()));
            order.reconnect().await;
            assert_eq!(
                order.daemon.state(&order.won),
                Some(stakepool_core::reports::TicketState::Live),
                "nothing is believed of it"
            );
        }),
        "node node is on another chain",
    ),
    (
        "the node came back on another, shorter chain",
        way!(|order| {
            order.node.chain.lock().unwrap().unknown_branches.push(1);
            (1..=150).for_each(|height| order.node.mine(height, 2, Vec::new()));
            order.reconnect().await;
        }),
        "node node is on another chain: its block 1 is not the one",
    ),
    (
        "the node came back on another network",
        way!(|order| {
            order.node.chain.lock().unwrap().network = Some(Network::Testnet);
            order.reconnect().await;
        }),
        "node node runs on testnet now",
    ),
    (
        "the node came back as a program of the other generation",
        way!(|order| {
            order.node.chain.lock().unwrap().generation = Generation::Legacy;
            order.reconnect().await;
        }),
        "whose consensus parameters are others",
    ),
    (
        "the node finds no tickets, for want of its index",
        way!(|order| {
            order.node.chain.lock().unwrap().live.push(TicketHash::from_bytes([9; 32]));
            order.reconnect().await;
        }),
        "tickets cannot be looked up",
    ),
    (
        "a winner is not known and cannot be looked up",
        way!(|order| {
            order.node.chain.lock().unwrap().refuse_transactions = true;
            order.daemon.win(220, 1, &[TicketHash::from_bytes([9; 32])]).await;
            order.miss(&[]).await;
            sleep(Duration::from_secs(2)).await;
        }),
        "could not be looked up",
    ),
    (
        "the node takes no vote",
        way!(|order| {
            order.node.chain.lock().unwrap().refuse_votes = true;
            order.win().await;
        }),
        "a vote was not taken: node node answered",
    ),
    (
        "no vote was cast in time",
        way!(|order| {
            order.node.chain.lock().unwrap().refuse_votes = true;
            order.win().await;
            order.miss(&[]).await;
            sleep(Duration::from_secs(2)).await;
            order.node.chain.lock().unwrap().refuse_votes = false;
        }),
        "this daemon did not cast the last vote",
    ),
    (
        "a vote was sent, and not mined",
        way!(|order| {
            order.win().await;
            assert_eq!(order.node.sent_count(), 1);
            order.miss(&[order.won]).await;
        }),
        "was missed: block 221 is without its vote",
    ),
];

const OF_THE_DAEMON: &[Way] = &[
    (
        "its state cannot be read",
        || {
            Box::pin(async {
                let (wallet, node, _) = scene();
                let file = Arc::new(MemoryFile::default());
                *file.bytes.lock().unwrap() = Some(b"garbage".to_vec());
                Daemon::start(&[wallet], &node, &file).engine.problems()
            })
        },
        "the state file cannot be used",
    ),
    (
        "its state was lost",
        way!(|order| {
            order.daemon.engine.events(EventCursor { epoch: 5, seq: 9 });
        }),
        "began without a state file although the web has seen earlier runs",
    ),
    (
        "its state is an older one",
        || {
            Box::pin(async {
                let order = Order::new().await;
                let (first, file) = (order.daemon.engine.epoch(), Arc::clone(&order.file));
                let (wallet, node) = (Arc::clone(&order.wallet), Arc::clone(&order.node));
                order.daemon.end().await.unwrap();
                let again = Daemon::start(&[wallet], &node, &file);
                again.engine.events(EventCursor { epoch: first, seq: 9 });
                again.emit(NodeEvent::Connected).await;
                assert_eq!(again.engine.problems(), [""; 0], "the state of the run that was seen last");
                again.engine.events(EventCursor { epoch: first + 7, seq: 9 });
                again.engine.problems()
            })
        },
        "this daemon began with an old state file",
    ),
    (
        "it cannot save its state from the start on",
        || {
            Box::pin(async {
                let (wallet, node, won) = scene();
                let file = Arc::new(MemoryFile::default());
                *file.refuses.lock().unwrap() = Some("read-only file system".into());
                let daemon = Daemon::start(&[wallet], &node, &file);
                // Saving is work for another thread, which paused time does not wait for.
                while daemon.engine.problems().is_empty() {
                    tokio::task::yield_now().await;
                }
                let problems = daemon.engine.problems();
                daemon.win(220, 1, &[won]).await;
                assert_eq!(node.sent_count(), 1, "it votes all the same");
                assert!(matches!(daemon.end().await, Err(EngineError::NotSaved(_))));
                problems
            })
        },
        "cannot be written: read-only file system",
    ),
    (
        "it cannot save its state any more",
        way!(|order| {
            *order.file.refuses.lock().unwrap() = Some("no space left on device".into());
            for _ in 0..60 {
                sleep(Duration::from_secs(1)).await;
                std::thread::yield_now();
            }
            while order.daemon.engine.problems().is_empty() {
                tokio::task::yield_now().await;
            }
        }),
        "cannot be written: no space left on device",
    ),
];

#[tokio::test(start_paused = true)]
async fn every_way_to_lose_a_vote_is_a_problem_of_the_daemon() {
    for (way, trouble, words) in [OF_USERS, OF_WALLETS, OF_NODES, OF_THE_DAEMON].concat() {
        let told = trouble().await;
        assert!(told.iter().any(|problem| problem.contains(words)), "{way}: `{words}` is missing in {told:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_problem_stands_while_votes_are_cast_and_mined() {
    let (wallet, node, won) = scene();
    let daemon = ready(&[wallet], &node).await;
    daemon.win(220, 1, &[won]).await;
    node.mine(221, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(221, 1, 1))).await;
    let tickets = vec![(won, SpentOrMissed::Spent)];
    daemon.emit(NodeEvent::SpentAndMissed { block: block(221, 1), height: BlockHeight(221), tickets }).await;
    node.chain.lock().unwrap().live.clear();
    sleep(Duration::from_secs(400)).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

//! Users and added tickets that an engine looks up by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{Hash160, Network, RedeemScript, ScriptAddress, VoteBits};
use stakepool_core::desired::{DesiredState, DesiredUser};
use stakepool_core::ports::{DesiredFound, DesiredSource, DesiredSourceError, NodeEvent};
use stakepool_core::testkit::tickets::{Fee, address, desired, evaluator, hash, ticket};
use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, settle};
use stakepool_core::voting::{EngineParts, SourceReads};
use tokio::time::sleep;

use crate::engine::{Daemon, scene};

const SCRIPT: &str = "5121021eb44bdc00e01912d8385b09338b1fd40952716a0f1b82eac4d0d07eb7bdb6c121034c2cddbbe9fd8b703d42615a5d01c4cc9e1352e4c28efaf511d683d8b1f6e15d52ae";
const PERIOD: Duration = Duration::from_secs(240);

/// What a source answers, one after the other; the last answer stays.
enum Answer {
    Has(DesiredState),
    Found(DesiredFound),
    Fails,
    BreaksDown,
    Takes(Duration, DesiredState),
}

#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<Arc<Answer>>>,
    asked: Mutex<u32>,
}

impl Scripted {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().map(Arc::new).collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> u32 {
        *self.asked.lock().unwrap()
    }
}

fn found(state: &DesiredState) -> DesiredFound {
    let (users, added) = (state.users().copied().collect(), state.added().copied().collect());
    DesiredFound { users, added, ..DesiredFound::default() }
}

#[async_trait]
impl DesiredSource for Scripted {
    fn place(&self) -> String {
        "`stakepool` on db.example:3306".into()
    }

    async fn read(&self) -> Result<DesiredFound, DesiredSourceError> {
        *self.asked.lock().unwrap() += 1;
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            let last = answers.len() == 1;
            if last { answers.front().cloned() } else { answers.pop_front() }.unwrap()
        };
        match &*answer {
            Answer::Has(state) => Ok(found(state)),
            Answer::Found(found) => Ok(found.clone()),
            Answer::Fails => Err(DesiredSourceError { place: self.place(), reason: "check dbhost".into() }),
            Answer::BreaksDown => panic!("a defect of the source"),
            Answer::Takes(time, state) => {
                sleep(*time).await;
                Ok(found(state))
            }
        }
    }
}

async fn started(wallet: &Arc<FakeWallet>, node: &Arc<FakeNode>, reads: SourceReads) -> Daemon {
    let (wallets, nodes) = (vec![Arc::clone(wallet) as _], vec![Arc::clone(node) as _]);
    let parts = EngineParts::new(evaluator(), wallets, nodes, Arc::<MemoryFile>::default());
    let daemon = Daemon::of(parts.source(reads));
    daemon.emit(NodeEvent::Connected).await;
    daemon
}

fn polled(source: &Arc<Scripted>) -> SourceReads {
    SourceReads::polled(Arc::clone(source) as _, PERIOD)
}

fn at_start(source: &Arc<Scripted>) -> SourceReads {
    SourceReads::at_start(Arc::clone(source) as _)
}

fn problem(daemon: &Daemon, text: &str) -> bool {
    daemon.engine.problems().iter().any(|problem| problem.contains(text))
}

#[tokio::test(start_paused = true)]
async fn a_polled_source_gives_users_bits_and_added_tickets_and_takes_them_away_again() {
    let (wallet, node, good) = scene();
    let low = ticket(1, 2, Fee::TooLow);
    node.mine(221, 1, vec![low.clone()]);
    let source = Scripted::new([
        Answer::Has(desired(&[1], &[hash(&low)])),
        Answer::Has(desired(&[1, 2], &[hash(&low)])),
        Answer::Has(desired(&[1, 2], &[])),
        Answer::Has(desired(&[1, 2], &[])),
    ]);
    let daemon = started(&wallet, &node, polled(&source)).await;
    daemon.win(221, 1, &[good, hash(&low)]).await;
    let bits: Vec<_> = node.sent().iter().map(|vote| vote.bits).collect();
    assert_eq!(bits, [VoteBits(5), VoteBits(5)], "the user's bits, on the added ticket, too");
    assert_eq!(*daemon.engine.desired(), desired(&[1], &[hash(&low)]));
    sleep(PERIOD).await;
    assert_eq!(*daemon.engine.desired(), desired(&[1, 2], &[hash(&low)]));
    sleep(PERIOD).await;
    let kept = desired(&[1, 2], &[hash(&low)]);
    assert_eq!((source.asked(), &*daemon.engine.desired()), (3, &kept), "a dump may be on its way into the database");
    sleep(PERIOD).await;
    assert_eq!((source.asked(), &*daemon.engine.desired()), (4, &desired(&[1, 2], &[])));
    node.mine(222, 1, Vec::new());
    let before = node.sent_count();
    daemon.win(222, 1, &[hash(&low)]).await;
    assert_eq!(node.sent_count(), before, "a ticket that was removed is not voted any more");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_or_breaks_down_is_a_problem_until_it_is_read_and_costs_no_vote() {
    let (wallet, node, good) = scene();
    let source = Scripted::new([
        Answer::Has(desired(&[1], &[])),
        Answer::Fails,
        Answer::BreaksDown,
        Answer::Has(desired(&[1, 2], &[])),
    ]);
    let daemon = started(&wallet, &node, polled(&source)).await;
    sleep(PERIOD).await;
    assert!(problem(&daemon, "cannot be read: check dbhost"), "{:?}", daemon.engine.problems());
    daemon.win(220, 1, &[good]).await;
    assert_eq!(node.sent()[0].bits, VoteBits(5), "voted as the user wanted");
    sleep(Duration::from_secs(5)).await;
    assert!(problem(&daemon, "the reader broke down"), "{:?}", daemon.engine.problems());
    sleep(Duration::from_secs(10)).await;
    assert_eq!(daemon.engine.problems(), [""; 0], "it is asked again sooner than usual");
    assert_eq!(daemon.engine.desired().users().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn at_the_start_a_source_is_read_until_it_was_read_once() {
    let (wallet, node, good) = scene();
    let source = Scripted::new([Answer::Fails, Answer::Has(desired(&[1], &[])), Answer::Has(desired(&[2], &[]))]);
    let daemon = started(&wallet, &node, at_start(&source)).await;
    sleep(Duration::from_secs(6)).await;
    daemon.win(220, 1, &[good]).await;
    assert_eq!(node.sent()[0].bits, VoteBits(5));
    sleep(PERIOD * 3).await;
    assert_eq!((source.asked(), &*daemon.engine.desired()), (2, &desired(&[1], &[])));
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_counts_more_than_a_source_that_answers_later_and_that_is_not_asked_again() {
    let (wallet, node, _) = scene();
    let slow = Duration::from_secs(10);
    let source = Scripted::new([Answer::Takes(slow, desired(&[2], &[])), Answer::Fails]);
    let daemon = started(&wallet, &node, polled(&source)).await;
    daemon.engine.put_desired(desired(&[1], &[]));
    sleep(PERIOD * 3).await;
    assert_eq!((source.asked(), &*daemon.engine.desired()), (1, &desired(&[1], &[])));
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn of_what_only_a_part_was_sent_the_source_gives_the_rest() {
    let (wallet, node, good) = scene();
    let source = Scripted::new([Answer::Takes(Duration::from_secs(10), desired(&[1], &[good]))]);
    let daemon = started(&wallet, &node, at_start(&source)).await;
    daemon.engine.set_users(desired(&[1, 2], &[]).users().copied());
    sleep(Duration::from_secs(11)).await;
    assert_eq!(*daemon.engine.desired(), desired(&[1, 2], &[good]));
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_the_start_is_no_problem_where_the_web_sends_all_soon() {
    let (wallet, node, _) = scene();
    let source = Scripted::new([Answer::Fails]);
    let daemon = started(&wallet, &node, at_start(&source)).await;
    sleep(Duration::from_secs(16)).await;
    assert!(!problem(&daemon, "check dbhost"), "the web may be about to send all");
    sleep(Duration::from_secs(60)).await;
    assert!(problem(&daemon, "check dbhost"));
    daemon.engine.put_desired(desired(&[1], &[]));
    settle().await;
    assert!(!problem(&daemon, "check dbhost"), "the web has sent all");
}

#[tokio::test(start_paused = true)]
async fn a_source_without_users_replaces_none_and_a_missing_users_tickets_are_voted_on() {
    let (wallet, node, good) = scene();
    let source = Scripted::new([
        Answer::Has(desired(&[1], &[])),
        Answer::Has(DesiredState::default()),
        Answer::Has(desired(&[2], &[])),
    ]);
    let daemon = started(&wallet, &node, polled(&source)).await;
    sleep(PERIOD).await;
    assert_eq!(daemon.engine.desired().users().len(), 1);
    assert!(problem(&daemon, "has no users: check dbname. The daemon knows 1 user"), "{:?}", daemon.engine.problems());
    sleep(Duration::from_secs(5)).await;
    assert!(problem(&daemon, "user 1 at"), "{:?}", daemon.engine.problems());
    daemon.win(220, 1, &[good]).await;
    assert_eq!(node.sent()[0].bits, VoteBits(5));
}

#[tokio::test(start_paused = true)]
async fn with_the_users_come_their_scripts() {
    let (wallet, node, _) = scene();
    let script: RedeemScript = SCRIPT.parse().unwrap();
    let of_one = DesiredFound { scripts: vec![script], ..found(&desired(&[1], &[])) };
    let source = Scripted::new([Answer::Found(of_one), Answer::Has(desired(&[1], &[]))]);
    let daemon = started(&wallet, &node, polled(&source)).await;
    assert_eq!(daemon.engine.desired().scripts().copied().collect::<Vec<_>>(), [script]);
    sleep(PERIOD).await;
    assert_eq!(daemon.engine.desired().scripts().len(), 0, "those of the latest reading count");
}

#[tokio::test(start_paused = true)]
async fn nobodys_addresses_are_a_problem_only_once_a_source_had_the_time_to_say_whose_they_are() {
    let (wallet, node, _) = scene();
    let slow = Duration::from_secs(10);
    let source = Scripted::new([Answer::Takes(slow, desired(&[1], &[]))]);
    let daemon = started(&wallet, &node, at_start(&source)).await;
    sleep(slow - Duration::from_secs(1)).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
    sleep(Duration::from_secs(2)).await;
    assert_eq!((daemon.engine.problems(), daemon.engine.desired().users().len()), (Vec::new(), 1));
    let daemon = started(&wallet, &node, at_start(&Scripted::new([Answer::Fails]))).await;
    sleep(Duration::from_secs(2)).await;
    assert!(problem(&daemon, "1 voting address that the web does not know"), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn entries_that_cannot_be_used_are_left_out_and_named() {
    let (wallet, node, _) = scene();
    let mut of_both = found(&desired(&[1], &[]));
    let elsewhere = ScriptAddress::new(Network::Mainnet, Hash160([9; 20]));
    of_both.users.push(DesiredUser { address: elsewhere, ..of_both.users[0] });
    of_both.left_out.push("Users, row 7: no address".into());
    let source = Scripted::new([Answer::Found(of_both), Answer::Has(desired(&[1], &[]))]);
    let daemon = started(&wallet, &node, polled(&source)).await;
    assert_eq!(*daemon.engine.desired(), desired(&[1], &[]));
    let expected = format!("Users, row 7: no address, {elsewhere} is of mainnet");
    assert!(problem(&daemon, &expected), "{:?}", daemon.engine.problems());
    assert!(address(1) != elsewhere);
    sleep(PERIOD).await;
    assert_eq!(daemon.engine.problems(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_empty_from_the_beginning_is_a_problem_and_is_read_again() {
    let (wallet, node, _) = scene();
    for reads in [polled, at_start] {
        let source = Scripted::new([Answer::Has(DesiredState::default()), Answer::Has(desired(&[1], &[]))]);
        let daemon = started(&wallet, &node, reads(&source)).await;
        assert!(!daemon.engine.has_users(), "nothing is known of users");
        sleep(Duration::from_secs(6)).await;
        assert_eq!(*daemon.engine.desired(), desired(&[1], &[]));
    }
    let source = Scripted::new([Answer::Has(DesiredState::default())]);
    let daemon = started(&wallet, &node, polled(&source)).await;
    assert!(problem(&daemon, "has no users: check dbname"), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_a_restart_stays_beside_what_a_source_has_at_the_start() {
    let (wallet, node, _) = scene();
    let low = ticket(1, 2, Fee::TooLow);
    node.mine(221, 1, vec![low.clone()]);
    let file = Arc::<MemoryFile>::default();
    let parts = |source: Option<SourceReads>| {
        let (wallets, nodes) = (vec![Arc::clone(&wallet) as _], vec![Arc::clone(&node) as _]);
        let parts = EngineParts::new(evaluator(), wallets, nodes, Arc::clone(&file) as _);
        match source {
            Some(source) => parts.source(source),
            None => parts,
        }
    };
    let before = Daemon::of(parts(None));
    before.emit(NodeEvent::Connected).await;
    before.engine.put_desired(desired(&[1], &[hash(&low)]));
    before.end().await.unwrap();
    // The database of another time: it lacks the added ticket, has another user, and other bits for the one that is known.
    let mut older = found(&desired(&[1, 2], &[]));
    older.users[0].voting.bits = VoteBits(1);
    let source = Scripted::new([Answer::Found(older)]);
    let daemon = Daemon::of(parts(Some(at_start(&source))));
    daemon.emit(NodeEvent::Connected).await;
    settle().await;
    assert_eq!((source.asked(), &*daemon.engine.desired()), (1, &desired(&[1, 2], &[hash(&low)])));
}

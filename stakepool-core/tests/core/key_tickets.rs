//! Tickets whose owners handed over the key that votes with them.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::VotingPreference;
use stakepool_core::chain::{
    BlockHeight, KeyIndex, OutputScript, PoolKey, PrivateKey, RedeemScript, Spends, TICKET_INPUT, TicketHash,
    Transaction, UserKey, VoteBits, unlocks,
};
use stakepool_core::desired::{DesiredState, FeeIndexes, KeyTicket};
use stakepool_core::ports::{EventCursor, NodeEvent, SpentOrMissed};
use stakepool_core::reports::{DaemonEvent, DaemonEventKind, TicketState};
use stakepool_core::testkit::tickets::{VERSION, block, desired, evaluator, hash, header, key_ticket, vote};
use stakepool_core::testkit::{FakeNode, FakeWallet, MemoryFile, Mood, settle};
use stakepool_core::ticket::Verdict;
use stakepool_core::voting::{Lottery, SignedBy, snapshot};

use tokio::time::sleep;

use crate::engine::{Daemon, scene};

const VOTING: VotingPreference = VotingPreference { bits: VoteBits(5), version: VERSION };
/// Simnet's maturity, in blocks.
const MATURITY: u32 = 16;
/// Simnet's expiry, in blocks.
const EXPIRY: u32 = 384;

fn key(number: u8) -> Arc<PrivateKey> {
    Arc::new(PrivateKey::from_bytes(&[number; 32]).unwrap())
}

fn script(number: u8) -> RedeemScript {
    RedeemScript::new(PoolKey(key(number).public_key()), UserKey(key(9).public_key()))
}

/// A ticket of key 1.
fn bought(number: u8) -> Transaction {
    key_ticket(&key(1), number)
}

fn handed(number: u8) -> KeyTicket {
    KeyTicket { ticket: hash(&bought(number)), key: key(1), voting: VOTING }
}

fn given(next: u32) -> FeeIndexes {
    FeeIndexes::new([("fee key".to_owned(), KeyIndex(next))])
}

fn with_keys(numbers: &[u8]) -> DesiredState {
    desired(&[1], &[]).with_key_tickets(numbers.iter().map(|number| handed(*number)))
}

/// The tickets that would be voted by their keys.
fn by_key(lottery: &Lottery, tickets: &[&Transaction]) -> Vec<TicketHash> {
    let hashes: Vec<_> = tickets.iter().map(|ticket| hash(ticket)).collect();
    let winners = lottery.winners(&hashes).ours.into_iter().filter(|winner| winner.signed_by == SignedBy::OwnKey);
    winners.map(|winner| winner.ticket).collect()
}

fn saved_and_restored(desired: DesiredState) -> (Vec<u8>, DesiredState) {
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(desired);
    let point = (block(200, 1), BlockHeight(200));
    let bytes = snapshot::Snapshot::of(&lottery, 7, true, Some(point), []).encode().unwrap();
    let mut restored = Lottery::new(evaluator());
    snapshot::restore(&mut restored, &bytes).unwrap();
    (bytes.to_vec(), DesiredState::clone(restored.desired()))
}

#[test]
fn keys_and_scripts_come_back_from_the_state_file() {
    let plain = desired(&[1], &[]);
    let acknowledged = plain.users().next().unwrap().address;
    let variants = [
        plain.clone().with_acknowledged([acknowledged]),
        plain.clone().with_scripts([script(1), script(2)]),
        plain.clone().with_key_tickets([handed(1), handed(2)]),
        plain.clone().with_acknowledged([acknowledged]).with_scripts([script(1)]).with_key_tickets([handed(1)]),
        plain.clone().with_fee_indexes(given(9)),
        plain.clone().with_key_tickets([handed(1)]).with_fee_indexes(given(9)),
    ];
    for state in variants {
        assert_eq!(saved_and_restored(state.clone()).1, state);
    }
}

#[test]
fn a_state_without_keys_is_written_as_before() {
    let state = desired(&[1], &[]);
    let (plain, _) = saved_and_restored(state.clone());
    let (with_keys, _) = saved_and_restored(state.with_key_tickets([handed(1)]));
    let body = plain.len() - 32;
    assert_eq!(with_keys[..body], plain[..body], "an earlier version finds all that it knows in its place");
}

#[test]
fn a_ticket_is_voted_from_the_moment_its_key_comes_until_it_goes_and_never_one_that_only_shares_the_key() {
    let (first, second) = (bought(1), bought(2));
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(with_keys(&[1]));
    lottery.connect(BlockHeight(200), &[first.clone(), second.clone()]);
    assert_eq!(by_key(&lottery, &[&first, &second]), [hash(&first)]);
    let winners = lottery.winners(&[hash(&second)]);
    assert_eq!((winners.ours.len(), winners.unknown.len(), winners.strangers.len()), (0, 0, 0), "nobody's");

    lottery.set_desired(with_keys(&[2]).with_withdrawn([hash(&first)]));
    let winners = lottery.winners(&[hash(&first)]);
    assert_eq!((winners.ours.len(), winners.unknown.len(), winners.strangers.len()), (0, 0, 0), "it was withdrawn");
    // It was mined before its key came: it is looked up when it wins, at the latest.
    assert_eq!(lottery.winners(&[hash(&second)]).unknown, [hash(&second)]);
    lottery.learn(&second, BlockHeight(200));
    assert_eq!(by_key(&lottery, &[&first, &second]), [hash(&second)]);
}

#[test]
fn a_ticket_that_the_web_does_not_name_at_all_is_voted_until_it_is_withdrawn_and_named_meanwhile() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(with_keys(&[1]));
    lottery.connect(BlockHeight(200), std::slice::from_ref(&first));
    for _ in 0..2 {
        lottery.set_desired(desired(&[1], &[]));
        assert_eq!((by_key(&lottery, &[&first]), lottery.missing_keys()), (vec![hash(&first)], vec![hash(&first)]));
    }
    let winner = lottery.winners(&[hash(&first)]).ours[0];
    assert_eq!(winner.voting, Some(VOTING));
    lottery.set_desired(with_keys(&[1]));
    assert_eq!((by_key(&lottery, &[&first]), lottery.missing_keys()), (vec![hash(&first)], vec![]), "it is back");
    lottery.set_desired(desired(&[1], &[]));
    lottery.set_desired(desired(&[1], &[]).with_withdrawn([hash(&first)]));
    assert_eq!((by_key(&lottery, &[&first]), lottery.missing_keys()), (vec![], vec![]));
}

#[test]
fn a_key_that_is_kept_outlives_a_restart_and_a_reorganisation_and_is_forgotten_after_the_tickets_end() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(with_keys(&[1]));
    lottery.connect(BlockHeight(200), std::slice::from_ref(&first));
    lottery.set_desired(desired(&[1], &[]));
    let point = (block(200, 1), BlockHeight(200));
    let bytes = snapshot::Snapshot::of(&lottery, 7, true, Some(point), []).encode().unwrap();
    let mut lottery = Lottery::new(evaluator());
    snapshot::restore(&mut lottery, &bytes).unwrap();
    lottery.set_desired(desired(&[1], &[]));
    assert_eq!(lottery.missing_keys(), [hash(&first)]);
    for height in 201..=220 {
        lottery.connect(BlockHeight(height), &[]);
    }
    let cast = vote(hash(&first), block(220, 1), BlockHeight(220), VoteBits(1), true);
    lottery.connect(BlockHeight(221), std::slice::from_ref(&cast));
    assert!(lottery.missing_keys().is_empty());
    lottery.disconnect(BlockHeight(221));
    lottery.learn(&first, BlockHeight(200));
    assert_eq!(by_key(&lottery, &[&first]), [hash(&first)]);
    lottery.connect(BlockHeight(221), &[cast]);
    for height in 222..=221 + 256 + 2 * MATURITY {
        lottery.connect(BlockHeight(height), &[]);
    }
    lottery.disconnect(BlockHeight(221));
    assert!(by_key(&lottery, &[&first]).is_empty(), "nothing is left of it");
}

#[test]
fn a_key_that_is_kept_is_forgotten_when_no_ticket_can_have_it_any_more() {
    let first = bought(1);
    let lasts = MATURITY + EXPIRY + 256;
    for (after, is_voted) in [(lasts - MATURITY, true), (lasts + 2 * MATURITY, false)] {
        let mut lottery = Lottery::new(evaluator());
        lottery.connect(BlockHeight(200), &[]);
        lottery.set_desired(with_keys(&[1]));
        lottery.set_desired(desired(&[1], &[]));
        for height in 201..=200 + after {
            lottery.connect(BlockHeight(height), &[]);
        }
        lottery.connect(BlockHeight(201 + after), std::slice::from_ref(&first));
        assert_eq!(!by_key(&lottery, &[&first]).is_empty(), is_voted, "after {after} blocks");
    }
}

#[test]
fn of_a_ticket_that_may_have_ended_nothing_is_reported_after_a_restart_either() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.connect(BlockHeight(300), &[]);
    lottery.set_desired(with_keys(&[1]));
    lottery.learn(&first, BlockHeight(200));
    assert_eq!((by_key(&lottery, &[&first]), lottery.all_reports()), (vec![hash(&first)], vec![]));
    let point = (block(300, 1), BlockHeight(300));
    let bytes = snapshot::Snapshot::of(&lottery, 7, true, Some(point), []).encode().unwrap();
    let mut restarted = Lottery::new(evaluator());
    snapshot::restore(&mut restarted, &bytes).unwrap();
    restarted.learn(&first, BlockHeight(200));
    assert_eq!((by_key(&restarted, &[&first]), restarted.all_reports()), (vec![hash(&first)], vec![]));
}

#[test]
fn how_far_fee_keys_gave_addresses_never_goes_back() {
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(desired(&[1], &[]).with_fee_indexes(given(9)));
    lottery.set_desired(desired(&[1], &[]).with_fee_indexes(given(4)));
    assert_eq!(*lottery.fee_indexes(), given(9));
    lottery.set_desired(desired(&[1], &[]));
    assert_eq!(*lottery.fee_indexes(), given(9));
}

#[test]
fn tickets_with_keys_are_nobodys_in_the_wallets_eyes_and_reported_without_a_user() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(with_keys(&[1]));
    lottery.connect(BlockHeight(200), std::slice::from_ref(&first));
    // A wallet to which the owner gave the key, too.
    lottery.hold(&[hash(&first)]);
    assert_eq!(by_key(&lottery, &[&first]), [hash(&first)]);
    assert_eq!((lottery.current(true).count(), lottery.current(false).count()), (0, 0));
    assert!(lottery.unknown_addresses().is_empty());
    let reports = lottery.take_reports();
    let reported: Vec<_> = reports.iter().map(|report| (report.ticket, report.user, report.state)).collect();
    assert_eq!(reported, [(hash(&first), None, TicketState::Immature)]);
    assert_eq!(reports[0].address.output_script(), OutputScript::PubKeyHash(key(1).pubkey_hash()));
    assert!(!reports[0].is_ignored());
    assert_eq!(lottery.all_reports(), reports);
}

/// The states and verdicts that were reported since the last call.
fn reported(lottery: &mut Lottery) -> Vec<(TicketState, Verdict)> {
    lottery.take_reports().iter().map(|report| (report.state, report.facts.verdict)).collect()
}

#[test]
fn the_life_of_a_ticket_with_a_key_is_reported_block_by_block() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(with_keys(&[1]));
    lottery.connect(BlockHeight(200), std::slice::from_ref(&first));
    assert_eq!(reported(&mut lottery), [(TicketState::Immature, Verdict::Accepted)]);
    for height in 201..=200 + MATURITY {
        lottery.connect(BlockHeight(height), &[]);
    }
    assert_eq!(reported(&mut lottery), [(TicketState::Live, Verdict::Accepted)]);
    let tip = 200 + MATURITY;
    lottery.connect(BlockHeight(tip + 1), &[vote(hash(&first), block(tip, 1), BlockHeight(tip), VoteBits(1), true)]);
    assert_eq!(reported(&mut lottery), [(TicketState::Voted, Verdict::Accepted)]);
    lottery.disconnect(BlockHeight(tip + 1));
    assert_eq!(reported(&mut lottery), [(TicketState::Live, Verdict::Accepted)]);
    lottery.connect(BlockHeight(tip + 1), &[]);
    lottery.spent_or_missed(BlockHeight(tip + 1), &[(hash(&first), SpentOrMissed::Missed)]);
    assert_eq!(reported(&mut lottery), [(TicketState::Missed, Verdict::Accepted)]);
}

#[test]
fn a_ticket_that_is_withdrawn_alive_has_lost_its_fee() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(with_keys(&[1]));
    lottery.connect(BlockHeight(200), std::slice::from_ref(&first));
    lottery.take_reports();
    lottery.set_desired(with_keys(&[]).with_withdrawn([hash(&first)]));
    assert_eq!(reported(&mut lottery), [(TicketState::Immature, Verdict::FeeLost)]);
    assert!(lottery.all_reports().is_empty());
}

#[test]
fn nothing_is_reported_of_a_ticket_that_may_have_ended_until_a_node_calls_it_live() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.connect(BlockHeight(200 + MATURITY), &[]);
    lottery.set_desired(with_keys(&[1]));
    lottery.learn(&first, BlockHeight(200));
    assert!(reported(&mut lottery).is_empty() && lottery.all_reports().is_empty());
    assert_eq!(by_key(&lottery, &[&first]), [hash(&first)], "it is voted all the same");
    let tip = 200 + MATURITY;
    lottery.connect(BlockHeight(tip + 1), &[vote(hash(&first), block(tip, 1), BlockHeight(tip), VoteBits(1), true)]);
    assert_eq!(reported(&mut lottery), [(TicketState::Voted, Verdict::Accepted)], "a block is proof of it");
}

#[test]
fn a_vote_in_a_block_ends_it_and_a_reorganisation_revives_it() {
    let first = bought(1);
    let mut lottery = Lottery::new(evaluator());
    lottery.set_desired(with_keys(&[1]));
    lottery.connect(BlockHeight(200), std::slice::from_ref(&first));
    for height in 201..=200 + MATURITY {
        lottery.connect(BlockHeight(height), &[]);
    }
    let live = |lottery: &Lottery| lottery.believed_live().any(|(ticket, ..)| ticket == hash(&first));
    assert!(live(&lottery));
    let tip = 200 + MATURITY;
    let cast = vote(hash(&first), block(tip, 1), BlockHeight(tip), VoteBits(1), true);
    lottery.connect(BlockHeight(tip + 1), &[cast]);
    assert!(!live(&lottery));
    lottery.disconnect(BlockHeight(tip + 1));
    assert!(live(&lottery));
}

/// A daemon beside whose classic ticket there is one that votes by key 1, mined at 200, and the ticket's hash.
async fn daemon(file: &Arc<MemoryFile>) -> (Daemon, Arc<FakeWallet>, Arc<FakeNode>, TicketHash) {
    let (wallet, node, _) = scene();
    let ticket = bought(7);
    let mut at_200 = node.chain.lock().unwrap().live.clone();
    at_200.push(hash(&ticket));
    node.mine(221, 1, vec![ticket.clone()]);
    for height in 222..=221 + MATURITY {
        node.mine(height, 1, Vec::new());
    }
    node.chain.lock().unwrap().live = at_200;
    wallet.set(Mood::Unreachable);
    let daemon = Daemon::start(&[Arc::clone(&wallet)], &node, file);
    (daemon, wallet, node, hash(&ticket))
}

const TIP: u32 = 221 + MATURITY;

/// The tickets of the votes that a web which was away is told of.
fn votes_told(daemon: &Daemon) -> Vec<TicketHash> {
    let vote = |event: DaemonEvent| match event.kind {
        DaemonEventKind::Vote(record) => Some(record.ticket),
        DaemonEventKind::Ticket(_) => None,
    };
    daemon.engine.events(EventCursor::default()).events.into_iter().filter_map(vote).collect()
}

fn is_signed_by_key_1(vote: &stakepool_core::chain::VoteTransaction) -> bool {
    unlocks(&vote.transaction, TICKET_INPUT, Spends::Ticket, OutputScript::PubKeyHash(key(1).pubkey_hash()))
}

#[tokio::test(start_paused = true)]
async fn a_live_ticket_whose_key_comes_while_its_block_is_open_is_voted_without_a_wallet() {
    let (daemon, _, node, ticket) = daemon(&Arc::default()).await;
    daemon.engine.put_desired(desired(&[1], &[]));
    daemon.emit(NodeEvent::Connected).await;
    daemon.win(TIP, 1, &[ticket]).await;
    assert_eq!(node.sent_count(), 0, "a stranger's");
    daemon.engine.put_desired(desired(&[1], &[]).with_key_tickets([handed(7)]));
    settle().await;
    let sent = node.sent();
    assert_eq!(sent.len(), 1);
    assert!(is_signed_by_key_1(&sent[0]));
    assert_eq!(votes_told(&daemon), [ticket]);
    assert_eq!((sent[0].ticket, sent[0].height, sent[0].bits), (ticket, BlockHeight(TIP), VoteBits(5)));
    assert!(daemon.engine.problems().iter().all(|problem| !problem.contains("cast")), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_withdrawn_is_not_voted_any_more() {
    let (daemon, _, node, ticket) = daemon(&Arc::default()).await;
    daemon.engine.put_desired(desired(&[1], &[]).with_key_tickets([handed(7)]));
    daemon.emit(NodeEvent::Connected).await;
    daemon.engine.put_desired(desired(&[1], &[]).with_withdrawn([ticket]));
    daemon.win(TIP, 1, &[ticket]).await;
    assert_eq!(node.sent_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_state_file_has_the_keys_and_the_node_what_the_tickets_say() {
    let file = Arc::<MemoryFile>::default();
    let (first, wallet, node, ticket) = daemon(&file).await;
    first.engine.put_desired(desired(&[1], &[]).with_key_tickets([handed(7)]));
    first.emit(NodeEvent::Connected).await;
    first.end().await.unwrap();
    // No web, and a wallet that signs nothing.
    let again = Daemon::start(&[Arc::clone(&wallet)], &node, &file);
    again.win(TIP, 1, &[ticket]).await;
    assert_eq!(node.sent().len(), 1);
    assert!(is_signed_by_key_1(&node.sent()[0]));
    again.end().await.unwrap();
    assert_eq!(votes_told(&Daemon::start(&[wallet], &node, &file)), [ticket], "for a web that was away");
}

fn told_of_a_miss(daemon: &Daemon, ticket: TicketHash) -> bool {
    daemon
        .engine
        .problems()
        .iter()
        .any(|problem| problem.contains(&format!("{ticket}, whose owner handed over its key, was missed")))
}

#[tokio::test(start_paused = true)]
async fn a_missed_ticket_is_a_problem_that_names_it() {
    let (daemon, _, node, ticket) = daemon(&Arc::default()).await;
    daemon.engine.put_desired(desired(&[1], &[]).with_key_tickets([handed(7)]));
    daemon.emit(NodeEvent::Connected).await;
    node.mine(TIP + 1, 1, Vec::new());
    daemon.emit(NodeEvent::BlockConnected(header(TIP + 1, 1, 1))).await;
    assert!(!told_of_a_miss(&daemon, ticket));
    let (block, height) = (block(TIP + 1, 1), BlockHeight(TIP + 1));
    let tickets = vec![(ticket, SpentOrMissed::Missed)];
    daemon.emit(NodeEvent::SpentAndMissed { block, height, tickets }).await;
    assert!(told_of_a_miss(&daemon, ticket), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_of_a_ticket_that_ended_before_its_key_came() {
    let (daemon, _, node, ticket) = daemon(&Arc::default()).await;
    node.chain.lock().unwrap().live.retain(|live| *live != ticket);
    daemon.emit(NodeEvent::Connected).await;
    daemon.engine.put_desired(desired(&[1], &[]).with_key_tickets([handed(7)]));
    sleep(Duration::from_secs(400)).await;
    assert!(!told_of_a_miss(&daemon, ticket), "{:?}", daemon.engine.problems());
}

#[tokio::test(start_paused = true)]
async fn no_key_is_in_problems_or_in_what_the_engine_prints() {
    let (daemon, _, _, _) = daemon(&Arc::default()).await;
    daemon.engine.put_desired(desired(&[1], &[]).with_key_tickets([handed(7)]));
    daemon.emit(NodeEvent::Connected).await;
    let shown = format!("{:?} {:?} {:?}", daemon.engine, daemon.engine.desired(), daemon.engine.problems());
    let wif = key(1).to_wif(stakepool_core::chain::Network::Simnet);
    assert!(
        !shown.contains(&"01".repeat(32)) && !shown.contains(wif.expose()) && !shown.contains("1, 1, 1"),
        "{shown}"
    );
}

//! What becomes a trouble, and of what kind.

use super::*;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHash, Hash160, Network, ScriptAddress, TicketHash, VoteBits,
};
use stakepool_core::ports::DaemonStatus;
use stakepool_core::reports::{TicketReport, TicketTimes, VoteRecord, VoteTimings};
use stakepool_core::ticket::{PoolFee, TicketFacts, Verdict};
use stakepool_core::time::UnixMillis;
use stakepool_core::wallets::{Health, MemberStatus, PendingRepairs, RecentHeights};
use stakepool_db::Database;
use tokio::time::Instant;

use crate::alert_record::AlertsReport;
use crate::alerts::scene;
use crate::daemons::DaemonView;
use crate::database::DatabaseReport;
use crate::status::Seen;
use crate::unknown_notes::UnknownNotes;

fn judge(wallets: &[MemberStatus], view: Option<DaemonView>) -> Vec<(AlertKind, String, String)> {
    let status = PoolStatus::of(&Seen {
        now: UnixTime(0),
        unknown: &UnknownNotes::default(),
        wallets,
        quorum: 0,
        daemons: &[("d:1".to_owned(), view)],
        database: DatabaseReport::default(),
        alerts: AlertsReport::default(),
        found: Vec::new(),
        ours: &scene::terms(),
        warnings: &[],
    });
    let of_parts = of_status(&status).into_iter().filter(|trouble| trouble.kind != AlertKind::Down);
    of_parts.map(|Trouble { kind, about, text }| (kind, about, text)).collect()
}

/// A daemon in sync, whose status is as wanted.
fn daemon(change: impl Fn(&mut DaemonStatus)) -> DaemonView {
    let mut status = scene::daemon_status();
    change(&mut status);
    let heights = |height: Option<BlockHeight>| {
        let (mut heights, since) = (RecentHeights::default(), Instant::now());
        heights.note(since + PATIENCE, since, height.unwrap_or_default());
        heights
    };
    let (node_heights, synced_heights) = (heights(status.node_height), heights(status.synced_height));
    DaemonView { status: Some(status), in_sync: true, node_heights, synced_heights, ..DaemonView::default() }
}

fn error(text: &str) -> DaemonView {
    DaemonView { error: Some(text.to_owned()), in_sync: false, ..daemon(|_| {}) }
}

#[test]
fn a_daemon_that_is_away_or_anothers_is_told_with_the_error() {
    assert_eq!(judge(&[], Some(daemon(|_| {}))), []);
    assert_eq!(judge(&[], None), [], "it was not asked yet");
    let about = || "daemon d:1".to_owned();
    let away = error("voting daemon d:1 cannot be reached: refused");
    let text = "voting daemon d:1 cannot be reached: refused".to_owned();
    assert_eq!(judge(&[], Some(away)), [(AlertKind::DaemonAway, about(), text)]);
    let refused = DaemonView { refused: true, ..error("its network is mainnet") };
    let text = "its network is mainnet".to_owned();
    assert_eq!(judge(&[], Some(refused)), [(AlertKind::Disagreement, about(), text)]);
}

#[test]
fn what_a_daemon_in_sync_tells_of_its_wallets_node_and_settings_is_told() {
    let kinds = |change: fn(&mut DaemonStatus)| {
        judge(&[], Some(daemon(change))).into_iter().map(|(kind, about, _)| (kind, about)).collect::<Vec<_>>()
    };
    let about = |text: &str| text.to_owned();
    let of_wallet = || about("wallet w:1 of daemon d:1");
    for (change, expected) in [
        ((|status| status.wallets[0].reachable = false) as fn(&mut DaemonStatus), (AlertKind::WalletAway, of_wallet())),
        (|status| status.wallets[0].unlocked = false, (AlertKind::WalletLocked, of_wallet())),
        (|status| status.node_height = None, (AlertKind::NodeAway, about("daemon d:1"))),
        (|status| status.synced_height = Some(BlockHeight(180)), (AlertKind::Lag, about("daemon d:1"))),
        (
            |status| status.pool_fee = PoolFee::from_percent(5.0).unwrap(),
            (AlertKind::Disagreement, about("daemon d:1")),
        ),
    ] {
        assert_eq!(kinds(change), [expected]);
    }
}

#[test]
fn what_a_daemon_complains_of_is_told_once() {
    let missing = "2 users with tickets are missing from what the web sent";
    let told = judge(&[], Some(daemon(|status| status.problems = vec![missing.to_owned(), "other".to_owned()])));
    let text = format!("{missing}; other");
    assert_eq!(told, [(AlertKind::Daemon, "daemon d:1".to_owned(), text)]);
    let told = judge(
        &[],
        Some(daemon(|status| {
            status.problems = vec!["1 ticket".to_owned(), "faults".to_owned(), "other".to_owned()];
            status.problem_topics = vec!["w:1/more tickets".to_owned(), "w:1/faults".to_owned(), "tip".to_owned()];
        })),
    );
    let about: Vec<_> = told.iter().map(|(_, about, _)| about.as_str()).collect();
    assert_eq!(
        about,
        ["daemon d:1 (tip)", "daemon d:1 (w:1/faults)", "daemon d:1 (w:1/more tickets)"],
        "each is an alert of its own: one that stands for weeks hides none that begins"
    );
    let told = judge(
        &[],
        Some(daemon(|status| {
            status.wallets[0].unlocked = false;
            status.problems = vec!["wallet w:1 is locked and cannot vote".to_owned()];
        })),
    );
    let kinds: Vec<_> = told.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, [AlertKind::WalletLocked]);
}

#[test]
fn a_database_that_fails_is_told() {
    let failing =
        DatabaseReport { state: DatabaseCondition::Failing, error: Some("disk full".into()), ..Default::default() };
    let status = PoolStatus::of(&Seen {
        now: UnixTime(0),
        unknown: &UnknownNotes::default(),
        wallets: &[],
        quorum: 0,
        daemons: &[],
        database: failing,
        alerts: AlertsReport::default(),
        found: Vec::new(),
        ours: &scene::terms(),
        warnings: &[],
    });
    let kinds: Vec<_> = of_status(&status).iter().map(|trouble| trouble.kind).collect();
    assert_eq!(kinds, [AlertKind::Down, AlertKind::Database]);
}

#[test]
fn a_wallet_that_is_away_or_disagrees_is_told() {
    let told = |health| {
        let pending = PendingRepairs::default();
        let wallet = MemberStatus {
            name: "w:1".to_owned(),
            health,
            info: None,
            height: None,
            heights: RecentHeights::default(),
            pending,
            census: None,
        };
        judge(&[wallet], Some(daemon(|_| {})))
    };
    let about = || "wallet w:1".to_owned();
    assert_eq!(told(Health::Healthy), []);
    let away = Health::Unreachable { error: "refused".to_owned() };
    assert_eq!(told(away), [(AlertKind::WalletAway, about(), "refused".to_owned())]);
    let disagrees = Health::Disagrees { how: "other key".to_owned() };
    assert_eq!(told(disagrees), [(AlertKind::Disagreement, about(), "other key".to_owned())]);
}

fn report(ticket: u8, state: TicketState, verdict: Verdict, ended_at: u32) -> TicketReport {
    TicketReport {
        ticket: TicketHash::from_bytes([ticket; 32]),
        address: ScriptAddress::new(Network::Simnet, Hash160([7; 20])).into(),
        user: Some(UserId(1)),
        state,
        facts: TicketFacts {
            verdict,
            price: Amount::from_atoms(20_000_000),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
            committed_fee: Amount::from_atoms(1),
            required_fee: Amount::from_atoms(2),
            mined_at: BlockHeight(100),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: Some(BlockHeight(ended_at)),
    }
}

#[tokio::test]
async fn a_ticket_that_was_missed_is_told_though_no_daemon_recorded_a_failure() {
    let (database, _folder) = scene::database().await;
    let reports = [
        report(1, TicketState::Missed, Verdict::Accepted, 200),
        report(2, TicketState::Missed, Verdict::LowFee, 200),
        report(3, TicketState::Missed, Verdict::Accepted, 197),
        report(4, TicketState::Voted, Verdict::Accepted, 200),
        report(5, TicketState::Missed, Verdict::Accepted, 199),
    ];
    database.put_tickets("d:1", &reports, UnixTime(1)).await.unwrap();
    let failed = vote("d:1", 5, VoteOutcome::Failed("the wallet is locked".into()), 100).record;
    let failed = VoteRecord { height: BlockHeight(198), ..failed };
    database.put_votes("d:1", &[failed]).await.unwrap();
    let told = of_tickets(database.as_ref(), BlockHeight(198)).await.unwrap();
    let texts: Vec<_> = told.iter().map(|trouble| trouble.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "missed at block 200: No daemon tried: none was running, or none heard of the draw.",
            "missed at block 199: Daemon d:1 could not vote: the wallet is locked",
        ]
    );
    // The failed vote of the same ticket is the same event.
    let of_vote = lost(database.as_ref(), 50..=150, 201).await;
    assert_eq!((of_vote[0].kind, &of_vote[0].about), (told[1].kind, &told[1].about));
}

async fn lost(database: &Database, within: RangeInclusive<i64>, best: u32) -> Vec<Trouble> {
    let within = UnixTime(*within.start())..=UnixTime(*within.end());
    of_votes(database, database, &within, BlockHeight(best)).await.unwrap()
}

fn vote(daemon: &str, ticket: u8, outcome: VoteOutcome, at: i64) -> StoredVote {
    let record = VoteRecord {
        ticket: TicketHash::from_bytes([ticket; 32]),
        address: ScriptAddress::new(Network::Simnet, Hash160([7; 20])).into(),
        block: BlockHash::from_bytes([9; 32]),
        height: BlockHeight(200),
        bits: VoteBits::APPROVE,
        outcome,
        attempts: 1,
        timings: VoteTimings::default(),
        at: UnixMillis(at * 1000),
    };
    StoredVote { daemon: daemon.to_owned(), record }
}

#[tokio::test]
async fn a_vote_is_missed_where_no_daemon_cast_it_once_the_block_has_a_child() {
    let (database, _folder) = scene::database().await;
    let failed = || VoteOutcome::Failed("the wallet is locked".into());
    for (daemon, ticket, outcome, at) in [
        ("a", 1, failed(), 100),
        ("b", 1, VoteOutcome::Sent, 100),
        ("a", 2, VoteOutcome::AlreadyKnown, 100),
        ("b", 2, failed(), 100),
        ("a", 3, failed(), 100),
        ("b", 3, failed(), 100),
        ("a", 4, failed(), 10),
        ("a", 5, failed(), 190),
        ("a", 6, failed(), 100),
        ("a", 7, failed(), 100),
    ] {
        database.put_votes(daemon, &[vote(daemon, ticket, outcome, at).record]).await.unwrap();
    }
    // Another pool's daemon voted the sixth, and the block that drew the seventh has left the chain.
    let reports = [
        report(6, TicketState::Voted, Verdict::Accepted, 201),
        TicketReport { ended_at: None, ..report(7, TicketState::Live, Verdict::Accepted, 0) },
    ];
    database.put_tickets("a", &reports, UnixTime(1)).await.unwrap();
    assert_eq!(lost(&database, 50..=150, 200).await, [], "votes still count");
    let troubles = lost(&database, 50..=150, 201).await;
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert_eq!(troubles[0].about, format!("ticket {}", TicketHash::from_bytes([3; 32])));
    assert_eq!(troubles[0].text, "no vote on block 200: the wallet is locked");
}

#[tokio::test]
async fn a_vote_that_another_daemon_cast_is_not_missed_however_many_records_came_since() {
    let (database, _folder) = scene::database().await;
    database.put_votes("b", &[vote("b", 1, VoteOutcome::Sent, 100).record]).await.unwrap();
    let later: Vec<_> = (0..250).map(|second| vote("b", 2, VoteOutcome::Sent, 110 + second).record).collect();
    let apart =
        |(number, record): (u8, VoteRecord)| VoteRecord { block: BlockHash::from_bytes([number; 32]), ..record };
    database.put_votes("b", &(0..=255).zip(later).map(apart).collect::<Vec<_>>()).await.unwrap();
    let failed = VoteOutcome::Failed("this daemon was late".into());
    database.put_votes("a", &[vote("a", 1, failed, 120).record]).await.unwrap();
    assert_eq!(lost(&database, 50..=500, 300).await, []);
}

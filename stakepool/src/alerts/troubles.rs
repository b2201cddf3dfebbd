//! The troubles that are there now.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use stakepool_core::alert::AlertKind;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{
    AdminStore, LedgerStore, Slice, StoreError, StoredVote, TicketOrder, TicketQuery, VoteOverview, VoteQuery,
};
use stakepool_core::reports::{TicketState, VoteOutcome, VoteOutcomeKind};
use stakepool_core::time::UnixTime;
use tokio::time::timeout;

use crate::alerts::book::Trouble;
use crate::alerts::since::Since;
use crate::database::DatabaseCondition;
use crate::pool::Pool;
use crate::status::{DaemonCondition, DaemonReport, OwnProblem, PoolStatus, WalletCondition, WalletReport};
use crate::tickets::{ALL_RECORDS, Cause};

/// How long the stores may take for one look.
const LIMIT: Duration = Duration::from_secs(20);
/// How many of the latest failures of daemons are looked at.
const FAILURES: u64 = 500;
/// How many of the latest misses are looked at.
const MISSES: u64 = 200;
/// How long other daemons have to report that they cast a vote that one could not cast.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// All troubles of the pool; of what happened only what is news `since` a moment.
pub(super) async fn all(pool: &Pool, status: &PoolStatus, since: &mut Since) -> Vec<Trouble> {
    let mut troubles = of_status(status);
    // A database that fails would only keep the alert about it waiting.
    if status.database.state != DatabaseCondition::Failing
        && let Ok(stored) = timeout(LIMIT, of_stores(pool, status, since)).await
    {
        troubles.extend(stored);
    }
    troubles
}

/// What the stores tell. Where one fails, the status says so.
async fn of_stores(pool: &Pool, status: &PoolStatus, since: &mut Since) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if let Some(text) = pool.stale_fee_addresses().await {
        troubles.push(trouble(AlertKind::Disagreement, "fee addresses", text));
    }
    let (admin, ledger) = (pool.parts.admin.as_ref(), pool.parts.ledger.as_ref());
    if let Some(best) = status.height.map(BlockHeight) {
        let within = since.from..=pool.now().minus(PATIENCE);
        troubles.extend(of_votes(admin, ledger, &within, best).await.unwrap_or_default());
        troubles.extend(of_tickets(ledger, since.first_height(best)).await.unwrap_or_default());
    }
    troubles
}

fn trouble(kind: AlertKind, about: impl Into<String>, text: impl Into<String>) -> Trouble {
    Trouble { kind, about: about.into(), text: text.into() }
}

/// What the status page shows.
fn of_status(status: &PoolStatus) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !status.failures.is_empty() {
        troubles.push(trouble(AlertKind::Down, "the pool", status.failures.join("; ")));
    }
    troubles.extend(status.findings.iter().map(|found| trouble(found.kind, &found.about, &found.text)));
    troubles.extend(status.wallets.iter().flat_map(|wallet| of_wallet(wallet, status.lag_allowed)));
    troubles.extend(status.daemons.iter().flat_map(|daemon| of_daemon(daemon, status.lag_allowed)));
    troubles
}

fn of_wallet(wallet: &WalletReport, lag_allowed: u32) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut add = |kind, text: String| troubles.push(trouble(kind, format!("wallet {}", wallet.name), text));
    let error = || wallet.last_error.clone().unwrap_or_default();
    match wallet.state {
        WalletCondition::Unreachable => {
            add(AlertKind::WalletAway, error());
            // What it said of itself is old.
            return troubles;
        }
        WalletCondition::Disagrees => add(AlertKind::Disagreement, error()),
        WalletCondition::BeingRepaired => {
            let repair = wallet.repair.as_deref().unwrap_or_default();
            add(
                AlertKind::MissingScripts,
                format!("it lacks what is needed to vote for all users; {repair}, then it looks through the chain"),
            );
        }
        WalletCondition::Unknown | WalletCondition::InService => {}
    }
    if wallet.unlocked == Some(false) {
        add(AlertKind::WalletLocked, "it is locked and signs nothing: unlock it".to_owned());
    }
    if wallet.connected == Some(false) {
        add(AlertKind::NodeAway, "it is not connected to its node: start the node".to_owned());
    }
    if let Some(text) = &wallet.unknown_users {
        add(AlertKind::UnknownUsers, text.clone());
    }
    if let Some(lag) = wallet.lag.filter(|lag| *lag > lag_allowed) {
        add(AlertKind::Lag, format!("it is {lag} blocks behind"));
    }
    if !wallet.other_problems.is_empty() {
        add(AlertKind::Other, wallet.other_problems.join("; "));
    }
    troubles
}

fn of_daemon(daemon: &DaemonReport, lag_allowed: u32) -> Vec<Trouble> {
    let about = format!("daemon {}", daemon.name);
    let error = || daemon.last_error.clone().unwrap_or_default();
    let mut troubles = Vec::new();
    match daemon.state {
        DaemonCondition::Unknown => return troubles,
        // What it said of itself is old.
        DaemonCondition::OutOfSync => return vec![trouble(AlertKind::DaemonAway, about, error())],
        DaemonCondition::Refused => return vec![trouble(AlertKind::Disagreement, about, error())],
        DaemonCondition::InSync => {}
    }
    for wallet in &daemon.wallets {
        let of_wallet = format!("wallet {} of {about}", wallet.name);
        if !wallet.reachable {
            troubles.push(trouble(AlertKind::WalletAway, of_wallet, "it cannot be reached"));
        } else if !wallet.unlocked {
            troubles.push(trouble(AlertKind::WalletLocked, of_wallet, "it is locked and signs nothing: unlock it"));
        }
    }
    // The predecessor's daemons report nothing of their nodes.
    if daemon.id.is_some() && daemon.node_height.is_none() {
        let text = "no node answers it, so that it hears of no winning ticket: start its node";
        troubles.push(trouble(AlertKind::NodeAway, about.clone(), text));
    }
    if let Some(lag) = daemon.lag.filter(|lag| *lag > lag_allowed) {
        troubles.push(trouble(AlertKind::Lag, about.clone(), format!("it is {lag} blocks behind")));
    }
    troubles.extend(own_problems(daemon).into_iter().map(|(topic, texts)| {
        let about = topic.map_or_else(|| about.clone(), |topic| format!("{about} ({topic})"));
        trouble(AlertKind::Daemon, about, texts.join("; "))
    }));
    if !daemon.differences.is_empty() {
        troubles.push(trouble(AlertKind::Disagreement, about, daemon.differences.join("; ")));
    }
    troubles
}

/// What a daemon complains of, by what it is about, but for its wallets that are away or locked: those have kinds of their own.
/// One problem that stands for weeks must not hide another that begins meanwhile.
fn own_problems(daemon: &DaemonReport) -> BTreeMap<Option<&str>, Vec<&str>> {
    let is_known = |problem: &str| {
        let mut unable = daemon.wallets.iter().filter(|wallet| !wallet.reachable || !wallet.unlocked);
        unable.any(|wallet| problem.contains(&wallet.name))
    };
    let mut problems: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for OwnProblem { topic, text } in daemon.own_problems.iter().filter(|problem| !is_known(&problem.text)) {
        problems.entry(topic.as_deref()).or_default().push(text.as_str());
    }
    problems
}

/// Votes on blocks that no daemon could cast, where the failure was reported `within` a span of time. What became of a vote
/// is known once the block has a child.
///
/// The daemon that failed may be long behind another that voted: every record of the ticket on the block is looked at.
async fn of_votes(
    admin: &dyn AdminStore,
    ledger: &dyn LedgerStore,
    within: &RangeInclusive<UnixTime>,
    best: BlockHeight,
) -> Result<Vec<Trouble>, StoreError> {
    let query = VoteQuery { outcome: Some(VoteOutcomeKind::Failed), ..VoteQuery::default() };
    let failed = admin.find_votes(&query, Slice { offset: 0, limit: FAILURES }).await?;
    let (mut seen, mut troubles) = (HashSet::new(), Vec::new());
    for VoteOverview { vote: StoredVote { record, .. }, ticket } in failed.rows {
        let in_time = within.contains(&UnixTime(record.at.0.div_euclid(1000)));
        // A ticket that voted was cast by somebody; one that lives on was drawn by a block that has left the chain.
        let is_lost = ticket.is_none_or(|(_, state)| state == TicketState::Missed);
        if !in_time || !is_lost || record.height >= best || !seen.insert((record.ticket, record.block)) {
            continue;
        }
        let all = ledger.votes(Some(&record.ticket), ALL_RECORDS).await?;
        if all.iter().any(|vote| vote.record.block == record.block && vote.record.outcome.is_cast()) {
            continue;
        }
        let VoteOutcome::Failed(why) = &record.outcome else { continue };
        let text = format!("no vote on block {}: {why}", record.height);
        troubles.push(trouble(AlertKind::MissedVote, format!("ticket {}", record.ticket), text));
    }
    Ok(troubles)
}

/// Tickets of ours that won and were missed, whatever the daemons say of their votes, in blocks from `first` on.
async fn of_tickets(ledger: &dyn LedgerStore, first: BlockHeight) -> Result<Vec<Trouble>, StoreError> {
    let missed = TicketQuery {
        states: vec![TicketState::Missed],
        ignored: Some(false),
        ended_from: Some(first),
        order: TicketOrder::EndedLast,
        limit: MISSES,
        ..TicketQuery::default()
    };
    let mut troubles = Vec::new();
    for report in ledger.tickets(&missed).await?.tickets {
        let cause = Cause::find(ledger, &report).await?.for_operator();
        let height = report.ended_at.map(|height| format!(" at block {height}")).unwrap_or_default();
        let about = format!("ticket {}", report.ticket);
        troubles.push(trouble(AlertKind::MissedVote, about, format!("missed{height}: {cause}")));
    }
    Ok(troubles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::accounts::UserId;
    use stakepool_core::chain::{
        Address, AddressKind, Amount, BlockHash, Hash160, Network, ScriptAddress, TicketHash, VoteBits,
    };
    use stakepool_core::ports::DaemonStatus;
    use stakepool_core::reports::{TicketReport, VoteRecord, VoteTimings};
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
            (
                (|status| status.wallets[0].reachable = false) as fn(&mut DaemonStatus),
                (AlertKind::WalletAway, of_wallet()),
            ),
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
}

//! The troubles that are there now.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::alert::AlertKind;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{LedgerStore, StoreError, StoredVote, TicketOrder, TicketQuery};
use stakepool_core::reports::{TicketState, VoteOutcome};
use stakepool_core::time::UnixTime;

use crate::alerts::book::Trouble;
use crate::alerts::since::Since;
use crate::pool::Pool;
use crate::status::{DaemonCondition, DaemonReport, PoolStatus, WalletCondition, WalletReport};
use crate::tickets::Cause;

/// How long before its end a certificate is reported.
const BEFORE_END: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many of the latest votes are looked at.
const VOTES: u64 = 200;
/// How many of the latest misses are looked at.
const MISSES: u64 = 50;
/// How long other daemons have to report that they cast a vote that one could not cast.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// All troubles of the pool; of what happened only what is news `since` a moment.
pub(super) async fn all(pool: &Pool, since: &mut Since) -> Vec<Trouble> {
    let status = pool.status().await;
    let mut troubles = of_status(&status);
    troubles.extend(of_certificates(&pool.settings.certificates.get(), pool.now()));
    if let Ok((_, active)) = pool.parts.users.counts().await {
        troubles.extend(of_users(active, pool.terms.max_users));
    }
    troubles.extend(of_pace(pool.limiter.may_register().is_err(), pool.settings.tries.registrations_per_hour));
    let ledger = pool.parts.ledger.as_ref();
    // Where the database fails, the status says so.
    if let Ok(votes) = ledger.votes(None, VOTES).await {
        troubles.extend(of_votes(&votes, since.from, pool.now().minus(PATIENCE)));
    }
    if let Some(best) = status.height
        && let Ok(missed) = of_tickets(ledger, since.first_height(BlockHeight(best))).await
    {
        troubles.extend(missed);
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
        WalletCondition::Unknown | WalletCondition::InService | WalletCondition::BeingRepaired => {}
    }
    if wallet.unlocked == Some(false) {
        add(AlertKind::WalletLocked, "it is locked and signs nothing: unlock it".to_owned());
    }
    if wallet.connected == Some(false) {
        add(AlertKind::Other, "it is not connected to its node: start the node".to_owned());
    }
    if let Some(text) = &wallet.unknown_users {
        add(AlertKind::UnknownUsers, text.clone());
    }
    if let Some(lag) = wallet.lag.filter(|lag| *lag > lag_allowed) {
        add(AlertKind::Lag, format!("it is {lag} blocks behind"));
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
        troubles.push(trouble(AlertKind::Other, about.clone(), text));
    }
    if let Some(lag) = daemon.lag.filter(|lag| *lag > lag_allowed) {
        troubles.push(trouble(AlertKind::Lag, about.clone(), format!("it is {lag} blocks behind")));
    }
    if !daemon.differences.is_empty() {
        troubles.push(trouble(AlertKind::Disagreement, about, daemon.differences.join("; ")));
    }
    troubles
}

fn of_certificates(certificates: &[(String, UnixTime)], now: UnixTime) -> Vec<Trouble> {
    let soon = certificates.iter().filter(|(_, end)| *end <= now.plus(BEFORE_END));
    let troubles = soon.map(|(name, end)| {
        let text = format!("its certificate ends at {}: make a new one and give copies to its peers", end.readable());
        trouble(AlertKind::CertificateEnds, name, text)
    });
    troubles.collect()
}

/// Four of five places taken are worth a word, and nineteen of twenty another one before the last one is.
fn of_users(active: u64, most: u32) -> Option<Trouble> {
    let taken = |of: u64, parts: u64| active.saturating_mul(parts) >= u64::from(most).saturating_mul(of);
    let text = format!("{active} of {most} addresses are given: raise maxusers, or close the pool");
    let kind = if taken(19, 20) { AlertKind::PoolFull } else { AlertKind::KeyIndexes };
    taken(4, 5).then(|| trouble(kind, "the pool", text))
}

/// So many registrations are rarely people: what robots take is given for good.
fn of_pace(is_reached: bool, most: u32) -> Option<Trouble> {
    let text = format!(
        "{most} addresses were registered within an hour, and no more is taken now: look at the newest users, and close the \
         pool for a while (closepool=1) if they are none of people"
    );
    is_reached.then(|| trouble(AlertKind::KeyIndexes, "registrations", text))
}

/// Votes on blocks that no daemon could cast, from `first` to `last`.
fn of_votes(votes: &[StoredVote], first: UnixTime, last: UnixTime) -> Vec<Trouble> {
    let mut failed: BTreeMap<_, Option<(&StoredVote, &str)>> = BTreeMap::new();
    for vote in votes {
        let record = &vote.record;
        let entry = failed.entry((record.ticket.to_string(), record.block.to_string()));
        match &record.outcome {
            VoteOutcome::Failed(why) => drop(entry.or_insert(Some((vote, why)))),
            _ => drop(entry.insert_entry(None)),
        }
    }
    let in_time = |vote: &StoredVote| (first..=last).contains(&UnixTime(vote.record.at.0.div_euclid(1000)));
    let missed = failed.into_iter().filter_map(|((ticket, _), missed)| {
        let (vote, why) = missed.filter(|(vote, _)| in_time(vote))?;
        let height = vote.record.height;
        Some(trouble(AlertKind::MissedVote, format!("ticket {ticket}"), format!("no vote on block {height}: {why}")))
    });
    missed.collect()
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
    use stakepool_core::wallets::{Health, MemberStatus, PendingRepairs};

    use crate::alerts::scene;
    use crate::daemons::DaemonView;
    use crate::status::Seen;

    fn judge(wallets: &[MemberStatus], view: Option<DaemonView>) -> Vec<(AlertKind, String, String)> {
        let status = PoolStatus::of(&Seen {
            now: UnixTime(0),
            wallets,
            quorum: 0,
            daemons: &[("d:1".to_owned(), view)],
            database_error: None,
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
        DaemonView { status: Some(status), in_sync: true, ..DaemonView::default() }
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
            (|status| status.node_height = None, (AlertKind::Other, about("daemon d:1"))),
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
    fn a_wallet_that_is_away_or_disagrees_is_told() {
        let told = |health| {
            let debts = PendingRepairs::default();
            let wallet = MemberStatus { name: "w:1".to_owned(), health, info: None, height: None, debts, census: None };
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
            address: ScriptAddress::new(Network::Simnet, Hash160([7; 20])),
            user: UserId(1),
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
        let failed = vote("d:1", 5, VoteOutcome::Failed("the wallet is locked".into()), 100);
        database.put_votes("d:1", std::slice::from_ref(&failed.record)).await.unwrap();
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
        let of_vote = of_votes(&[failed], UnixTime(50), UnixTime(150));
        assert_eq!((of_vote[0].kind, &of_vote[0].about), (told[1].kind, &told[1].about));
    }

    fn vote(daemon: &str, ticket: u8, outcome: VoteOutcome, at: i64) -> StoredVote {
        let record = VoteRecord {
            ticket: TicketHash::from_bytes([ticket; 32]),
            address: ScriptAddress::new(Network::Simnet, Hash160([7; 20])),
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

    #[test]
    fn a_vote_is_missed_where_no_daemon_cast_it() {
        let failed = || VoteOutcome::Failed("the wallet is locked".into());
        let votes = [
            vote("a", 1, failed(), 100),
            vote("b", 1, VoteOutcome::Sent, 100),
            vote("a", 2, VoteOutcome::AlreadyKnown, 100),
            vote("b", 2, failed(), 100),
            vote("a", 3, failed(), 100),
            vote("b", 3, failed(), 100),
            vote("a", 4, failed(), 10),
            vote("a", 5, failed(), 190),
        ];
        let troubles = of_votes(&votes, UnixTime(50), UnixTime(150));
        assert_eq!(troubles.len(), 1, "{troubles:?}");
        assert_eq!(troubles[0].about, format!("ticket {}", TicketHash::from_bytes([3; 32])));
        assert_eq!(troubles[0].text, "no vote on block 200: the wallet is locked");
    }

    #[test]
    fn a_full_pool_is_told_before_the_last_place_is_given() {
        assert_eq!(of_users(79, 100), None);
        let kind = |active| of_users(active, 100).unwrap().kind;
        assert_eq!((kind(80), kind(94), kind(95)), (AlertKind::KeyIndexes, AlertKind::KeyIndexes, AlertKind::PoolFull));
        assert!(of_users(95, 100).unwrap().text.contains("95 of 100"));
    }

    #[test]
    fn a_pace_of_registrations_that_no_people_have_is_told() {
        assert_eq!(of_pace(false, 50), None);
        let told = of_pace(true, 50).unwrap();
        assert!(told.kind == AlertKind::KeyIndexes && told.text.contains("50 addresses"), "{told:?}");
    }

    #[test]
    fn a_certificate_is_told_of_a_month_before_its_end() {
        let ends = |at| of_certificates(&[("wallet a:1".to_owned(), UnixTime(at))], UnixTime(0)).len();
        assert_eq!((ends(31 * 86_400), ends(30 * 86_400), ends(-1)), (0, 1, 1));
    }
}

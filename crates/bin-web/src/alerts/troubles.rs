//! The troubles that are there now.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::alerts::{AlertKind, Trouble};
use stakepool_core::ports::StoredVote;
use stakepool_core::time::UnixTime;
use stakepool_core::voting::VoteOutcome;

use crate::app::App;
use crate::status::{DaemonReport, LAG_ALLOWED, PoolStatus, WalletReport};

/// How long before its end a certificate is told of.
const BEFORE_END: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many of the latest votes are looked at.
const VOTES: u64 = 200;
/// How long other daemons have to report that they cast a vote that one could not cast.
const PATIENCE: Duration = Duration::from_secs(60);
/// How old a missed vote may be to be told after a start.
const BEFORE_START: Duration = Duration::from_secs(3600);

/// All troubles of the pool; votes that were missed from `started` on, and an hour before.
pub async fn all(app: &App, started: UnixTime) -> Vec<Trouble> {
    let mut troubles = of_status(&app.status().await);
    troubles.extend(of_certificates(&app.options.monitoring.certificates, app.now()));
    if let (Some(most), Ok((_, active))) = (app.options.monitoring.max_users, app.services.users.counts().await) {
        troubles.extend(of_users(active, most));
    }
    // Where the database fails, the status says so.
    if let Ok(votes) = app.services.ledger.votes(None, VOTES).await {
        troubles.extend(of_votes(&votes, started.minus(BEFORE_START), app.now().minus(PATIENCE)));
    }
    troubles
}

fn trouble(kind: AlertKind, about: impl Into<String>, text: impl Into<String>) -> Trouble {
    Trouble { kind, about: about.into(), text: text.into() }
}

/// What the status page shows.
pub fn of_status(status: &PoolStatus) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !status.failures.is_empty() {
        troubles.push(trouble(AlertKind::Down, "the pool", status.failures.join("; ")));
    }
    troubles.extend(status.wallets.iter().flat_map(of_wallet));
    troubles.extend(status.daemons.iter().flat_map(of_daemon));
    troubles
}

fn of_wallet(wallet: &WalletReport) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut add = |kind, text: String| troubles.push(trouble(kind, format!("wallet {}", wallet.name), text));
    let error = || wallet.last_error.clone().unwrap_or_default();
    match wallet.state {
        "away" => add(AlertKind::WalletAway, error()),
        "disagrees" => add(AlertKind::Disagreement, error()),
        _ => {}
    }
    // What it said of itself is old where it is away.
    if wallet.state == "away" {
        return troubles;
    }
    if wallet.unlocked == Some(false) {
        add(AlertKind::WalletLocked, "it is locked and signs nothing: unlock it".to_owned());
    }
    if wallet.connected == Some(false) {
        add(AlertKind::Other, "it is not connected to its node: start the node".to_owned());
    }
    if let Some(lag) = wallet.lag.filter(|lag| *lag > LAG_ALLOWED) {
        add(AlertKind::Lag, format!("it is {lag} blocks behind"));
    }
    troubles
}

fn of_daemon(daemon: &DaemonReport) -> Vec<Trouble> {
    let about = format!("daemon {}", daemon.name);
    let mut troubles = Vec::new();
    match daemon.state {
        "away" => {
            let error = daemon.last_error.clone().unwrap_or_default();
            return vec![trouble(AlertKind::DaemonAway, about, error)];
        }
        "in order" => {}
        _ => return troubles,
    }
    for wallet in &daemon.wallets {
        let of_wallet = format!("wallet {} of {about}", wallet.name);
        if !wallet.reachable {
            troubles.push(trouble(AlertKind::WalletAway, of_wallet, "it cannot be reached"));
        } else if !wallet.unlocked {
            troubles.push(trouble(AlertKind::WalletLocked, of_wallet, "it is locked and signs nothing: unlock it"));
        }
    }
    if let Some(lag) = daemon.lag.filter(|lag| *lag > LAG_ALLOWED) {
        troubles.push(trouble(AlertKind::Lag, about.clone(), format!("it is {lag} blocks behind")));
    }
    let differences: Vec<_> = daemon.problems.iter().filter(|text| text.ends_with("make them the same")).collect();
    if !differences.is_empty() {
        let text = differences.into_iter().cloned().collect::<Vec<_>>().join("; ");
        troubles.push(trouble(AlertKind::Disagreement, about, text));
    }
    troubles
}

fn of_certificates(certificates: &[(String, UnixTime)], now: UnixTime) -> Vec<Trouble> {
    let soon = certificates.iter().filter(|(_, end)| *end <= now.plus(BEFORE_END));
    let told = soon.map(|(name, end)| {
        let text = format!("its certificate ends at {}: make a new one and give copies to its peers", end.readable());
        trouble(AlertKind::CertificateEnds, name, text)
    });
    told.collect()
}

/// Nineteen of twenty places taken are worth a word before the last one is.
fn of_users(active: u64, most: u32) -> Option<Trouble> {
    let is_full = active.saturating_mul(20) >= u64::from(most).saturating_mul(19);
    let text = format!("{active} of {most} addresses are given: raise maxusers, or close the pool");
    is_full.then(|| trouble(AlertKind::PoolFull, "the pool", text))
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

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::{BlockHash, BlockHeight, Hash160, Network, ScriptAddress, TicketHash, VoteBits};
    use stakepool_core::voting::{UnixMillis, VoteRecord, VoteTimings};

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
        assert_eq!(of_users(94, 100), None);
        assert!(of_users(95, 100).unwrap().text.contains("95 of 100"));
    }

    #[test]
    fn a_certificate_is_told_of_a_month_before_its_end() {
        let ends = |at| of_certificates(&[("wallet a:1".to_owned(), UnixTime(at))], UnixTime(0)).len();
        assert_eq!((ends(31 * 86_400), ends(30 * 86_400), ends(-1)), (0, 1, 1));
    }
}

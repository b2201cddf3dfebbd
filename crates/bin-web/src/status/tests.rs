//! How the pool is judged.

use stakepool_core::chain::{Generation, VoteBits, VoteVersion};
use stakepool_core::ports::{DaemonStatus, WalletInfo, WalletState};

use super::*;

fn wallet(health: Health, height: u32) -> MemberStatus {
    let info = WalletInfo {
        generation: Generation::Today,
        version: "2.8.5".to_owned(),
        unlocked: true,
        connected: true,
        votes_itself: false,
        vote_bits: VoteBits(1),
        vote_bits_extended: "0b000000".to_owned(),
        vote_version: VoteVersion(11),
    };
    MemberStatus { name: format!("w{height}"), health, info: Some(info), height: Some(BlockHeight(height)) }
}

fn daemon(change: impl Fn(&mut DaemonStatus)) -> DaemonView {
    let mut status = DaemonStatus {
        id: "d".to_owned(),
        epoch: 1,
        version: "1".to_owned(),
        network: Network::Simnet,
        cold_wallet_xpub: String::new(),
        pool_fee: fee(),
        wanted_digest: String::new(),
        users: 1,
        node_height: Some(BlockHeight(100)),
        synced_height: Some(BlockHeight(100)),
        wallets: vec![WalletState { name: "w".to_owned(), reachable: true, unlocked: true, votes_itself: false }],
        live_tickets: 1,
        ignored_tickets: 0,
        problems: Vec::new(),
    };
    change(&mut status);
    DaemonView { status: Some(status), in_order: true, error: None, last_in_order: Some(UnixTime(1)) }
}

fn fee() -> PoolFee {
    PoolFee::from_percent(7.5).unwrap()
}

fn judge(wallets: &[MemberStatus], daemons: &[Option<DaemonView>], database_error: Option<&str>) -> PoolStatus {
    let daemons: Vec<_> = daemons.iter().enumerate().map(|(n, view)| (format!("d{n}"), view.clone())).collect();
    PoolStatus::of(&Seen {
        now: UnixTime(0),
        wallets,
        quorum: 2,
        daemons: &daemons,
        database_error: database_error.map(str::to_owned),
        ours: Settings { network: Network::Simnet, fee: fee(), cold_wallet: None },
        warnings: &[],
    })
}

fn good() -> [MemberStatus; 2] {
    [wallet(Health::Healthy, 100), wallet(Health::Healthy, 99)]
}

#[test]
fn all_is_well_where_all_agree() {
    let status = judge(&good(), &[Some(daemon(|_| {}))], None);
    assert_eq!((status.state, status.height), (Overall::Ok, Some(100)), "{:?}", status.problems);
    assert_eq!(status.wallets[1].lag, Some(1));
}

#[test]
fn too_few_wallets_or_one_that_disagrees_or_no_database_stop_the_service() {
    let daemons = [Some(daemon(|_| {}))];
    let away = wallet(Health::Away { error: "refused".to_owned() }, 100);
    let differs = wallet(Health::Disagrees { how: "other key".to_owned() }, 100);
    let [one, two] = good();
    for (wallets, database, expected) in [
        (vec![one.clone(), away.clone()], None, "only 1 of the 2"),
        (vec![one.clone(), two.clone(), differs], None, "disagrees"),
        (vec![one.clone(), two.clone()], Some("disk full"), "disk full"),
    ] {
        let status = judge(&wallets, &daemons, database);
        assert_eq!(status.state, Overall::Down);
        assert!(status.failures[0].contains(expected), "{:?}", status.failures);
    }
    assert_eq!(judge(&[one, two, away], &daemons, None).state, Overall::Degraded, "a third one is a reserve");
}

#[test]
fn the_pool_is_down_where_no_daemon_can_vote() {
    let locked = daemon(|status| status.wallets[0].unlocked = false);
    let away = DaemonView { in_order: false, error: Some("refused".to_owned()), ..daemon(|_| {}) };
    for daemons in [vec![None], vec![Some(locked.clone())], vec![Some(away.clone()), Some(locked.clone())]] {
        assert_eq!(judge(&good(), &daemons, None).state, Overall::Down, "{daemons:?}");
    }
    let one_left = judge(&good(), &[Some(away), Some(daemon(|_| {}))], None);
    assert_eq!(one_left.state, Overall::Degraded);
    let predecessor = DaemonView { status: None, ..daemon(|_| {}) };
    assert_eq!(judge(&good(), &[Some(predecessor)], None).state, Overall::Ok);
}

#[test]
fn settings_that_differ_are_told_with_both_values() {
    let other = daemon(|status| status.pool_fee = PoolFee::from_percent(5.0).unwrap());
    let status = judge(&good(), &[Some(other)], None);
    assert_eq!(status.state, Overall::Degraded);
    let text = "its poolfees is 5, but the web's is 7.5: make them the same";
    assert_eq!(status.problems, [format!("daemon d0: {text}")]);
    let other = daemon(|status| status.pool_fee = PoolFee::from_percent(5.0).unwrap());
    let refused = DaemonView { error: Some(format!("not used, because {text}")), in_order: false, ..other };
    assert_eq!(judge(&good(), &[Some(refused)], None).problems.len(), 1, "told once");
}

#[test]
fn lag_own_voting_and_locks_are_told() {
    let [one, mut two] = good();
    two.height = Some(BlockHeight(90));
    if let Some(info) = &mut two.info {
        (info.unlocked, info.votes_itself) = (false, true);
    }
    let status = judge(&[one, two], &[Some(daemon(|_| {}))], None);
    let problems = status.problems.join("\n");
    for expected in ["10 blocks behind", "votes by itself", "is locked"] {
        assert!(problems.contains(expected), "{problems}");
    }
    assert_eq!(status.state, Overall::Degraded);
}

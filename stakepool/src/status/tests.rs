//! How the pool is judged.

use std::time::Duration;

use stakepool_core::chain::{
    BlockHeight, Generation, Hash160, KeyIndex, Network, ScriptAddress, VoteBits, VoteVersion,
};
use stakepool_core::desired::{FORMAT, FeeIndexes};
use stakepool_core::ports::{DaemonStatus, TicketCheck, WalletInfo, WalletState};
use stakepool_core::ticket::PoolFee;
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::{Health, MemberStatus, PendingRepairs, RecentHeights, ScriptCensus, UnknownScript};
use tokio::time::Instant;

use crate::alert_record::AlertsReport;
use crate::daemons::DaemonView;
use crate::database::{DatabaseCondition, DatabaseReport};
use crate::status::daemon::DaemonReport;
use crate::status::judge::{Overall, PoolStatus, Seen};
use crate::status::unknown::unknown_addresses;
use crate::status::wallet::WalletReport;
use crate::terms::PoolTerms;
use crate::unknown_notes::{Acknowledgement, UnknownNotes};

/// The account key of the pool's wallets.
const KEY: &str =
    "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";

fn wallet(health: Health, height: u32) -> MemberStatus {
    let info = WalletInfo {
        generation: Generation::Today,
        version: "exccwallet 2.8.5 (JSON-RPC 8.9.0)".to_owned(),
        unlocked: true,
        connected: true,
        votes_itself: false,
        vote_bits: VoteBits(1),
        vote_bits_extended: "0b000000".to_owned(),
        vote_version: VoteVersion(11),
        spv: false,
    };
    let (name, height) = (format!("w{height}"), Some(BlockHeight(height)));
    MemberStatus {
        name,
        health,
        info: Some(info),
        height,
        heights: steady(height),
        pending: PendingRepairs { scripts: Some(0), rescan_from: None },
        census: None,
    }
}

/// A height that has been reported for a while.
fn steady(height: Option<BlockHeight>) -> RecentHeights {
    let (mut heights, since) = (RecentHeights::default(), Instant::now());
    if let Some(height) = height {
        heights.note(since + Duration::from_secs(60), since, height);
    }
    heights
}

fn of_daemon() -> WalletState {
    WalletState { name: "w".to_owned(), reachable: true, unlocked: true, votes_itself: false, account_key: None }
}

fn daemon(change: impl Fn(&mut DaemonStatus)) -> DaemonView {
    let mut status = DaemonStatus {
        id: "d".to_owned(),
        epoch: 1,
        version: "1".to_owned(),
        network: Network::Simnet,
        cold_wallet_xpub: KEY.to_owned(),
        old_cold_wallet_xpubs: Vec::new(),
        pool_fee: fee(),
        wanted_digest: String::new(),
        users: 1,
        node_height: Some(BlockHeight(100)),
        synced_height: Some(BlockHeight(100)),
        wallets: vec![of_daemon()],
        live_tickets: 1,
        ignored_tickets: 0,
        problems: Vec::new(),
        problem_topics: Vec::new(),
        takes_acknowledged: true,
        takes_keys: true,
        takes_terms: true,
        takes_format: FORMAT,
        fee_indexes: FeeIndexes::default(),
        latest_blocks: Vec::new(),
        check: TicketCheck::default(),
    };
    change(&mut status);
    let (node_heights, synced_heights) = (steady(status.node_height), steady(status.synced_height));
    DaemonView {
        status: Some(status),
        in_sync: true,
        last_in_sync: Some(UnixTime(1)),
        node_heights,
        synced_heights,
        ..DaemonView::default()
    }
}

fn fee() -> PoolFee {
    PoolFee::from_percent(7.5).unwrap()
}

fn terms() -> PoolTerms {
    let key = KEY.parse().unwrap();
    PoolTerms::new(Network::Simnet, key, key, fee())
}

fn judge(wallets: &[MemberStatus], daemons: &[Option<DaemonView>], database_error: Option<&str>) -> PoolStatus {
    let daemons: Vec<_> = daemons.iter().enumerate().map(|(n, view)| (format!("d{n}"), view.clone())).collect();
    PoolStatus::of(&Seen {
        now: UnixTime(0),
        unknown: &UnknownNotes::default(),
        wallets,
        quorum: 2,
        daemons: &daemons,
        database: match database_error {
            Some(error) => {
                let (state, error) = (DatabaseCondition::Failing, Some(error.to_owned()));
                DatabaseReport { state, error, ..DatabaseReport::default() }
            }
            None => DatabaseReport::default(),
        },
        alerts: AlertsReport::default(),
        found: Vec::new(),
        ours: &terms(),
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
    let away = wallet(Health::Unreachable { error: "refused".to_owned() }, 100);
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
    let away = DaemonView { in_sync: false, error: Some("refused".to_owned()), ..daemon(|_| {}) };
    for daemons in [vec![Some(locked.clone())], vec![Some(away.clone()), Some(locked.clone())]] {
        assert_eq!(judge(&good(), &daemons, None).state, Overall::Down, "{daemons:?}");
    }
    let one_left = judge(&good(), &[Some(away), Some(daemon(|_| {}))], None);
    assert_eq!(one_left.state, Overall::Degraded);
    let predecessor = DaemonView { status: None, ..daemon(|_| {}) };
    assert_eq!(judge(&good(), &[Some(predecessor)], None).state, Overall::Ok);
}

#[test]
fn before_the_first_answers_no_fault_is_claimed_that_they_may_prove_wrong() {
    let unheard = MemberStatus { info: None, height: None, heights: steady(None), ..wallet(Health::Unknown, 0) };
    let locked = || {
        let mut wallet = wallet(Health::Healthy, 100);
        wallet.info.as_mut().unwrap().unlocked = false;
        wallet
    };
    let away = DaemonView { in_sync: false, error: Some("refused".to_owned()), ..daemon(|_| {}) };
    let [one, two] = good();
    for (wallets, daemons) in [
        (vec![unheard.clone(), unheard.clone()], vec![None]),
        (vec![one.clone(), unheard.clone()], vec![Some(daemon(|_| {}))]),
        (vec![one.clone(), two.clone()], vec![Some(away.clone()), None]),
        (vec![locked(), unheard.clone()], vec![None]),
    ] {
        let status = judge(&wallets, &daemons, None);
        assert_eq!((status.state, &status.failures), (Overall::Starting, &Vec::new()), "{:?}", status.problems);
        let unheard = status.unheard();
        assert!(!status.problems.iter().any(|problem| unheard.iter().any(|name| problem.contains(name))));
    }
    // What is known is said.
    let refused = wallet(Health::Unreachable { error: "refused".to_owned() }, 100);
    assert_eq!(judge(&[refused, unheard], &[None], None).state, Overall::Down, "two are needed");
    assert_eq!(judge(&[one, two], &[None], Some("disk full")).state, Overall::Down);
    let report = &judge(&good(), &[None], None).daemons[0];
    assert_eq!((report.can_vote, report.live_tickets, report.lag), (None, None, None));
    let fresh = daemon(|status| status.synced_height = None);
    assert_eq!(judge(&good(), &[Some(fresh)], None).daemons[0].live_tickets, None, "it knows no block yet");
}

#[test]
fn a_daemon_without_a_node_or_far_behind_cannot_vote() {
    let height = |height| Some(BlockHeight(height));
    for (node, synced, can_vote) in [
        (height(100), height(98), true),
        (height(100), height(97), false),
        (None, height(100), false),
        (height(100), None, false),
        // Its node is behind the wallets.
        (height(98), height(98), true),
        (height(97), height(97), false),
    ] {
        let daemon = daemon(|status| (status.node_height, status.synced_height) = (node, synced));
        let status = judge(&good(), &[Some(daemon)], None);
        assert_eq!(status.daemons[0].can_vote, Some(can_vote), "{node:?} {synced:?}");
        assert_eq!(status.failures.is_empty(), can_vote, "{:?}", status.failures);
        if !can_vote {
            assert_eq!(status.failures, ["no voting daemon is known to be able to vote"]);
        }
    }
}

#[test]
fn wallets_of_which_none_can_sign_or_has_a_node_stop_the_service() {
    let daemons = [Some(daemon(|_| {}))];
    type Change = fn(&mut WalletInfo);
    let locked: (Change, &str) = (|info| info.unlocked = false, "is locked");
    let alone: (Change, &str) = (|info| info.connected = false, "is connected to its node");
    for (change, expected) in [locked, alone] {
        let mut wallets = good();
        change(wallets[0].info.as_mut().unwrap());
        assert_eq!(judge(&wallets, &daemons, None).state, Overall::Degraded, "{expected}");
        change(wallets[1].info.as_mut().unwrap());
        // What one that is away said last counts for nothing.
        let away = wallet(Health::Unreachable { error: "refused".to_owned() }, 100);
        for wallets in [wallets.to_vec(), [wallets.to_vec(), vec![away]].concat()] {
            let status = judge(&wallets, &daemons, None);
            assert_eq!((status.state, status.failures.len()), (Overall::Down, 1), "{:?}", status.failures);
            assert!(status.failures[0].contains(expected), "{:?}", status.failures);
        }
    }
}

#[test]
fn a_daemon_or_wallet_of_another_chain_says_nothing_about_the_height() {
    let far = Some(BlockHeight(1_000_000));
    let foreign = daemon(|status| {
        (status.network, status.node_height, status.synced_height) = (Network::Mainnet, far, far);
    });
    let foreign = DaemonView { in_sync: false, refused: true, error: Some("another network".to_owned()), ..foreign };
    let differs = wallet(Health::Disagrees { how: "other key".to_owned() }, 1_000_000);
    let [one, two] = good();
    let status = judge(&[one, two, differs], &[Some(daemon(|_| {})), Some(foreign)], None);
    assert_eq!(status.height, Some(100));
    assert_eq!(status.daemons[0].can_vote, Some(true), "{:?}", status.problems);
}

#[test]
fn repairs_that_a_wallet_owes_are_told_also_while_it_is_away() {
    let owes = |scripts, rescan_from: Option<u32>| {
        let mut away = wallet(Health::Unreachable { error: "refused".to_owned() }, 100);
        away.pending = PendingRepairs { scripts, rescan_from: rescan_from.map(BlockHeight) };
        judge(&[away], &[], None).wallets[0].owes.clone()
    };
    assert_eq!(owes(Some(0), None), "none");
    assert_eq!(owes(Some(1), None), "1 script");
    assert_eq!(owes(Some(7), Some(315)), "7 scripts, then a rescan from block 315");
    assert_eq!(owes(Some(0), Some(315)), "a rescan from block 315");
    assert_eq!(owes(None, Some(315)), "scripts not known until it answers, then a rescan from block 315");
}

#[test]
fn conditions_have_the_words_that_monitors_know() {
    for (health, expected) in [
        (Health::Unknown, "unknown"),
        (Health::Healthy, "in service"),
        (Health::Unreachable { error: String::new() }, "away"),
        (Health::Recovering { done: 0, total: 1 }, "being repaired"),
        (Health::Disagrees { how: String::new() }, "disagrees"),
    ] {
        let status = judge(&[wallet(health, 1)], &[], None);
        assert_eq!(serde_json::to_value(&status).unwrap()["wallets"][0]["state"], expected);
    }
    let view = |in_sync, refused| Some(DaemonView { in_sync, refused, ..daemon(|_| {}) });
    for (view, expected) in [
        (None, "unknown"),
        (view(true, false), "in order"),
        (view(false, true), "not in order"),
        (view(false, false), "not in order"),
    ] {
        let status = judge(&good(), &[view], None);
        assert_eq!(serde_json::to_value(&status).unwrap()["daemons"][0]["state"], expected);
    }
}

#[test]
fn settings_that_differ_are_told_with_both_values() {
    let other = daemon(|status| status.pool_fee = PoolFee::from_percent(5.0).unwrap());
    let status = judge(&good(), &[Some(other)], None);
    assert_eq!(status.state, Overall::Degraded);
    let text = "its poolfees is 5, but the web's is 7.5: make them the same";
    assert_eq!(status.problems, [format!("daemon d0: {text}")]);
    let other = daemon(|status| status.pool_fee = PoolFee::from_percent(5.0).unwrap());
    let refused = DaemonView { error: Some(format!("not used, because {text}")), in_sync: false, ..other };
    assert_eq!(judge(&good(), &[Some(refused)], None).problems.len(), 1, "told once");
}

#[test]
fn lag_own_voting_and_locks_are_told() {
    let [one, mut two] = good();
    (two.height, two.heights) = (Some(BlockHeight(80)), steady(Some(BlockHeight(80))));
    if let Some(info) = &mut two.info {
        (info.unlocked, info.votes_itself) = (false, true);
    }
    let status = judge(&[one, two], &[Some(daemon(|_| {}))], None);
    let problems = status.problems.join("\n");
    for expected in ["20 blocks behind", "votes by itself", "is locked"] {
        assert!(problems.contains(expected), "{problems}");
    }
    assert_eq!(status.state, Overall::Degraded);
}

#[test]
fn a_daemon_whose_wallet_is_of_another_seed_is_told_with_both_keys() {
    let differences = |told: Option<&str>| {
        let view = daemon(|status| status.wallets[0].account_key = told.map(str::to_owned));
        DaemonReport::of("d0", Some(&view), Some(0), 2, &terms()).differences
    };
    assert_eq!(differences(Some(KEY)), [""; 0]);
    assert_eq!(differences(None), [""; 0], "older daemons do not tell it");
    let told = differences(Some("spubOther"));
    let text =
        format!("its wallet w has the account key spubOther, but votingwalletextpub is {KEY}: restore the wallet");
    assert!(told.len() == 1 && told[0].starts_with(&text), "{told:?}");
}

#[test]
fn a_wallet_without_a_node_or_of_a_version_with_known_faults_is_a_problem_with_the_remedy() {
    let told = |generation: Generation, version: &str, spv: bool| {
        let mut wallet = wallet(Health::Healthy, 100);
        let info = wallet.info.as_mut().unwrap();
        (info.generation, info.version, info.spv) = (generation, version.to_owned(), spv);
        WalletReport::of(&wallet, None, 0, false, &UnknownNotes::default()).problems
    };
    let sound = [
        "exccwallet 2.8.5-pre+95a63117d (JSON-RPC 8.9.0)",
        "exccwallet 2.9.0",
        "exccwallet 3.0.0+x (JSON-RPC 9.0.0)",
        "exccwallet (its version is unknown while its node is away)",
        "another",
    ];
    for version in sound {
        assert_eq!(told(Generation::Today, version, false), [""; 0], "{version}");
    }
    assert_eq!(told(Generation::Legacy, "exccwallet of 2018 (2.x)", false), [""; 0]);
    for (version, why) in [
        ("exccwallet 2.8.4 (JSON-RPC 8.9.0)", "its version is 2.8.4: "),
        ("exccwallet (JSON-RPC 8.8.0)", "it does not say its version, so that it is older than 2.8.5: "),
    ] {
        let told = told(Generation::Today, version, false);
        assert!(told.len() == 1 && told[0].starts_with(why) && told[0].contains("update it to 2.8.5"), "{told:?}");
    }
    let told = told(Generation::Today, sound[0], true);
    assert!(told.len() == 1 && told[0].contains("SPV") && told[0].contains("rpcconnect"), "{told:?}");
}

#[test]
fn scripts_of_users_whom_the_database_does_not_know_are_a_problem_until_the_operator_has_decided() {
    let unknown = |index, tickets| UnknownScript {
        address: ScriptAddress::new(Network::Simnet, Hash160([u8::try_from(index).unwrap(); 20])),
        index: KeyIndex(index),
        tickets,
    };
    let told = |unknown: Vec<UnknownScript>, new_pool: bool| {
        let census = ScriptCensus { scripts: 2 + unknown.len(), users: 2, unknown };
        let wallet = MemberStatus { census: Some(census), ..wallet(Health::Healthy, 100) };
        let report = WalletReport::of(&wallet, None, 0, new_pool, &UnknownNotes::default());
        assert_eq!(report.unknown_users.iter().cloned().collect::<Vec<_>>(), report.problems);
        report.unknown_users
    };
    assert_eq!(told(Vec::new(), false), None);
    let (idle, busy) = (unknown(3, Some(0)), unknown(7, Some(4)));
    let text = told(vec![idle, busy], false).unwrap();
    assert!(
        text.starts_with("it holds 4 scripts, 2 of them of users whom the database does not know (key indexes 3 to 7)"),
        "{text}"
    );
    assert!(text.contains("4 tickets that may still vote") && text.contains("check `database`"), "{text}");
    let text = told(vec![idle], false).unwrap();
    assert!(text.contains("1 of them of a user whom") && text.contains("(key index 3)"), "{text}");
    assert!(!text.contains("tickets that may"), "{text}");
    assert_eq!(told(vec![idle], true), None, "newpool has decided about users without tickets");
    assert!(told(vec![idle, busy], true).is_some(), "tickets that may vote are never passed over");
    // One that is acknowledged is left out, whatever tickets it has.
    let census = ScriptCensus { scripts: 4, users: 2, unknown: vec![idle, busy] };
    let wallets = [MemberStatus { census: Some(census), ..wallet(Health::Healthy, 100) }];
    let told = |acknowledged: &[UnknownScript]| {
        let acknowledgement = || Acknowledgement { at: UnixTime(9), by: "stakepoolctl".to_owned() };
        let acknowledged = acknowledged.iter().map(|script| (script.address, acknowledgement())).collect();
        let notes = UnknownNotes { acknowledged, ..UnknownNotes::default() };
        let listed: Vec<_> = unknown_addresses(&wallets, &[], &notes, false)
            .into_iter()
            .map(|it| (it.key_index.unwrap().0, it.live_tickets, it.acknowledged.is_some()))
            .collect();
        (WalletReport::of(&wallets[0], None, 0, false, &notes).unknown_users, listed)
    };
    let (text, listed) = told(&[busy]);
    assert!(text.unwrap().contains("(key index 3)"));
    assert_eq!(listed, [(3, 0, false), (7, 4, true)], "what is acknowledged comes last");
    assert_eq!(told(&[idle, busy]), (None, vec![(7, 4, true), (3, 0, true)]));
}

#[test]
fn a_daemon_that_lacks_the_key_of_a_cold_wallet_before_or_has_one_more_is_told_with_the_remedy() {
    let told = |ours: &[&str], theirs: &[&str]| {
        let view = daemon(|status| status.old_cold_wallet_xpubs = theirs.iter().map(ToString::to_string).collect());
        let terms = terms().old_cold_wallets(ours.iter().map(|key| key.parse().unwrap()).collect());
        DaemonReport::of("d0", Some(&view), Some(0), 2, &terms).differences
    };
    assert_eq!((told(&[], &[]), told(&[KEY], &[KEY])), (Vec::new(), Vec::new()));
    let lacks = format!("its oldcoldwalletextpubs lacks {KEY}, which the web's has: make them the same");
    assert_eq!(told(&[KEY], &[]), [lacks]);
    let has = format!("its oldcoldwalletextpubs has {KEY}, which the web's lacks: make them the same");
    assert_eq!(told(&[], &[KEY]), [has]);
}

//! Which differences last.

use super::*;
use stakepool_core::chain::{BlockHash, BlockHeight, Network, TicketHash};
use stakepool_core::desired::{FORMAT, FeeIndexes};
use stakepool_core::ports::{TicketCheck, TicketSet};
use stakepool_core::ticket::PoolFee;

use crate::daemons::standing::Standing;

fn ticket(number: u8) -> TicketHash {
    TicketHash::from_bytes([number; 32])
}

fn set(tickets: &[u8]) -> TicketSet {
    tickets.iter().map(|number| ticket(*number)).collect()
}

/// A daemon in sync at a block, with tickets that it votes and ignores.
fn daemon(block: u8, voted: &[u8], ignored: &[u8]) -> DaemonView {
    let height = BlockHeight(u32::from(block));
    let sets = TicketSets {
        block: BlockHash::from_bytes([block; 32]),
        height,
        voted: set(voted),
        ignored: set(ignored),
        others: 0,
    };
    let status = DaemonStatus {
        id: "id".to_owned(),
        epoch: 1,
        version: String::new(),
        network: Network::Simnet,
        cold_wallet_xpub: String::new(),
        old_cold_wallet_xpubs: Vec::new(),
        pool_fee: PoolFee::from_percent(7.5).unwrap(),
        wanted_digest: "the users".to_owned(),
        users: 1,
        node_height: Some(height),
        synced_height: Some(height),
        wallets: Vec::new(),
        live_tickets: 0,
        ignored_tickets: 0,
        problems: Vec::new(),
        problem_topics: Vec::new(),
        takes_acknowledged: true,
        takes_keys: true,
        takes_terms: true,
        takes_format: FORMAT,
        fee_indexes: FeeIndexes::default(),
        latest_blocks: Vec::new(),
        check: TicketCheck { sets: Some(sets), ..TicketCheck::default() },
    };
    DaemonView { reachable: true, in_sync: true, status: Some(status), ..DaemonView::default() }
}

fn changed(mut view: DaemonView, change: impl FnOnce(&mut DaemonStatus)) -> DaemonView {
    change(view.status.as_mut().unwrap());
    view
}

fn views(daemons: &[DaemonView]) -> BTreeMap<String, DaemonView> {
    let names = ["a:1", "b:1", "c:1"].map(str::to_owned);
    names.into_iter().zip(daemons.iter().cloned()).collect()
}

/// What is told after looks at these moments, in seconds.
fn told(looks: &[(i64, &[DaemonView])]) -> Vec<TicketDifference> {
    let mut differences = Differences::default();
    for (at, daemons) in looks {
        differences.look(UnixTime(*at), &views(daemons));
    }
    differences.told()
}

#[test]
fn daemons_that_vote_other_tickets_for_a_minute_are_told_and_others_are_not() {
    let (full, lacks) = (daemon(9, &[1, 2, 3], &[4]), daemon(9, &[1, 2], &[4]));
    let differ = [full.clone(), lacks];
    assert_eq!(told(&[(0, &differ)]), []);
    assert_eq!(told(&[(0, &differ), (59, &differ)]), []);
    let after_a_minute = told(&[(0, &differ), (60, &differ)]);
    assert_eq!(after_a_minute[0].about, "daemons a:1 and b:1");
    let counts = "at block 9 a:1 votes 3 tickets of users and ignores 1, b:1 votes 2 and ignores 1";
    assert!(after_a_minute[0].text.contains(counts), "{}", after_a_minute[0].text);
    let alike = [full.clone(), full];
    assert_eq!(told(&[(0, &alike), (60, &alike)]), []);
    assert_eq!(told(&[(0, &differ), (60, &differ), (64, &alike)]), [], "it is over at once");
    assert_eq!(told(&[(0, &differ), (30, &alike), (60, &differ)]), [], "it did not last");
}

#[test]
fn as_many_tickets_but_others_or_another_verdict_on_one_is_a_difference() {
    let one = daemon(9, &[1, 2], &[3]);
    for other in [daemon(9, &[1, 4], &[3]), daemon(9, &[1, 2], &[4]), daemon(9, &[1, 3], &[2])] {
        let differ = [one.clone(), other];
        assert_eq!(told(&[(0, &differ), (60, &differ)]).len(), 1);
    }
}

#[test]
fn daemons_at_other_blocks_behind_out_of_sync_or_with_other_users_are_not_compared() {
    let other = || daemon(9, &[1], &[]);
    let out_of_sync = DaemonView { in_sync: false, ..other() };
    for not_comparable in [
        daemon(8, &[1], &[]),
        out_of_sync,
        changed(other(), |status| status.check.sets = None),
        changed(other(), |status| status.node_height = Some(BlockHeight(10))),
        changed(other(), |status| status.node_height = None),
        changed(other(), |status| status.synced_height = Some(BlockHeight(8))),
        changed(other(), |status| status.wanted_digest = "other users".to_owned()),
        DaemonView { status: None, ..other() },
    ] {
        let differ = [daemon(9, &[1, 2], &[]), not_comparable];
        assert_eq!(told(&[(0, &differ), (60, &differ), (120, &differ)]), []);
    }
}

#[test]
fn a_difference_stands_over_the_moments_between_blocks_and_a_call_that_fails() {
    let differ = [daemon(9, &[1, 2], &[]), daemon(9, &[1], &[])];
    let between = [daemon(10, &[1, 2], &[]), daemon(9, &[1], &[])];
    let next = [daemon(10, &[1, 2], &[]), daemon(10, &[1], &[])];
    assert_eq!(told(&[(0, &differ), (60, &differ), (64, &between)]).len(), 1);
    assert_eq!(told(&[(0, &differ), (30, &between), (60, &next)]).len(), 1);
    let undone = [changed(differ[0].clone(), |status| status.check.sets = None), differ[1].clone()];
    assert_eq!(
        told(&[(0, &differ), (60, &differ), (240, &undone), (241, &differ)]).len(),
        1,
        "until the regular check"
    );
    assert_eq!(told(&[(0, &differ), (60, &differ), (361, &between)]), [], "nobody has seen it for five minutes");
    let away = [differ[0].clone(), DaemonView { in_sync: false, ..differ[1].clone() }];
    assert_eq!(told(&[(0, &differ), (60, &differ), (64, &away)]).len(), 1, "it need not have gone with the answer");
    assert_eq!(told(&[(0, &differ), (60, &away), (64, &differ)]).len(), 1);
}

#[test]
fn a_clock_that_was_years_ahead_keeps_nothing_waiting() {
    let differ: &[DaemonView] = &[daemon(9, &[1, 2], &[]), daemon(9, &[1], &[])];
    const YEARS: i64 = 2 * 365 * 86_400;
    assert_eq!(told(&[(YEARS, differ), (1000, differ)]), []);
    assert_eq!(told(&[(YEARS, differ), (1000, differ), (1060, differ)]).len(), 1);
}

#[test]
fn of_three_daemons_the_one_that_differs_is_told_once() {
    let (full, lacks) = (daemon(9, &[1, 2], &[]), daemon(9, &[1], &[]));
    for odd in 0..3 {
        let mut three = [full.clone(), full.clone(), full.clone()];
        three[odd] = lacks.clone();
        let told = told(&[(0, &three), (60, &three)]);
        assert!(told.len() == 1 && told[0].about.contains(["a:1", "b:1", "c:1"][odd]), "{told:?}");
    }
}

#[test]
fn the_tickets_that_differ_are_named_with_what_to_do() {
    let differ = views(&[daemon(9, &[1, 2, 3, 4, 5], &[]), daemon(9, &[1], &[2, 3, 4])]);
    let mut differences = Differences::default();
    differences.look(UnixTime(0), &differ);
    assert_eq!(differences.next_to_name(UnixTime(0)), None, "it may be over soon");
    differences.look(UnixTime(60), &differ);
    assert!(differences.is_any_to_name(UnixTime(60)));
    let pair = differences.next_to_name(UnixTime(60)).unwrap();
    assert_eq!(
        differences.next_to_name(UnixTime(239)),
        None,
        "one that cannot be listed is tried again after a while only"
    );
    let named = |number, standings| Differing { ticket: ticket(number), standings };
    let judged = |number| named(number, (Standing::Voted, Standing::Ignored));
    let tickets = vec![judged(2), judged(3), judged(4), named(5, (Standing::Voted, Standing::Unknown))];
    differences.name(&pair, tickets);
    assert!(!differences.is_any_to_name(UnixTime(64)), "it was done just now");
    assert!(differences.is_any_to_name(UnixTime(240)));
    let text = differences.told().remove(0).text;
    for expected in [
        format!("they differ on 4 tickets: {} is voted by a:1 and ignored by b:1", ticket(2)),
        " and 1 more; at block 9".to_owned(),
        "`stakepoolctl tickets add HASH` has every daemon vote a ticket".to_owned(),
        "Restart b:1".to_owned(),
    ] {
        assert!(text.contains(&expected), "{expected}: {text}");
    }
    assert!(!text.contains(&ticket(5).to_string()) && !text.contains("Restart a:1"), "{text}");
}

#[test]
fn who_looks_only_twice_is_told_what_was_there_both_times() {
    let differ = views(&[daemon(9, &[1, 2], &[]), daemon(9, &[1], &[])]);
    let alike = views(&[daemon(9, &[1, 2], &[]), daemon(9, &[1, 2], &[])]);
    let now = UnixTime(1000);
    assert!(Differences::any(&differ) && !Differences::any(&alike));
    assert_eq!(Differences::of_two_looks(&differ, now, &differ).told().len(), 1);
    assert_eq!(Differences::of_two_looks(&differ, now, &alike).told(), []);
    assert_eq!(Differences::of_two_looks(&alike, now, &differ).told(), []);
}

//! Daemons that know different tickets are a problem, and ones that are merely behind are none.

use std::sync::Arc;
use std::time::Duration;

use stakepool::status::PoolStatus;
use stakepool_core::alert::AlertKind;
use stakepool_core::chain::{BlockHash, BlockHeight, ScriptAddress};
use stakepool_core::ports::{LedgerStore as _, LowFeeEntry, TicketSet, TicketSets};
use stakepool_core::reports::{DaemonEventKind, TicketState};
use stakepool_core::testkit::{DaemonMood, FakeDaemon};

use crate::reports::{hash, report};
use crate::world::{ALICE, BOB, World, until};

/// Gives a daemon tickets of an address at a block.
fn set(daemon: &FakeDaemon, block: u8, address: ScriptAddress, voted: &[u8], ignored: &[u8]) {
    let entries = |numbers: &[u8]| -> Vec<_> {
        numbers.iter().map(|number| LowFeeEntry { ticket: hash(*number), address }).collect()
    };
    let set = |numbers: &[u8]| numbers.iter().map(|number| hash(*number)).collect::<TicketSet>();
    *daemon.live.lock().unwrap() = entries(voted);
    *daemon.ignored.lock().unwrap() = entries(ignored);
    daemon.status.lock().unwrap().check.sets = Some(TicketSets {
        block: BlockHash::from_bytes([block; 32]),
        height: BlockHeight(321),
        voted: set(voted),
        ignored: set(ignored),
        others: 0,
    });
}

/// A pool with a user and two daemons, which are kept.
async fn scene() -> (World, [Arc<FakeDaemon>; 2], ScriptAddress) {
    let daemons = [FakeDaemon::new("one:1"), FakeDaemon::new("two:1")];
    let world = World::with(|plan| plan.daemons = daemons.to_vec()).await;
    let address = world.registered(ALICE).await.registration.unwrap().address;
    world.keep_daemons();
    for daemon in &daemons {
        world.in_sync(daemon).await;
    }
    (world, daemons, address)
}

/// Looks at both daemons now, and again after a minute.
async fn status_after_a_minute(world: &World, daemons: &[Arc<FakeDaemon>; 2]) -> PoolStatus {
    for pause in [0, 60] {
        world.clock.advance(Duration::from_secs(pause));
        for daemon in daemons {
            world.compared(daemon).await;
        }
    }
    world.pool.status().await
}

fn differing(status: &PoolStatus) -> Vec<&str> {
    let found = status.findings.iter().filter(|found| found.kind == AlertKind::TicketsDiffer);
    found.map(|found| found.text.as_str()).collect()
}

#[tokio::test]
async fn a_daemon_that_ignores_what_its_peer_votes_is_a_problem_until_they_agree() {
    let (world, daemons, address) = scene().await;
    set(&daemons[0], 1, address, &[1, 2, 3], &[]);
    set(&daemons[1], 1, address, &[1], &[2, 3]);
    status_after_a_minute(&world, &daemons).await;
    until("the names of the tickets", || {
        world.pool.daemons().differences().pop().filter(|it| it.text.contains("they differ"))
    })
    .await;
    let status = world.pool.status().await;
    let texts = differing(&status);
    assert_eq!(texts.len(), 1, "{:?}", status.problems);
    for expected in
        ["they differ on 2 tickets", &format!("{} is voted by one:1 and ignored by two:1", hash(2)), "tickets add"]
    {
        assert!(texts[0].contains(expected), "{expected}: {}", texts[0]);
    }
    assert!(status.problems.iter().any(|problem| problem.starts_with("daemons one:1 and two:1: they differ")));
    // A program that does not run the pool sees the same.
    assert_eq!(differing(&world.pool.look().await), texts);
    set(&daemons[1], 1, address, &[1, 2, 3], &[]);
    let status = status_after_a_minute(&world, &daemons).await;
    assert_eq!(status.problems, [""; 0]);
}

#[tokio::test]
async fn lists_that_never_come_keep_no_daemon_from_being_given_a_change() {
    let (world, daemons, address) = scene().await;
    set(&daemons[0], 1, address, &[1, 2], &[]);
    set(&daemons[1], 1, address, &[1], &[]);
    daemons[1].set(DaemonMood::ListsNothing);
    let status = status_after_a_minute(&world, &daemons).await;
    assert_eq!(differing(&status).len(), 1, "the difference is known without their names");
    world.administrator(BOB).await;
    world.change(world.by_email(BOB).await.unwrap().id, |user| user.voting.bits.0 ^= 4).await;
    for daemon in &daemons {
        world.compared(daemon).await;
    }
}

#[tokio::test]
async fn daemons_of_which_one_is_at_another_block_or_still_catches_up_are_no_problem() {
    let (world, daemons, address) = scene().await;
    set(&daemons[0], 1, address, &[1, 2, 3], &[]);
    set(&daemons[1], 2, address, &[1], &[]);
    assert_eq!(status_after_a_minute(&world, &daemons).await.problems, [""; 0]);
    daemons[1].status.lock().unwrap().check.sets = None;
    assert_eq!(status_after_a_minute(&world, &daemons).await.problems, [""; 0]);
    assert_eq!(differing(&world.pool.look().await), [""; 0]);
}

/// What is found of daemons and the ledger, or of tickets, after two comparisons with the ledger.
async fn after_two_comparisons(world: &World, daemons: &[Arc<FakeDaemon>; 2]) -> Vec<(String, String)> {
    for pause in [0, 60] {
        world.clock.advance(Duration::from_secs(pause));
        for daemon in daemons {
            world.compared(daemon).await;
        }
        world.pool.daemons().compare_with_ledger().await;
    }
    let findings = world.pool.status().await.findings.into_iter();
    findings.filter(|found| found.kind == AlertKind::TicketsDiffer).map(|found| (found.about, found.text)).collect()
}

#[tokio::test]
async fn a_ticket_that_a_daemon_is_to_vote_and_the_ledger_lacks_or_has_as_voted_is_a_problem() {
    let (world, daemons, address) = scene().await;
    let user = world.by_email(ALICE).await.unwrap();
    let stored = |number, state| report(user.id, user.registration.as_ref().unwrap(), number, state);
    let reports = [stored(1, TicketState::Live), stored(2, TicketState::Voted)];
    world.database.put_tickets("three:1", &reports, world.now()).await.unwrap();
    set(&daemons[0], 1, address, &[1, 2, 3], &[]);
    assert_eq!(after_two_comparisons(&world, &daemons).await.len(), 1);
    let (about, text) = after_two_comparisons(&world, &daemons).await.remove(0);
    assert_eq!(about, "daemon one:1 and the database");
    for expected in ["it has 2 tickets", &format!("{}, which it has as voted", hash(2)), &hash(3).to_string()] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // It is restarted, and reports what it has. The ticket that voted was counted as live by mistake.
    set(&daemons[0], 1, address, &[1, 3], &[]);
    world.database.put_tickets("one:1", &[stored(3, TicketState::Live)], world.now()).await.unwrap();
    assert_eq!(after_two_comparisons(&world, &daemons).await, []);
}

#[tokio::test]
async fn tickets_that_only_the_ledger_has_as_live_and_daemons_that_catch_up_are_no_problem() {
    let (world, daemons, address) = scene().await;
    let user = world.by_email(ALICE).await.unwrap();
    let vanished = report(user.id, user.registration.as_ref().unwrap(), 1, TicketState::Immature);
    world.database.put_tickets("one:1", &[vanished], world.now()).await.unwrap();
    for daemon in &daemons {
        set(daemon, 1, address, &[], &[]);
    }
    assert_eq!(after_two_comparisons(&world, &daemons).await, []);
    set(&daemons[0], 1, address, &[7], &[]);
    daemons[0].status.lock().unwrap().check.sets = None;
    assert_eq!(after_two_comparisons(&world, &daemons).await, []);
}

#[tokio::test]
async fn a_ticket_that_one_daemon_reports_as_missed_and_another_as_voted_is_a_problem() {
    let (world, daemons, _) = scene().await;
    let user = world.by_email(ALICE).await.unwrap();
    for (daemon, state) in daemons.iter().zip([TicketState::Voted, TicketState::Missed]) {
        let ended = report(user.id, user.registration.as_ref().unwrap(), 9, state);
        daemon.report(DaemonEventKind::Ticket(ended));
        world.collected(daemon, 1).await;
    }
    let found = after_two_comparisons(&world, &daemons).await;
    assert_eq!((found.len(), found[0].0.as_str()), (1, format!("ticket {}", hash(9)).as_str()));
    assert!(found[0].1.contains("(one:1 says voted, two:1 says missed)"), "{}", found[0].1);
    // The one that was wrong is put right.
    daemons[1].report(DaemonEventKind::Ticket(report(
        user.id,
        user.registration.as_ref().unwrap(),
        9,
        TicketState::Voted,
    )));
    world.collected(&daemons[1], 2).await;
    assert_eq!(after_two_comparisons(&world, &daemons).await, []);
}

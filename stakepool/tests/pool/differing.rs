//! Daemons that know different tickets are a problem, and ones that are merely behind are none.

use std::sync::Arc;
use std::time::Duration;

use stakepool::status::PoolStatus;
use stakepool_core::alert::AlertKind;
use stakepool_core::chain::{BlockHash, BlockHeight, ScriptAddress};
use stakepool_core::ports::{LowFeeEntry, TicketSet, TicketSets};
use stakepool_core::testkit::FakeDaemon;

use crate::reports::hash;
use crate::world::{ALICE, World};

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
    let status = status_after_a_minute(&world, &daemons).await;
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
async fn daemons_of_which_one_is_at_another_block_or_still_catches_up_are_no_problem() {
    let (world, daemons, address) = scene().await;
    set(&daemons[0], 1, address, &[1, 2, 3], &[]);
    set(&daemons[1], 2, address, &[1], &[]);
    assert_eq!(status_after_a_minute(&world, &daemons).await.problems, [""; 0]);
    daemons[1].status.lock().unwrap().check.sets = None;
    assert_eq!(status_after_a_minute(&world, &daemons).await.problems, [""; 0]);
    assert_eq!(differing(&world.pool.look().await), [""; 0]);
}

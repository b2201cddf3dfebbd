//! A pool that is only looked at, as the command line does, is judged as one that runs, and nothing changes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use stakepool::status::{DaemonCondition, Overall, PoolStatus, WalletCondition};
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::RescanStore as _;
use stakepool_core::testkit::{DaemonMood, FakeDaemon, Mood};

use crate::wallets::OTHER;
use crate::world::{ALICE, World};

/// A pool with a user and a daemon that nobody keeps at the desired state.
async fn world() -> (World, Arc<FakeDaemon>) {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| plan.daemons = vec![Arc::clone(&daemon)]).await;
    world.registered(ALICE).await;
    (world, daemon)
}

/// As [`world`], with a daemon that has the desired state.
async fn in_sync() -> (World, Arc<FakeDaemon>) {
    let (world, daemon) = world().await;
    let views = world.pool.daemons().reconcile_once().await;
    assert!(views["daemon:1"].in_sync && daemon.users() == 1);
    (world, daemon)
}

fn said(status: &PoolStatus) -> String {
    [&status.failures[..], &status.problems].concat().join("\n")
}

#[tokio::test]
async fn a_pool_that_is_well_is_well_at_the_first_look() {
    let (world, daemon) = in_sync().await;
    let status = world.pool.look().await;
    assert_eq!((status.state, status.height), (Overall::Ok, Some(321)), "{}", said(&status));
    assert!(status.daemons[0].reachable && status.daemons[0].can_vote == Some(true));
    assert!(status.wallets.iter().all(|wallet| wallet.state == WalletCondition::InService));
    assert_eq!(daemon.pushes.load(Ordering::SeqCst), 1, "nothing was given again");
    assert!(world.pool.daemons().views().is_empty(), "what a running pool knows is left alone");
}

#[tokio::test]
async fn a_daemon_that_lacks_the_desired_state_is_named_and_not_given_it() {
    let (world, daemon) = world().await;
    let status = world.pool.look().await;
    assert_eq!(status.daemons[0].state, DaemonCondition::OutOfSync);
    assert!(status.daemons[0].reachable && said(&status).contains("it lacks the latest users"), "{}", said(&status));
    assert_eq!((daemon.pushes.load(Ordering::SeqCst), daemon.users()), (0, 0));
}

#[tokio::test]
async fn a_database_that_fails_is_the_fault_of_no_daemon() {
    let (world, _) = in_sync().await;
    world.database.close().await;
    let status = world.pool.look().await;
    let said = said(&status);
    assert_eq!(status.state, Overall::Down, "{said}");
    assert!(said.contains("the database failed") && !said.contains("daemon"), "{said}");
    assert_eq!(status.daemons[0].can_vote, Some(true));
}

#[tokio::test]
async fn a_change_that_is_just_on_its_way_is_no_problem() {
    let (world, daemon) = world().await;
    let reconciler = async {
        while daemon.looks.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        world.pool.daemons().reconcile_once().await
    };
    let (status, _) = tokio::join!(world.pool.look(), reconciler);
    assert_eq!(status.state, Overall::Ok, "{}", said(&status));
}

#[tokio::test]
async fn a_daemon_that_cannot_be_compared_is_asked_whether_it_takes_our_calls() {
    for (mood, problem) in [
        (DaemonMood::Predecessor, None),
        (DaemonMood::Closed, Some("it has users and tickets by the predecessor's calls only")),
        (DaemonMood::Unreachable, Some("voting daemon daemon:1 cannot be reached")),
    ] {
        let (world, daemon) = world().await;
        daemon.set(mood);
        let status = world.pool.look().await;
        match problem {
            Some(problem) => assert!(said(&status).contains(problem), "{mood:?}: {}", said(&status)),
            None => assert_eq!(status.state, Overall::Ok, "{mood:?}: {}", said(&status)),
        }
        assert_eq!(status.daemons[0].reachable, mood != DaemonMood::Unreachable, "{mood:?}");
        assert_eq!(daemon.pushes.load(Ordering::SeqCst), 0, "{mood:?}");
    }
}

#[tokio::test]
async fn wallets_are_asked_and_not_repaired() {
    let (world, _) = in_sync().await;
    let [first, second] = &world.wallets[..] else { panic!() };
    first.set(Mood::Unreachable);
    *second.key.lock().unwrap() = OTHER.parse().unwrap();
    second.scripts.lock().unwrap().clear();
    let status = world.pool.look().await;
    let states = [status.wallets[0].state, status.wallets[1].state];
    assert_eq!(states, [WalletCondition::Unreachable, WalletCondition::Disagrees]);
    for part in ["wallet wallet:1 cannot be reached", "its account key is", "a voting wallet disagrees with the pool"] {
        assert!(said(&status).contains(part), "{part}: {}", said(&status));
    }
    assert!(second.scripts.lock().unwrap().is_empty());
    let known = world.pool.status().await;
    assert!(known.wallets.iter().all(|wallet| wallet.state == WalletCondition::InService), "as it was last heard of");
}

#[tokio::test]
async fn a_wallet_that_owes_a_rescan_is_being_repaired() {
    let (world, _) = in_sync().await;
    world.database.owe_rescan("wallet:1", BlockHeight(300)).await.unwrap();
    let status = world.pool.look().await;
    assert_eq!(status.wallets[0].state, WalletCondition::BeingRepaired);
    assert_eq!((status.wallets[0].owed_rescan_from, status.wallets[1].owed_rescan_from), (Some(300), None));
    assert!(world.wallets[0].rescans.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_change_is_given_to_every_daemon_that_may_have_it_and_the_others_are_named() {
    let daemons = ["good:1", "away:1", "other:1"].map(FakeDaemon::new);
    daemons[1].set(DaemonMood::Unreachable);
    daemons[2].status.lock().unwrap().cold_wallet_xpub = "spubOther".to_owned();
    let world = World::with(|plan| plan.daemons = daemons.to_vec()).await;
    world.registered(ALICE).await;
    let views = world.pool.daemons().reconcile_once().await;
    assert_eq!(daemons.each_ref().map(|daemon| daemon.users()), [1, 0, 0]);
    let seen = ["good:1", "away:1", "other:1"].map(|name| (views[name].reachable, views[name].in_sync));
    assert_eq!(seen, [(true, true), (false, false), (true, false)]);
    assert!(views["other:1"].refused && views["away:1"].error.as_ref().unwrap().contains("cannot be reached"));
}

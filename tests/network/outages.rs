//! Parts of the pool stop and start under load: no vote is lost that a healthy daemon could cast, and nothing else
//! needs a restart.

use std::time::Duration;

use stakepool_core::chain::{Generation, TicketHash};
use stakepool_core::wallets::Health;

use crate::scene::{PATIENCE, Scene};

/// A scene in which tickets of the pool win in every block to come.
async fn under_load(generation: Generation) -> (Scene, Vec<TicketHash>) {
    let scene = Scene::set(generation, 1).await;
    let tickets = scene.buy(60);
    assert_eq!(scene.mine(22).await, 0);
    scene.network.let_win(&tickets);
    (scene, tickets)
}

/// A case for both generations.
macro_rules! in_both_generations {
    ($case:ident) => {
        mod $case {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn today() {
                super::$case(Generation::Today).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn legacy() {
                super::$case(Generation::Legacy).await;
            }
        }
    };
}

in_both_generations!(any_one_wallet_may_go_and_come_back);
in_both_generations!(wallets_that_are_made_anew_within_a_moment_are_found_out_at_once);
in_both_generations!(any_one_daemon_may_be_stopped_or_killed_and_come_back);
in_both_generations!(the_node_may_restart_and_is_sent_the_votes_that_it_lost);
in_both_generations!(winners_told_while_the_node_was_unreachable_are_voted_when_it_is_back);
in_both_generations!(a_reorganisation_costs_no_vote);

async fn any_one_wallet_may_go_and_come_back(generation: Generation) {
    let (scene, _) = under_load(generation).await;
    for wallet in scene.network.voting_wallets() {
        wallet.stop().await;
        assert_eq!(scene.mine(3).await, 0, "votes are missing while a wallet is away");
        wallet.start().await.unwrap();
        assert_eq!(scene.mine(1).await, 0);
    }
    scene.end().await;
}

async fn wallets_that_are_made_anew_within_a_moment_are_found_out_at_once(generation: Generation) {
    let (scene, tickets) = under_load(generation).await;
    for wallet in scene.network.voting_wallets() {
        wallet.stop().await;
        wallet.lose_scripts();
        wallet.start().await.unwrap();
        let is_whole = async || {
            let known = wallet.tickets();
            wallet.scripts().contains(&scene.registration.address.hash())
                && tickets.iter().any(|ticket| known.contains(ticket))
        };
        scene.until("the wallet has its scripts and tickets again", is_whole).await;
    }
    assert_eq!(scene.mine(4).await, 0, "votes are missing after all wallets were made anew");
    scene.end().await;
}

async fn any_one_daemon_may_be_stopped_or_killed_and_come_back(generation: Generation) {
    let (scene, _) = under_load(generation).await;
    for (number, daemon) in scene.pool.daemons.iter().enumerate() {
        if number == 1 {
            daemon.kill().await
        } else {
            daemon.stop().await.unwrap()
        }
        assert_eq!(scene.mine(3).await, 0, "votes are missing while a daemon is away");
        daemon.start().await.unwrap();
        assert_eq!(scene.mine(1).await, 0);
    }
    // The last one standing was restarted, too: alone, it votes for all.
    scene.pool.daemons[1].stop().await.unwrap();
    scene.pool.daemons[2].stop().await.unwrap();
    assert_eq!(scene.mine(3).await, 0, "a restarted daemon does not vote");
    scene.end().await;
}

async fn the_node_may_restart_and_is_sent_the_votes_that_it_lost(generation: Generation) {
    let (scene, _) = under_load(generation).await;
    for _ in 0..3 {
        assert!(scene.network.wait_for_votes(PATIENCE).await);
        scene.network.node().stop().await;
        let lost = scene.network.missing_votes();
        assert!(!lost.is_empty(), "the node lost no vote: the test shows nothing");
        tokio::time::sleep(Duration::from_millis(300)).await;
        scene.network.node().start().await.unwrap();
        assert_eq!(scene.mine(1).await, 0, "votes on the block of the restart are missing");
        let mined = scene.network.votes_in_block(scene.network.height());
        assert!(lost.iter().all(|ticket| mined.contains(ticket)), "{lost:?} of {mined:?}");
        assert_eq!(scene.mine(1).await, 0, "votes are missing after the node came back");
    }
    scene.end().await;
}

async fn winners_told_while_the_node_was_unreachable_are_voted_when_it_is_back(generation: Generation) {
    let (scene, _) = under_load(generation).await;
    scene.network.wait_for_votes(PATIENCE).await;
    scene.network.node().unavailable(true);
    scene.network.node().drop_connections();
    scene.network.mine(1).await.unwrap();
    assert!(!scene.network.missing_votes().is_empty(), "nothing of the pool won: the test shows nothing");
    scene.network.node().unavailable(false);
    assert_eq!(scene.mine(2).await, 0);
    scene.end().await;
}

async fn a_reorganisation_costs_no_vote(generation: Generation) {
    let (scene, _) = under_load(generation).await;
    assert_eq!(scene.mine(4).await, 0);
    scene.network.reorganise(2, Duration::from_secs(5)).await.unwrap();
    assert_eq!(scene.mine(4).await, 0, "votes are missing after the reorganisation");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_three_wallets_locked_cost_no_vote() {
    let (scene, _) = under_load(Generation::Today).await;
    scene.network.wallet(0).lock();
    scene.network.wallet(1).lock();
    assert_eq!(scene.mine(5).await, 0, "votes are missing while two wallets are locked");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doubled_and_disordered_notifications_cost_no_vote() {
    let (scene, _) = under_load(Generation::Today).await;
    scene.network.node().duplicate_notifications(true);
    assert_eq!(scene.mine(3).await, 0);
    scene.network.node().disorder_notifications(true);
    assert_eq!(scene.mine(5).await, 0);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_restored_from_its_seed_is_recovered_while_the_pool_runs() {
    let (scene, tickets) = under_load(Generation::Today).await;
    let wallet = &scene.network.voting_wallets()[2];
    wallet.stop().await;
    wallet.lose_scripts();
    assert_eq!(scene.mine(2).await, 0);
    scene
        .until("the loss of the wallet is noticed", async || {
            !matches!(scene.pool.pool.parts().stats.wallets()[2].health, Health::Healthy)
        })
        .await;
    wallet.start().await.unwrap();
    scene
        .until("the wallet is in service", async || {
            scene.pool.pool.parts().stats.wallets()[2].health == Health::Healthy
        })
        .await;
    assert!(wallet.scripts().contains(&scene.registration.address.hash()));
    assert!(tickets.iter().any(|ticket| wallet.tickets().contains(ticket)), "the rescan brought no ticket");
    scene.pool.daemons[0].stop().await.unwrap();
    scene.pool.daemons[1].stop().await.unwrap();
    assert_eq!(scene.mine(3).await, 0, "the recovered wallet does not vote");
    scene.end().await;
}

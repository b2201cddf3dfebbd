//! A new pool before wallets that hold the scripts and live tickets of users whom it does not know.

use stakepool_core::chain::Generation;
use stakepool_examples::{PoolOptions, SmallPool};

use crate::scene::{Scene, options};

async fn old_users_lose_no_vote(generation: Generation) {
    let old = Scene::set(generation, 1).await;
    let tickets = old.buy(60);
    assert_eq!(old.mine(22).await, 0);
    let Scene { network, pool, registration, .. } = old;
    pool.stop().await.unwrap();

    // Another database, and daemons without their state: the way that a move without the users takes.
    let folder = tempfile::tempdir().unwrap();
    let pool = SmallPool::start(&network, &PoolOptions { new_pool: true, ..options(&folder) }).await.unwrap();
    let user = pool.user("new@example.org", "correct horse 43", false).await.unwrap();
    let scene = Scene { network, pool, user, registration, folder };
    scene.network.let_win(&tickets);
    scene.until("the daemons have found the wallets' tickets", async || names_strangers(&scene).await).await;
    assert_eq!(scene.mine(3).await, 0, "votes are missing while the web has no users");
    let key = scene.network.buyer_pubkey_address().unwrap().to_string();
    scene.pool.register(user, &key).await.unwrap();
    scene.until("every daemon has the new user", async || scene.daemons_agree().await).await;
    assert_eq!(scene.mine(4).await, 0, "the first new user cost the old ones a vote");
    assert!(names_strangers(&scene).await, "a light is red until somebody decides");
    scene.end().await;
}

/// Whether every daemon names the address of the old user as a problem and in its status.
async fn names_strangers(scene: &Scene) -> bool {
    let address = scene.registration.address;
    for daemon in &scene.pool.pool.parts().daemons {
        let status = daemon.status().await.unwrap();
        let told = status
            .problems
            .iter()
            .any(|it| it.contains("1 voting address that the web does not know") && it.contains(&address.to_string()));
        let listed =
            status.check.unknown.iter().any(|it| it.address == address && it.voted == status.check.unknown_tickets);
        if !told || !listed || status.live_tickets < status.check.unknown_tickets {
            return false;
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pool_before_the_wallets_of_an_old_one_costs_its_users_no_vote_today() {
    old_users_lose_no_vote(Generation::Today).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pool_before_the_wallets_of_an_old_one_costs_its_users_no_vote_legacy() {
    old_users_lose_no_vote(Generation::Legacy).await;
}

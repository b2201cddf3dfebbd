//! An operator starts a fresh web and fresh daemons before wallets that hold the scripts of users with tickets.

use stakepool_core::chain::Generation;
use stakepool_examples::SmallPool;
use tokio::time::timeout;

use crate::scene::{PATIENCE, Scene, options};

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_database_before_wallets_with_users_does_not_start_in_either_generation() {
    for generation in [Generation::Today, Generation::Legacy] {
        let scene = Scene::set(generation, 1).await;
        scene.buy(8);
        assert_eq!(scene.mine(20).await, 0);
        let Scene { network, pool, .. } = scene;
        pool.stop().await.unwrap();
        let fresh = tempfile::tempdir().unwrap();
        let pool = SmallPool::start(&network, &options(&fresh)).await.unwrap();
        timeout(PATIENCE, pool.ended()).await.expect("it goes on");
        let error = pool.stop().await.unwrap_err().to_string();
        assert!(error.contains("holds the script of a user with ") && error.contains("that may still vote"), "{error}");
        assert!(error.contains("--newpool"), "{error}");
        network.shutdown().await;
    }
}

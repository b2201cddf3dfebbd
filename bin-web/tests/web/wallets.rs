//! The voting wallets, where the application itself keeps them in service.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stakepool::wallets::{VotingWallets, WalletsError};
use stakepool_core::chain::ExtendedPubKey;
use stakepool_core::ports::PoolWallet;
use stakepool_core::wallets::Health;
use stakepool_web::WebError;

use crate::fakes::FakeWallet;
use crate::world::{COLD, Plan, VOTING, World};

/// A running world whose application keeps two wallets with these keys.
async fn keeping(keys: [&str; 2]) -> (World, VotingWallets) {
    let plan = Plan::default();
    let terms = plan.terms.clone();
    let wallet = |key: &str| {
        let key: ExtendedPubKey = key.parse().unwrap();
        Arc::new(FakeWallet { name: "kept".into(), key, away: AtomicBool::new(false) }) as Arc<dyn PoolWallet>
    };
    let members = keys.iter().map(|key| wallet(key)).collect();
    let mut kept = None;
    let world = World::with(plan, async |parts, database| {
        let wallets = VotingWallets::new(&terms, members, database.clone());
        parts.wallets = Some(wallets.clone());
        kept = Some(wallets);
    });
    (world.await, kept.unwrap())
}

#[tokio::test]
async fn the_application_ends_where_every_wallet_is_another_pools() {
    let (world, _) = keeping([COLD, COLD]).await;
    let Err(WebError::Wallets(WalletsError::OtherKey { wallet, found, expected })) = world.ended().await else {
        panic!("it goes on")
    };
    assert_eq!((wallet.as_str(), found.to_string(), expected.to_string()), ("kept", COLD.into(), VOTING.into()));
}

#[tokio::test]
async fn one_wrong_wallet_among_right_ones_is_told_and_does_not_end_it() {
    let (world, wallets) = keeping([COLD, VOTING]).await;
    for _ in 0..1000 {
        let health: Vec<_> = wallets.group.status().into_iter().map(|member| member.health).collect();
        if let [Health::Disagrees { .. }, Health::Healthy] = health[..] {
            assert_eq!(world.browser().get("/").await.status, warp::http::StatusCode::OK);
            return world.stop().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the wallets are not looked at: {:?}", wallets.group.status());
}

//! A pool at work: what it is put together of, how it stops, and when it stops by itself.

use std::sync::Arc;
use std::time::Duration;

use stakepool::wallets::WalletsError;
use stakepool::{Pool, SetupError};
use stakepool_core::secret::Secret;
use stakepool_core::testkit::{FakeDaemon, Mood};
use tokio::time::timeout;

use crate::world::{ALICE, World, settings, terms, until};

/// The account key of other wallets.
const OTHER: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";

#[tokio::test]
async fn a_pool_works_until_it_is_stopped_and_can_be_run_again() {
    let daemon = FakeDaemon::new("daemon:1");
    let world = World::with(|plan| (plan.mail, plan.daemons) = (true, vec![Arc::clone(&daemon)])).await;
    for _ in 0..2 {
        let (stop, running) = world.run();
        world.compared(&daemon).await;
        assert!(!running.is_finished());
        stop.send(()).unwrap();
        timeout(Duration::from_secs(5), running).await.unwrap().unwrap().unwrap();
    }
    world.registered(ALICE).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(daemon.users(), 0, "nothing runs any more");
}

#[tokio::test]
async fn wallets_that_come_back_are_repaired_while_the_pool_runs() {
    let world = World::start().await;
    world.wallets[1].set(Mood::Unreachable);
    let group = &world.pool.parts().wallets.as_ref().unwrap().group;
    group.recover_all().await;
    let (_stop, _running) = world.run();
    world.wallets[1].set(Mood::Fine);
    let healthy = || group.status().iter().all(|wallet| wallet.health == stakepool_core::wallets::Health::Healthy);
    until("both wallets in service", || healthy().then_some(())).await;
}

#[tokio::test]
async fn a_pool_whose_wallets_are_all_anothers_stops_with_the_remedy() {
    let world = World::start().await;
    for wallet in &world.wallets {
        *wallet.key.lock().unwrap() = OTHER.parse().unwrap();
    }
    let (_stop, running) = world.run();
    let error = timeout(Duration::from_secs(5), running).await.unwrap().unwrap().unwrap_err();
    assert!(matches!(error, WalletsError::OtherKey { .. }));
    let text = error.to_string();
    assert!(text.contains(OTHER) && text.contains("correct votingwalletextpub"), "{text}");
}

#[tokio::test]
async fn a_single_foreign_wallet_stops_registration_and_not_the_pool() {
    let world = World::start().await;
    *world.wallets[0].key.lock().unwrap() = OTHER.parse().unwrap();
    let (_stop, running) = world.run();
    let user = world.account(ALICE).await;
    let disagrees = || world.pool.parts().stats.wallets()[0].health.clone();
    let is_found = || matches!(disagrees(), stakepool_core::wallets::Health::Disagrees { .. }).then_some(());
    until("the disagreement", is_found).await;
    let refused = world.pool.register(user.id, crate::world::USER_KEY).await.unwrap_err();
    assert!(refused.to_string().contains("wallet:1"), "{refused}");
    assert!(!running.is_finished());
}

#[tokio::test]
async fn a_pool_without_a_store_or_with_settings_that_cannot_be_is_not_set_up() {
    let refused = Pool::builder(terms(), settings()).build().unwrap_err();
    assert_eq!(refused.to_string(), "a pool needs a store: give one to the builder");
    let world = World::start().await;
    let build = |change: fn(&mut stakepool::PoolSettings)| {
        let mut settings = settings();
        change(&mut settings);
        Pool::builder(terms(), settings).store(world.database.clone()).build().err()
    };
    assert!(build(|_| {}).is_none());
    assert!(matches!(build(|settings| settings.note_secret = Secret::new("")), Some(SetupError::EmptyNoteSecret)));
    assert!(matches!(build(|settings| settings.api_secret = Secret::new("")), Some(SetupError::ApiKeys(_))));
    let costly = build(|settings| settings.password_costs.passes = 0);
    assert!(matches!(costly, Some(SetupError::Passwords(_))), "{costly:?}");
}

//! Registering a user's address, and everything that follows from it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use stakepool::accounts::RegisterByApiError;
use stakepool::registration::RegistrationError;
use stakepool_core::accounts::{EmailState, User};
use stakepool_core::chain::KeyIndex;
use stakepool_core::secret::Secret;
use stakepool_core::testkit::{DaemonMood, FakeDaemon, Mood};
use stakepool_core::wallets::GroupError;

use crate::world::{ALICE, BOB, USER_KEY, World, until};

#[tokio::test]
async fn a_registration_reaches_wallets_readers_and_daemons_by_itself() {
    let daemons = [FakeDaemon::new("new:1"), FakeDaemon::new("old:1"), FakeDaemon::new("closed:1")];
    daemons[1].set(DaemonMood::Predecessor);
    daemons[2].set(DaemonMood::Closed);
    let world = World::with(|plan| plan.daemons = daemons.to_vec()).await;
    let user = world.account(ALICE).await;
    world.keep_daemons();
    for daemon in &daemons {
        world.in_sync(daemon).await;
    }
    assert_eq!(
        daemons[1].pushes.load(Ordering::SeqCst),
        0,
        "who cannot say what would be lost is given no empty state"
    );
    assert!(world.pool.user(user.id).await.unwrap().unwrap().registration.is_none(), "it is cached for a second");

    let registration = world.pool.register(user.id, USER_KEY).await.unwrap();
    let cached = world.pool.user(user.id).await.unwrap().unwrap();
    assert_eq!(cached.registration.as_ref(), Some(&registration), "no reader sees the user as before");
    assert_eq!((registration.key_index, &world.user(user.id).await), (KeyIndex(1), cached.as_ref()));
    assert!(world.wallets.iter().all(|wallet| wallet.scripts.lock().unwrap().contains(&registration.address)));
    for daemon in &daemons {
        until("the user", || (daemon.users() == 1).then_some(())).await;
    }
    assert_eq!(daemons[0].pushes.load(Ordering::SeqCst), 2, "no more often than needed");
    assert_eq!(world.pool.register(user.id, USER_KEY).await, Err(RegistrationError::AlreadySubmitted));
}

#[tokio::test]
async fn with_too_few_wallets_nothing_is_registered_and_a_later_try_succeeds() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    world.wallets[1].set(Mood::Unreachable);
    let refused = world.pool.register(user.id, USER_KEY).await;
    assert!(matches!(refused, Err(RegistrationError::Wallets(GroupError::NoQuorum { .. }))), "{refused:?}");
    assert!(world.user(user.id).await.registration.is_none());
    world.wallets[1].set(Mood::Fine);
    world.pool.parts().wallets.as_ref().unwrap().group.recover_all().await;
    assert_eq!(world.pool.register(user.id, USER_KEY).await.unwrap().key_index, KeyIndex(1));
}

#[tokio::test]
async fn a_closed_pool_takes_no_address_by_either_way() {
    let world = World::with(|plan| plan.terms = plan.terms.clone().closed(Some("full".to_owned()))).await;
    let user = world.account(ALICE).await;
    let closed = RegistrationError::Closed("full".to_owned());
    assert_eq!(world.pool.register(user.id, USER_KEY).await, Err(closed.clone()));
    let by_api = world.pool.register_by_api(&user, USER_KEY).await;
    assert!(matches!(&by_api, Err(RegisterByApiError::Registration(error)) if *error == closed), "{by_api:?}");
}

#[tokio::test]
async fn wallets_that_try_too_often_must_wait_and_other_users_need_not() {
    let world = World::with(|plan| plan.settings.tries.api_writes_per_user = 2).await;
    let (alice, bob) = (world.account(ALICE).await, world.account(BOB).await);
    for _ in 0..2 {
        let refused = world.pool.register_by_api(&alice, "short").await;
        assert!(matches!(refused, Err(RegisterByApiError::Registration(RegistrationError::TooShort(5)))));
    }
    let refused = world.pool.register_by_api(&alice, USER_KEY).await;
    assert!(matches!(&refused, Err(RegisterByApiError::Wait(wait)) if wait.in_words() == "10 minutes"), "{refused:?}");
    world.pool.register_by_api(&bob, USER_KEY).await.unwrap();
    let bob = Arc::new(world.user(bob.id).await);
    let again = world.pool.register_by_api(&bob, USER_KEY).await;
    assert!(matches!(again, Err(RegisterByApiError::Registration(RegistrationError::AlreadySubmitted))));
}

#[tokio::test]
async fn the_pool_is_full_when_all_key_indexes_are_given() {
    let world = World::with(|plan| plan.terms = plan.terms.clone().max_users(1)).await;
    world.registered(ALICE).await;
    let bob = world.account(BOB).await;
    let full = world.pool.register(bob.id, USER_KEY).await.unwrap_err();
    assert!(full.to_string().contains("all 1 key indexes are given; raise maxusers"), "{full}");
}

#[tokio::test]
async fn the_pool_gives_so_many_key_indexes_an_hour_and_failures_do_not_count() {
    let world = World::with(|plan| plan.settings.tries.registrations_per_hour = 1).await;
    let (alice, bob) = (world.account(ALICE).await, world.account(BOB).await);
    for _ in 0..3 {
        assert_eq!(world.pool.register(alice.id, "short").await, Err(RegistrationError::TooShort(5)));
    }
    world.pool.register(alice.id, USER_KEY).await.unwrap();
    let refused = world.pool.register(bob.id, USER_KEY).await;
    assert!(matches!(refused, Err(RegistrationError::TooMany(wait)) if wait.as_secs() > 3500), "{refused:?}");
    assert_eq!(world.user(bob.id).await.registration, None);
}

#[tokio::test]
async fn a_user_who_has_not_verified_the_address_gets_no_key_index() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let unverified = |user: &mut User| user.email_state = EmailState::Unverified;
    world.change(user.id, unverified).await;
    assert_eq!(world.pool.register(user.id, USER_KEY).await, Err(RegistrationError::Unverified));
    let user = world.user(user.id).await;
    let by_wallet = world.pool.register_by_api(&user, USER_KEY).await;
    assert!(matches!(by_wallet, Err(RegisterByApiError::Registration(RegistrationError::Unverified))), "{by_wallet:?}");
    // Where no mail is sent nobody can verify.
    let world = World::start().await;
    let user = world.account(ALICE).await;
    world.change(user.id, unverified).await;
    assert!(world.pool.register(user.id, USER_KEY).await.is_ok());
}

#[tokio::test]
async fn a_new_pool_needs_long_secrets_and_an_old_one_goes_on() {
    for short in 0..2 {
        let world = World::with(|plan| {
            let secret = if short == 0 { &mut plan.settings.api_secret } else { &mut plan.settings.note_secret };
            *secret = Secret::new("x".repeat(31));
        });
        let world = world.await;
        let refused = world.pool.check_secrets().await.unwrap_err().to_string();
        assert!(refused.starts_with(["apisecret", "cookiesecret"][short]) && refused.contains("openssl"), "{refused}");
        world.account(ALICE).await;
        assert!(world.pool.check_secrets().await.is_ok());
    }
    assert!(World::start().await.pool.check_secrets().await.is_ok());
}

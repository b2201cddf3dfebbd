//! API keys that the operator shows and renews for users who cannot get at their own.

use std::time::Duration;

use stakepool::accounts::ApiKeyError;
use stakepool_core::accounts::{Actor, EmailState};

use crate::world::{ALICE, BOB, PASSWORD, World, home};

#[tokio::test]
async fn a_key_that_is_shown_is_the_users_own_and_that_is_noted() {
    let world = World::start().await;
    let alice = world.account(ALICE).await;
    let shown = world.pool.show_api_key_of(Actor::CommandLine, &alice).await.unwrap();
    assert_eq!(shown, world.pool.api_key(&alice).unwrap());
    let act = world.last_act().await;
    let expected = ("stakepoolctl", "user.api_key.show", &*alice.id.to_string(), ALICE);
    assert_eq!((&act.0[..], &act.1[..], &act.2[..], &act.3[..]), expected);
    world.pool.revoke_api_key(&alice, PASSWORD, &home()).await.unwrap();
    let alice = world.user(alice.id).await;
    assert_eq!(world.pool.show_api_key_of(Actor::CommandLine, &alice).await.unwrap(), None);
}

#[tokio::test]
async fn a_renewed_key_takes_the_place_of_the_old_or_a_revoked_one_and_the_user_is_mailed() {
    let world = World::with_mail().await;
    let (alice, bob) = (world.account(ALICE).await, world.account(BOB).await);
    let old = world.pool.api_key(&alice).unwrap().unwrap();
    world.clock.advance(Duration::from_secs(60));
    let renewed = world.pool.renew_api_key_of(Actor::CommandLine, &alice).await.unwrap();
    assert_eq!(renewed.mailed, Some(Ok(())));
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.contains("renewed by the operator of the pool"), "{}", letter.text);
    assert_eq!(world.acts(1).await, ["user.api_key.renew"]);
    assert_eq!(world.pool.user_of_api_key(&old).await, Err(ApiKeyError::Invalid));
    assert_eq!(world.pool.user_of_api_key(&renewed.key).await.unwrap().id, alice.id);

    world.pool.revoke_api_key(&bob, PASSWORD, &home()).await.unwrap();
    world.change(bob.id, |bob| bob.email_state = EmailState::Unverified).await;
    let renewed = world.pool.renew_api_key_of(Actor::CommandLine, &world.user(bob.id).await).await.unwrap();
    assert_eq!(renewed.mailed, None, "the address may be another's");
    assert_eq!(world.pool.user_of_api_key(&renewed.key).await.unwrap().id, bob.id);
}

//! API keys, with which wallets call.

use std::time::Duration;

use stakepool::accounts::{ApiKeyError, RenewKeyError};

use crate::world::{ALICE, World, home};

#[tokio::test]
async fn a_key_opens_its_users_account() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    assert_eq!(*world.pool.user_of_api_key(&key).await.unwrap(), user);
    for wrong in ["", "nonsense", &key[..key.len() - 1], &format!("{key}x")] {
        assert_eq!(world.pool.user_of_api_key(wrong).await, Err(ApiKeyError::Invalid), "{wrong}");
    }
}

#[tokio::test]
async fn a_renewed_key_takes_the_place_of_the_old_one() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let old = world.pool.api_key(&user).unwrap().unwrap();
    world.clock.advance(Duration::from_secs(60));
    let renewed = world.pool.renew_api_key(&user, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["account.api_key.renew"]);
    let new = world.pool.api_key(&renewed).unwrap().unwrap();
    assert_eq!(world.pool.user_of_api_key(&old).await, Err(ApiKeyError::Invalid));
    assert_eq!(world.pool.user_of_api_key(&new).await.unwrap().id, user.id);
}

#[tokio::test]
async fn a_revoked_key_is_gone_until_another_is_made_and_never_comes_back() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let old = world.pool.api_key(&user).unwrap().unwrap();
    world.pool.revoke_api_key(&user, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["account.api_key.revoke"]);
    assert_eq!(world.pool.api_key(&world.user(user.id).await).unwrap(), None);
    assert_eq!(world.pool.user_of_api_key(&old).await, Err(ApiKeyError::Invalid));
    let noted = world.acts(50).await.len();
    world.pool.revoke_api_key(&user, &home()).await.unwrap();
    assert_eq!(world.acts(50).await.len(), noted, "there was nothing to revoke");
    let renewed = world.pool.renew_api_key(&user, &home()).await.unwrap();
    let new = world.pool.api_key(&renewed).unwrap().unwrap();
    assert_eq!(world.pool.user_of_api_key(&old).await, Err(ApiKeyError::Invalid));
    assert_eq!(world.pool.user_of_api_key(&new).await.unwrap().id, user.id);
}

#[tokio::test]
async fn renewing_is_limited_and_revoking_is_not() {
    let world = World::with(|plan| plan.settings.tries.api_writes_per_user = 2).await;
    let user = world.account(ALICE).await;
    for _ in 0..2 {
        world.pool.renew_api_key(&user, &home()).await.unwrap();
    }
    let refused = world.pool.renew_api_key(&user, &home()).await;
    assert!(matches!(&refused, Err(RenewKeyError::Wait(wait)) if wait.in_words() == "10 minutes"), "{refused:?}");
    world.pool.revoke_api_key(&user, &home()).await.unwrap();
    assert!(world.user(user.id).await.has_no_api_key());
}

#[tokio::test]
async fn a_disabled_user_is_out_within_a_second_with_the_same_answer() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    assert!(world.pool.user_of_api_key(&key).await.is_ok());
    world.change(user.id, |user| user.disabled = true).await;
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(world.pool.user_of_api_key(&key).await, Err(ApiKeyError::Invalid));
}

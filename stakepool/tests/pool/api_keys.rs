//! API keys, with which wallets call.

use std::time::Duration;

use stakepool::accounts::{
    ApiKeyError, ClientAddress, Confirmation, Denied, RenewKeyError, RevokeKeyError, ShowKeyError,
};

use stakepool_core::secret::Secret;

use crate::second_step::set_up;
use crate::world::{ALICE, PASSWORD, World, home};

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
    let renewed = world.pool.renew_api_key(&user, PASSWORD, &home()).await.unwrap();
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
    world.pool.revoke_api_key(&user, PASSWORD, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["account.api_key.revoke"]);
    assert_eq!(world.pool.api_key(&world.user(user.id).await).unwrap(), None);
    assert_eq!(world.pool.user_of_api_key(&old).await, Err(ApiKeyError::Invalid));
    let noted = world.acts(50).await.len();
    world.pool.revoke_api_key(&user, PASSWORD, &home()).await.unwrap();
    assert_eq!(world.acts(50).await.len(), noted, "there was nothing to revoke");
    let renewed = world.pool.renew_api_key(&user, PASSWORD, &home()).await.unwrap();
    let new = world.pool.api_key(&renewed).unwrap().unwrap();
    assert_eq!(world.pool.user_of_api_key(&old).await, Err(ApiKeyError::Invalid));
    assert_eq!(world.pool.user_of_api_key(&new).await.unwrap().id, user.id);
}

#[tokio::test]
async fn keys_of_the_secret_before_open_accounts_while_it_is_named_and_users_are_shown_those_of_the_new_one() {
    let before = World::start().await;
    let user = before.account(ALICE).await;
    let old = before.pool.api_key(&user).unwrap().unwrap();
    for named in [true, false] {
        let world = World::with(|plan| {
            let secret = std::mem::replace(&mut plan.settings.api_secret, Secret::new("another secret for API keys"));
            plan.settings.old_api_secret = named.then_some(secret);
        })
        .await;
        let user = world.account(ALICE).await;
        let new = world.pool.api_key(&user).unwrap().unwrap();
        assert_ne!(new, old);
        assert_eq!(world.pool.user_of_api_key(&new).await.unwrap().id, user.id);
        assert_eq!(world.pool.user_of_api_key(&old).await.is_ok(), named);
    }
}

#[tokio::test]
async fn renewing_is_limited_and_revoking_is_not() {
    let world = World::with(|plan| plan.settings.tries.api_writes_per_user = 2).await;
    let user = world.account(ALICE).await;
    for _ in 0..2 {
        world.pool.renew_api_key(&user, PASSWORD, &home()).await.unwrap();
    }
    let refused = world.pool.renew_api_key(&user, PASSWORD, &home()).await;
    assert!(matches!(&refused, Err(RenewKeyError::Wait(wait)) if wait.in_words() == "10 minutes"), "{refused:?}");
    world.pool.revoke_api_key(&user, PASSWORD, &home()).await.unwrap();
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

#[tokio::test]
async fn an_open_browser_alone_neither_shows_nor_renews_nor_revokes_the_key() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    for wrong in ["", "wrong"] {
        let shown = world.pool.show_api_key(&user, wrong, &home()).await;
        assert!(matches!(shown, Err(ShowKeyError::Denied(Denied::Wrong))), "{shown:?}");
        let renewed = world.pool.renew_api_key(&user, wrong, &home()).await;
        assert!(matches!(renewed, Err(RenewKeyError::Denied(Denied::Wrong))), "{renewed:?}");
        let revoked = world.pool.revoke_api_key(&user, wrong, &home()).await;
        assert!(matches!(revoked, Err(RevokeKeyError::Denied(Denied::Wrong))), "{revoked:?}");
    }
    assert!(world.pool.user_of_api_key(&key).await.is_ok());
    assert_eq!(world.pool.show_api_key(&user, PASSWORD, &home()).await.unwrap(), Some(key));
    assert_eq!(world.acts(1).await, ["account.api_key.show"]);
}

#[tokio::test]
async fn a_user_is_mailed_that_the_key_was_renewed_or_revoked() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    world.pool.renew_api_key(&user, PASSWORD, &home()).await.unwrap();
    assert!(
        world
            .letters
            .take(ALICE, "a change of your account")
            .await
            .text
            .contains("API key of your account was renewed")
    );
    for _ in 0..2 {
        world.pool.revoke_api_key(&user, PASSWORD, &home()).await.unwrap();
    }
    assert!(
        world
            .letters
            .take(ALICE, "a change of your account")
            .await
            .text
            .contains("API key of your account was revoked")
    );
    world.letters.assert_none(ALICE).await;
}

#[tokio::test]
async fn a_user_is_mailed_once_that_the_key_is_used_from_another_network() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    let call = async |client: &str| {
        let client = ClientAddress(client.parse().unwrap());
        assert_eq!(world.pool.user_of_api_key_from(&key, client).await.unwrap().id, user.id);
    };
    call("203.0.113.9").await;
    world.letters.assert_none(ALICE).await;
    for again in ["203.0.113.9", "203.0.113.77"] {
        call(again).await;
    }
    world.letters.assert_none(ALICE).await;
    for _ in 0..3 {
        call("198.51.100.7").await;
    }
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.contains("198.51.100.7") && letter.text.contains("renew or revoke the key"), "{}", letter.text);
    // Who moves from network to network is not mailed all day.
    call("192.0.2.7").await;
    world.letters.assert_none(ALICE).await;
    assert_eq!(world.acts(1).await, ["account.api_key.network"]);
}
#[tokio::test]
async fn each_new_network_of_a_key_is_noted_though_one_is_mailed_a_day() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    for (client, noted) in [("203.0.113.9", 0), ("198.51.100.7", 1), ("192.0.2.7", 2), ("192.0.2.8", 2)] {
        world.pool.user_of_api_key_from(&key, ClientAddress(client.parse().unwrap())).await.unwrap();
        let mut seen = 0;
        // Noted behind the answer.
        for _ in 0..400 {
            seen = world.acts(10).await.iter().filter(|act| *act == "account.api_key.network").count();
            if seen == noted && noted > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(if noted == 0 { 0 } else { 5 })).await;
        }
        assert_eq!(seen, noted, "{client}");
    }
}

#[tokio::test]
async fn a_recovery_code_is_not_used_up_where_keys_are_renewed_too_often() {
    let world = World::with(|plan| plan.settings.tries.api_writes_per_user = 1).await;
    let user = world.account(ALICE).await;
    let (_, codes) = set_up(&world, &user).await;
    let (first, second) = (codes[0].reveal(), codes[1].reveal());
    let confirmed_by = |code| Confirmation { password: PASSWORD, code };
    world.pool.renew_api_key(&user, confirmed_by(&first), &home()).await.unwrap();
    let refused = world.pool.renew_api_key(&user, confirmed_by(&second), &home()).await;
    assert!(matches!(refused, Err(RenewKeyError::Wait(_))), "{refused:?}");
    assert_eq!(world.pool.second_factor(&user).await.unwrap().unwrap().recovery_left, 9);
}

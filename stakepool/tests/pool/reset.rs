//! A new password by a link from a mail.

use std::time::Duration;

use stakepool::accounts::{KeyAfterReset, NewPassword, ResetError, ResetPasswordError, SignInError};
use stakepool_core::accounts::{Email, EmailState, SecretToken, SystemRandom};

use crate::world::{ALICE, BOB, OTHER_PASSWORD, PASSWORD, World, from, home};

const NEW: NewPassword<'_> = NewPassword::once(OTHER_PASSWORD);

/// Asks for a link, and takes it from the mail.
async fn link(world: &World) -> String {
    world.pool.ask_reset(ALICE, &home()).unwrap().send().unwrap();
    world.letters.token(ALICE, "choose a new password").await
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_once_and_all_old_ways_in_are_shut() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let session = world.sign_in(ALICE, PASSWORD).await;
    let (other, token) = (link(&world).await, link(&world).await);
    let act = world.last_act().await;
    assert_eq!((&act.0[..], &act.1[..], &act.3[..]), ("a visitor", "account.reset.ask", "from 203.0.113.9"));
    assert_eq!(world.pool.user_of_reset(&token).await.unwrap().map(|user| user.id), Some(user.id));
    world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["account.reset"]);
    assert!(!world.is_open(&session).await, "who knew the old password is out");
    assert!(world.pool.user_of_reset(&other).await.unwrap().is_none(), "so is every other link");
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await, Err(SignInError::Wrong)));
    world.sign_in(ALICE, OTHER_PASSWORD).await;
    for token in [&token, &other] {
        let stale = world.pool.reset_password(token, NewPassword::once(PASSWORD), KeyAfterReset::Kept, &home()).await;
        assert!(matches!(stale, Err(ResetPasswordError::Stale)));
    }
}

#[tokio::test]
async fn who_resets_the_password_is_told_that_the_api_key_still_works() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    let token = link(&world).await;
    world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await.unwrap();
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.starts_with("The password of your account was changed with a link from a mail."));
    assert!(letter.text.contains("renew or revoke it: https://pool.example.org/settings"), "{}", letter.text);
    assert_eq!(world.pool.user_of_api_key(&key).await.unwrap().id, user.id);
}

#[tokio::test]
async fn a_mistyped_password_costs_no_link() {
    let world = World::with_mail().await;
    world.account(ALICE).await;
    let token = link(&world).await;
    let reset = async |new| world.pool.reset_password(&token, new, KeyAfterReset::Kept, &home()).await;
    assert!(matches!(reset(NewPassword::once("short")).await, Err(ResetPasswordError::Password(_))));
    let differ = NewPassword::new(OTHER_PASSWORD, PASSWORD);
    assert!(matches!(reset(differ).await, Err(ResetPasswordError::Mismatch)));
    reset(NEW).await.unwrap();
}

#[tokio::test]
async fn a_link_works_for_an_hour() {
    let world = World::with_mail().await;
    world.account(ALICE).await;
    let token = link(&world).await;
    world.clock.advance(Duration::from_secs(3599));
    assert!(world.pool.user_of_reset(&token).await.unwrap().is_some());
    world.clock.advance(Duration::from_secs(1));
    assert!(world.pool.user_of_reset(&token).await.unwrap().is_none());
    assert!(matches!(
        world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await,
        Err(ResetPasswordError::Stale)
    ));
}

#[tokio::test]
async fn a_link_is_worth_nothing_for_a_disabled_account_or_another_address() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let token = link(&world).await;
    world.change(user.id, |user| user.disabled = true).await;
    assert!(matches!(
        world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await,
        Err(ResetPasswordError::Stale)
    ));
    world.pool.ask_reset(ALICE, &home()).unwrap().send().unwrap();
    world.letters.assert_none(ALICE).await;
    world.change(user.id, |user| (user.disabled, user.email) = (false, Email::parse(BOB).unwrap())).await;
    assert!(matches!(
        world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await,
        Err(ResetPasswordError::Stale)
    ));
    assert!(matches!(
        world.pool.reset_password("nonsense", NEW, KeyAfterReset::Kept, &home()).await,
        Err(ResetPasswordError::Stale)
    ));
    world.sign_in(BOB, PASSWORD).await;
}

#[tokio::test]
async fn who_reads_the_mail_has_verified_the_address() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    world.change(user.id, |user| user.email_state = EmailState::Unverified).await;
    let token = link(&world).await;
    world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await.unwrap();
    assert_eq!(world.user(user.id).await.email_state, EmailState::Verified);
    world.sign_in(ALICE, OTHER_PASSWORD).await;
}

#[tokio::test]
async fn who_is_locked_out_gets_in_with_the_new_password() {
    let world = World::with(|plan| {
        plan.mail = true;
        plan.settings.tries.sign_ins_per_account = 1;
    });
    let world = world.await;
    world.account(ALICE).await;
    assert!(matches!(world.pool.sign_in(ALICE, "wrong", &home(), None).await, Err(SignInError::Wrong)));
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await, Err(SignInError::Wait(_))));
    let token = link(&world).await;
    world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await.unwrap();
    world.sign_in(ALICE, OTHER_PASSWORD).await;
}

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike() {
    let world = World::with(|plan| {
        plan.mail = true;
        plan.settings.tries.mails_per_account = 2;
    });
    let world = world.await;
    world.account(ALICE).await;
    for email in [ALICE, "unknown@example.org"] {
        for n in 1..=9 {
            assert!(world.pool.ask_reset(email, &from(&format!("203.0.113.{n}"))).unwrap().send().is_ok(), "{email}");
        }
    }
    world.letters.take(ALICE, "choose a new password").await;
    world.letters.take(ALICE, "choose a new password").await;
    world.letters.assert_none(ALICE).await;
    world.letters.assert_none("unknown@example.org").await;
}

#[tokio::test]
async fn nobody_keeps_a_user_from_a_new_password_by_asking_for_mails() {
    let world = World::with_mail().await;
    world.account(ALICE).await;
    for n in 0..200 {
        let robot = from(&format!("198.51.100.{n}"));
        // Every kind of mail that a stranger can have sent.
        let _ = world.pool.resend_verification(ALICE, &robot);
        let _ = world.pool.sign_up(ALICE, NEW, &robot).unwrap().finish().await;
    }
    world.pool.ask_reset(ALICE, &home()).unwrap().send().unwrap();
    let token = world.letters.token(ALICE, "choose a new password").await;
    // Nor does who asks for this very mail: the link that came before works for as long as no other is sent.
    for n in 0..200 {
        world.pool.ask_reset(ALICE, &from(&format!("198.51.100.{n}"))).unwrap().send().unwrap();
    }
    let answered = world.pool.ask_reset(ALICE, &home()).unwrap().send();
    assert!(answered.is_ok(), "{answered:?}");
    world.pool.reset_password(&token, NEW, KeyAfterReset::Kept, &home()).await.unwrap();
    world.sign_in(ALICE, OTHER_PASSWORD).await;
}

#[tokio::test]
async fn who_fears_for_the_api_key_revokes_it_with_the_password() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let key = world.pool.api_key(&user).unwrap().unwrap();
    let token = link(&world).await;
    world.pool.reset_password(&token, NEW, KeyAfterReset::Revoked, &home()).await.unwrap();
    assert!(world.pool.user_of_api_key(&key).await.is_err() && world.user(user.id).await.has_no_api_key());
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.contains("the API key was") && !letter.text.contains("still works"), "{}", letter.text);
    assert_eq!(world.acts(2).await, ["account.api_key.revoke", "account.reset"]);
}

#[tokio::test]
async fn wrong_links_for_a_new_password_are_counted_by_client() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    let guess = || SecretToken::random(&SystemRandom).reveal();
    for _ in 0..2 {
        assert!(matches!(
            world.pool.reset_password(&guess(), NEW, KeyAfterReset::Kept, &home()).await,
            Err(ResetPasswordError::Stale)
        ));
    }
    assert!(matches!(
        world.pool.reset_password(&guess(), NEW, KeyAfterReset::Kept, &home()).await,
        Err(ResetPasswordError::Wait(_))
    ));
    let elsewhere = world.pool.reset_password(&guess(), NEW, KeyAfterReset::Kept, &from("198.51.100.1")).await;
    assert!(matches!(elsewhere, Err(ResetPasswordError::Stale)), "{elsewhere:?}");
}

#[tokio::test]
async fn robots_use_up_their_own_tries_and_no_mails_of_a_user() {
    let world = World::with(|plan| {
        plan.mail = true;
        (plan.settings.tries.sign_ins_per_account, plan.settings.tries.mails_per_account) = (3, 1);
    });
    let world = world.await;
    world.account(ALICE).await;
    assert!(matches!(world.pool.ask_reset("nonsense", &home()).err(), Some(ResetError::Email(_))));
    // They do not answer the question that stands between.
    for _ in 0..3 {
        assert!(world.pool.ask_reset(ALICE, &home()).is_ok());
    }
    assert!(matches!(world.pool.ask_reset(ALICE, &home()).err(), Some(ResetError::Wait(_))));
    assert!(world.pool.ask_reset(ALICE, &from("198.51.100.1")).unwrap().send().is_ok());
    world.letters.take(ALICE, "choose a new password").await;
}

#[tokio::test]
async fn a_pool_without_mail_says_so() {
    let world = World::start().await;
    world.account(ALICE).await;
    assert!(matches!(world.pool.ask_reset(ALICE, &home()).err(), Some(ResetError::NoMail)));
}

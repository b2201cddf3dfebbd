//! Showing that an e-mail address is one's own.

use std::time::Duration;

use stakepool::accounts::{SignInError, VerifyError};
use stakepool_core::accounts::{EmailState, SecretToken, SystemRandom};

use crate::world::{ALICE, BOB, PASSWORD, World, from, home};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn an_account_opens_once_its_address_is_verified() {
    let world = World::with_mail().await;
    world.sign_up(ALICE).await;
    let token = world.letters.token(ALICE, "verify").await;
    let refused = world.pool.sign_in(ALICE, PASSWORD, &home(), None).await;
    assert!(matches!(refused, Err(SignInError::Unverified)));
    // Looking uses nothing up: programs that look for harmful links do it, too.
    assert!(world.pool.can_verify_email(&token).await.unwrap() && world.pool.can_verify_email(&token).await.unwrap());
    world.pool.verify_email(&token, &home()).await.unwrap();
    assert_eq!(world.acts(2).await, ["account.verify", "account.create"]);
    world.sign_in(ALICE, PASSWORD).await;
    assert!(!world.pool.can_verify_email(&token).await.unwrap());
    assert!(matches!(world.pool.verify_email(&token, &home()).await, Err(VerifyError::Stale)));
}

#[tokio::test]
async fn a_link_works_for_a_day() {
    let world = World::with_mail().await;
    world.sign_up(ALICE).await;
    let token = world.letters.token(ALICE, "verify").await;
    world.clock.advance(DAY - Duration::from_secs(1));
    assert!(world.pool.can_verify_email(&token).await.unwrap());
    world.clock.advance(Duration::from_secs(1));
    assert!(!world.pool.can_verify_email(&token).await.unwrap());
    assert!(matches!(world.pool.verify_email(&token, &home()).await, Err(VerifyError::Stale)));
}

#[tokio::test]
async fn a_link_verifies_the_address_to_which_it_was_sent_and_no_other() {
    let world = World::with_mail().await;
    world.sign_up(ALICE).await;
    let token = world.letters.token(ALICE, "verify").await;
    let user = world.by_email(ALICE).await.unwrap();
    world.change(user.id, |user| user.email = stakepool_core::accounts::Email::parse(BOB).unwrap()).await;
    assert!(matches!(world.pool.verify_email(&token, &home()).await, Err(VerifyError::Stale)));
    assert_eq!(world.user(user.id).await.email_state, EmailState::Unverified);
}

#[tokio::test]
async fn a_mail_is_sent_again_to_who_needs_it_and_the_answer_tells_nothing() {
    let world = World::with_mail().await;
    world.sign_up(ALICE).await;
    let first = world.letters.token(ALICE, "verify").await;
    world.account(BOB).await;
    let disabled = "off@example.org";
    world.sign_up(disabled).await;
    world.letters.take(disabled, "verify").await;
    let id = world.by_email(disabled).await.unwrap().id;
    world.change(id, |user| user.disabled = true).await;
    for typed in [ALICE, BOB, disabled, "unknown@example.org", "nonsense"] {
        assert!(world.pool.resend_verification(typed, &home()).is_ok(), "{typed}");
    }
    let second = world.letters.token(ALICE, "verify").await;
    for nobody in [BOB, disabled, "unknown@example.org"] {
        world.letters.assert_none(nobody).await;
    }
    // With one of the links the other has done its work.
    world.pool.verify_email(&second, &home()).await.unwrap();
    assert!(!world.pool.can_verify_email(&first).await.unwrap());
}

#[tokio::test]
async fn mails_are_limited_by_client_and_behind_the_answer_by_account() {
    let world = World::with(|plan| {
        plan.mail = true;
        (plan.settings.tries.mails_per_account, plan.settings.tries.mails_per_client) = (2, 3);
    });
    let world = world.await;
    let resend = |email: &str, client: &str| world.pool.resend_verification(email, &from(client));
    world.sign_up(ALICE).await;
    world.letters.take(ALICE, "verify").await;
    for n in 1..=9 {
        assert!(resend(" ALICE@example.org", &format!("203.0.113.{n}")).is_ok(), "{n}");
    }
    for _ in 0..2 {
        world.letters.take(ALICE, "verify").await;
    }
    world.letters.assert_none(ALICE).await;
    assert!(resend("c@example.org", "203.0.113.1").is_ok() && resend("d@example.org", "203.0.113.1").is_ok());
    assert_eq!(resend("e@example.org", "203.0.113.1").unwrap_err().in_words(), "10 minutes");
}

#[tokio::test]
async fn links_cannot_be_guessed_and_a_right_one_forgives() {
    let world = World::with(|plan| {
        plan.mail = true;
        plan.settings.tries.sign_ins_per_account = 2;
    });
    let world = world.await;
    world.sign_up(ALICE).await;
    let token = world.letters.token(ALICE, "verify").await;
    let guess = || SecretToken::random(&SystemRandom).reveal();
    // What cannot be a token is no guess.
    for _ in 0..5 {
        assert!(matches!(world.pool.verify_email("nonsense", &home()).await, Err(VerifyError::Stale)));
    }
    assert!(matches!(world.pool.verify_email(&guess(), &home()).await, Err(VerifyError::Stale)));
    world.pool.verify_email(&token, &home()).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(world.pool.verify_email(&guess(), &home()).await, Err(VerifyError::Stale)));
    }
    assert!(matches!(world.pool.verify_email(&guess(), &home()).await, Err(VerifyError::Wait(_))));
    assert!(matches!(world.pool.verify_email(&guess(), &from("198.51.100.1")).await, Err(VerifyError::Stale)));
}

#[tokio::test]
async fn users_taken_over_unverified_must_verify_and_older_ones_need_not() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    world.change(user.id, |user| user.email_state = EmailState::Predates).await;
    world.sign_in(ALICE, PASSWORD).await;
    world.change(user.id, |user| user.email_state = EmailState::Unverified).await;
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await, Err(SignInError::Unverified)));
    assert!(world.pool.must_verify(&world.user(user.id).await));
}

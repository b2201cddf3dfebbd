//! Signing up, and showing that an e-mail address is one's own.

use axum::http::StatusCode;
use serde_json::json;
use stakepool_core::accounts::EmailState;
use stakepool_core::ports::UserStore as _;

use super::world::{ALICE, BOB, NEW_PASSWORD, PASSWORD, World, is_in, post, sign_in};
use crate::browser::Reply;

async fn sign_up(world: &World, email: &str) -> Reply {
    post(&mut world.browser(), "/signup", json!({ "email": email, "password": PASSWORD })).await
}

async fn verify(world: &World, token: &str) -> Reply {
    post(&mut world.browser(), "/verify", json!({ "token": token })).await
}

#[tokio::test]
async fn a_sign_up_is_refused_with_the_reason_and_no_account_is_made() {
    let world = World::start().await;
    assert_eq!(sign_up(&world, "taken@example.org").await.status, StatusCode::OK);
    for (email, password, reason) in [
        ("no address", PASSWORD, "must look like name@example.org"),
        (ALICE, "short", "at least 8 characters"),
        (ALICE, "password1", "tried first"),
        (ALICE, ALICE, "must not be the e-mail address"),
        ("TAKEN@example.org", PASSWORD, "there is an account with this e-mail address already"),
    ] {
        let reply = post(&mut world.browser(), "/signup", json!({ "email": email, "password": password })).await;
        reply.refuses(StatusCode::UNPROCESSABLE_ENTITY, reason);
    }
    assert_eq!(world.store.counts().await.unwrap().0, 1);
}

#[tokio::test]
async fn sign_ups_are_limited_by_client() {
    let world = World::with(|plan| plan.tries.sign_ups_per_client = 1).await;
    assert_eq!(sign_up(&world, ALICE).await.status, StatusCode::OK);
    sign_up(&world, BOB).await.must_wait();
    let elsewhere = json!({ "email": BOB, "password": PASSWORD });
    assert_eq!(post(&mut world.browser_from("127.0.0.2"), "/signup", elsewhere).await.status, StatusCode::OK);
}

#[tokio::test]
async fn with_mail_a_second_sign_up_reads_the_same_and_the_mail_tells_the_truth() {
    let world = World::with_mail().await;
    let (first, second) = (sign_up(&world, ALICE).await, sign_up(&world, "ALICE@example.org").await);
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(first.headers.keys().collect::<Vec<_>>(), second.headers.keys().collect::<Vec<_>>());
    world.letters.take(ALICE, "verify").await;
    world.letters.take(ALICE, "already").await;
    assert_eq!(world.store.counts().await.unwrap().0, 1);
}

#[tokio::test]
async fn an_account_opens_once_its_address_is_verified() {
    let world = World::with_mail().await;
    sign_up(&world, ALICE).await;
    let token = world.letters.token(ALICE, "verify").await;
    let mut browser = world.browser();
    sign_in(&mut browser, ALICE, PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "not verified yet");
    sign_in(&mut browser, ALICE, "wrong one").await.refuses(StatusCode::UNAUTHORIZED, "or the password is wrong");
    assert!(!is_in(&browser).await);
    assert_eq!(verify(&world, &token).await.status, StatusCode::OK);
    verify(&world, &token).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "the link was used");
    assert_eq!(sign_in(&mut browser, ALICE, PASSWORD).await.status, StatusCode::OK);
    assert!(is_in(&browser).await);
}

#[tokio::test]
async fn no_answer_tells_whether_an_address_got_too_many_mails() {
    let world = World::with(|plan| (plan.mail, plan.tries.mails_per_account) = (true, 1)).await;
    world.account(ALICE).await;
    for email in [ALICE, BOB] {
        for _ in 0..2 {
            assert_eq!(sign_up(&world, email).await.status, StatusCode::OK, "{email}");
        }
    }
    assert_eq!(world.store.counts().await.unwrap().0, 2);
}

#[tokio::test]
async fn tokens_that_are_none_are_refused_and_counted_by_client() {
    let world = World::with(|plan| (plan.mail, plan.tries.sign_ins_per_client) = (true, 3)).await;
    sign_up(&world, ALICE).await;
    let token = world.letters.token(ALICE, "verify").await;
    for nonsense in ["", "abc", "' OR 1=1 --", &"a".repeat(5000)] {
        verify(&world, nonsense).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "was never one");
    }
    for digit in ["0", "1", "2"] {
        verify(&world, &digit.repeat(64)).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "was never one");
    }
    verify(&world, &token).await.must_wait();
    assert_eq!(world.stored(ALICE).await.unwrap().email_state, EmailState::Unverified);
    let elsewhere = post(&mut world.browser_from("127.0.0.2"), "/verify", json!({ "token": token })).await;
    assert_eq!(elsewhere.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_counts_for_what_it_was_sent_for_and_for_nothing_else() {
    let world = World::with_mail().await;
    sign_up(&world, ALICE).await;
    world.account(BOB).await;
    let verifies = world.letters.token(ALICE, "verify").await;
    let set = json!({ "token": verifies, "new_password": NEW_PASSWORD });
    post(&mut world.browser(), "/reset/set", set).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "was never one");
    post(&mut world.browser(), "/reset", json!({ "email": BOB })).await;
    let resets = world.letters.token(BOB, "new password").await;
    verify(&world, &resets).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "was never one");
    assert_eq!(verify(&world, &verifies).await.status, StatusCode::OK, "it was not used up");
}

//! A forgotten password.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::world::{ALICE, BOB, NEW_PASSWORD, PASSWORD, World, is_in, post, sign_in};
use crate::browser::Reply;

async fn ask(world: &World, email: &str) -> Reply {
    post(&mut world.browser(), "/reset", json!({ "email": email })).await
}

async fn set(world: &World, token: &str, password: &str) -> Reply {
    post(&mut world.browser(), "/reset/set", json!({ "token": token, "new_password": password })).await
}

#[tokio::test]
async fn asking_reads_the_same_for_every_address_and_mails_only_to_a_user() {
    let world = World::with_mail().await;
    world.account(ALICE).await;
    let (known, unknown) = (ask(&world, "Alice@Example.org").await, ask(&world, BOB).await);
    assert_eq!((known.status, known.body), (unknown.status, unknown.body));
    world.letters.token(ALICE, "new password").await;
    world.letters.assert_none(BOB).await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_once_and_ends_all_sessions() {
    let world = World::with_mail().await;
    let signed_in = world.user(ALICE).await;
    ask(&world, ALICE).await;
    let token = world.letters.token(ALICE, "new password").await;
    for (password, reason) in [("short", "at least 8"), (ALICE, "must not be the e-mail address")] {
        set(&world, &token, password).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, reason);
        assert!(is_in(&signed_in).await);
    }
    assert_eq!(set(&world, &token, NEW_PASSWORD).await.status, StatusCode::OK, "a mistyped password costs no link");
    assert!(!is_in(&signed_in).await);
    set(&world, &token, PASSWORD).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "the link was used");
    sign_in(&mut world.browser(), ALICE, PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "is wrong");
    assert_eq!(sign_in(&mut world.browser(), ALICE, NEW_PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_lasts_an_hour() {
    let world = World::with_mail().await;
    world.account(ALICE).await;
    ask(&world, ALICE).await;
    let token = world.letters.token(ALICE, "new password").await;
    world.clock.advance(Duration::from_secs(3600));
    set(&world, &token, NEW_PASSWORD).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "is too old");
    assert_eq!(sign_in(&mut world.browser(), ALICE, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_link_comes_to_nothing_with_a_new_password() {
    let world = World::with_mail().await;
    let mut user = world.user(ALICE).await;
    ask(&world, ALICE).await;
    let token = world.letters.token(ALICE, "new password").await;
    post(&mut user, "/password", json!({ "password": PASSWORD, "new_password": NEW_PASSWORD })).await;
    set(&world, &token, "of somebody else").await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "the link was used");
    assert!(is_in(&user).await);
}

#[tokio::test]
async fn mails_are_limited_by_client_and_behind_the_answer_by_account() {
    let world = World::with(|plan| {
        plan.mail = true;
        (plan.tries.mails_per_account, plan.tries.mails_per_client) = (2, 3);
    })
    .await;
    world.account(ALICE).await;
    for _ in 0..3 {
        assert_eq!(ask(&world, ALICE).await.status, StatusCode::OK, "that no third is sent is not said");
    }
    ask(&world, BOB).await.must_wait();
    let elsewhere = post(&mut world.browser_from("127.0.0.2"), "/reset", json!({ "email": ALICE })).await;
    assert_eq!(elsewhere.status, StatusCode::OK);
    for _ in 0..2 {
        world.letters.token(ALICE, "new password").await;
    }
}

#[tokio::test]
async fn a_pool_without_mail_says_so() {
    let world = World::start().await;
    ask(&world, ALICE).await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "this pool sends no mail");
}

//! Changing the password.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::world::{ALICE, NEW_PASSWORD, PASSWORD, World, is_in, post, sign_in};
use crate::browser::{Browser, Reply};

async fn change(browser: &mut Browser, password: &str, new: &str) -> Reply {
    post(browser, "/password", json!({ "password": password, "new_password": new })).await
}

#[tokio::test]
async fn a_new_password_signs_out_every_other_device() {
    let world = World::start().await;
    let mut here = world.user(ALICE).await;
    let (there, old) = (world.signed_in(ALICE).await, here.clone());
    let key = post(&mut here, "/key/show", json!({ "password": PASSWORD })).await.body;
    change(&mut here, "wrong", NEW_PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "the current password is wrong");
    change(&mut here, PASSWORD, "12345678").await.refuses(StatusCode::UNPROCESSABLE_ENTITY, "tried first");
    assert!(is_in(&there).await);
    assert_eq!(change(&mut here, PASSWORD, NEW_PASSWORD).await.status, StatusCode::OK);
    assert!(is_in(&here).await && !is_in(&there).await && !is_in(&old).await);
    assert_eq!(post(&mut here, "/key/show", json!({ "password": NEW_PASSWORD })).await.body, key);
    sign_in(&mut world.browser(), ALICE, PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "is wrong");
    assert_eq!(sign_in(&mut world.browser(), ALICE, NEW_PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_finds_a_browser_signed_in_cannot_guess_the_password_there() {
    let world = World::start().await;
    let mut found = world.user(ALICE).await;
    for _ in 0..10 {
        change(&mut found, "wrong", NEW_PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "is wrong");
    }
    change(&mut found, PASSWORD, NEW_PASSWORD).await.must_wait();
    post(&mut found, "/close", json!({ "password": PASSWORD })).await.must_wait();
    change(&mut world.browser(), PASSWORD, NEW_PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "sign in first");
}

#[tokio::test]
async fn of_two_changes_at_the_same_moment_one_is_told_of_the_other() {
    let world = World::with(|plan| plan.costs.floor = Duration::from_millis(300)).await;
    let (mut one, mut other) = (world.user(ALICE).await, world.signed_in(ALICE).await);
    let (one, other) = tokio::join!(
        change(&mut one, PASSWORD, "the first new one"),
        change(&mut other, PASSWORD, "the second new one")
    );
    let (done, told) = if one.status == StatusCode::OK { (one, other) } else { (other, one) };
    assert_eq!(done.status, StatusCode::OK);
    told.refuses(StatusCode::UNPROCESSABLE_ENTITY, "it was changed at the same moment");
}

//! The second step of signing in.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::world::{ALICE, PASSWORD, World, is_in, post, sign_in};
use crate::browser::{Browser, Reply};

const NOTE: &str = "__Host-firststep";

/// A browser that has shown the right password.
async fn half_way(world: &World) -> Browser {
    let mut browser = world.browser();
    let reply = sign_in(&mut browser, ALICE, PASSWORD).await;
    assert_eq!((reply.status, &reply.body["state"]), (StatusCode::OK, &json!("second factor needed")));
    browser
}

async fn show(browser: &mut Browser, code: &str) -> Reply {
    post(browser, "/signin/code", json!({ "code": code })).await
}

#[tokio::test]
async fn signing_in_takes_a_code_that_counts_once() {
    let world = World::start().await;
    let there = world.user(ALICE).await;
    let (secret, _) = world.second_factor(ALICE).await;
    assert!(!is_in(&there).await, "others have not shown it");
    let (mut one, mut other) = (half_way(&world).await, half_way(&world).await);
    assert!(!is_in(&one).await, "one step is not enough");
    let code = world.code(&secret);
    assert_eq!(show(&mut one, &code).await.status, StatusCode::OK);
    assert!(is_in(&one).await && !one.cookies.contains_key(NOTE));
    show(&mut other, &code).await.refuses(StatusCode::UNAUTHORIZED, "was used already");
    assert!(!is_in(&other).await);
}

#[tokio::test]
async fn a_recovery_code_opens_the_account_once() {
    let world = World::start().await;
    world.account(ALICE).await;
    let (_, codes) = world.second_factor(ALICE).await;
    let (mut lost, mut again) = (half_way(&world).await, half_way(&world).await);
    assert_eq!(show(&mut lost, &codes[0]).await.status, StatusCode::OK);
    assert!(is_in(&lost).await);
    show(&mut again, &codes[0]).await.refuses(StatusCode::UNAUTHORIZED, "this code is wrong");
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let world = World::start().await;
    world.account(ALICE).await;
    let (secret, _) = world.second_factor(ALICE).await;
    let wrong = if world.code(&secret) == "123456" { "654321" } else { "123456" };
    for _ in 0..10 {
        // Showing the password again forgives nothing, and neither does another address.
        let mut guesser = half_way(&world).await;
        guesser.client = "127.0.0.7".parse().unwrap();
        show(&mut guesser, wrong).await.refuses(StatusCode::UNAUTHORIZED, "this code is wrong");
    }
    show(&mut half_way(&world).await, &world.code(&secret)).await.must_wait();
}

#[tokio::test]
async fn the_second_step_needs_the_first_which_ends_with_time_and_with_the_password() {
    let world = World::start().await;
    world.account(ALICE).await;
    let (secret, _) = world.second_factor(ALICE).await;
    let refused = async |browser: &mut Browser| {
        let reply = show(browser, &world.code(&secret)).await;
        reply.refuses(StatusCode::UNAUTHORIZED, "sign in with the password first");
    };
    refused(&mut world.browser()).await;
    let mut forged = half_way(&world).await;
    let note = forged.cookies.get_mut(NOTE).unwrap();
    *note = note.replacen('1', "2", 1);
    refused(&mut forged).await;
    let mut slow = half_way(&world).await;
    world.clock.advance(Duration::from_secs(600));
    refused(&mut slow).await;
    let mut old = half_way(&world).await;
    world.change(ALICE, |user| user.password.argon2 = Some("another".into())).await;
    refused(&mut old).await;
}

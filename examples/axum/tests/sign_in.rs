//! Signing in with the password: guessing, locking others out, racing with a new password.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;
use stakepool::Stores;
use stakepool_core::accounts::UserId;
use stakepool_core::testkit::RacingSessions;

use super::world::{ALICE, BOB, NEW_PASSWORD, PASSWORD, World, is_in, post, sign_in};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_read_the_same_and_cost_the_same_time() {
    let floor = Duration::from_millis(200);
    let world = World::with(|plan| plan.costs.floor = floor).await;
    world.account(ALICE).await;
    let wrong = sign_in(&mut world.browser(), ALICE, "wrong").await;
    wrong.refuses(StatusCode::UNAUTHORIZED, "the e-mail address or the password is wrong");
    for nobody in [BOB, "no address"] {
        let began = Instant::now();
        let unknown = sign_in(&mut world.browser(), nobody, "wrong").await;
        assert!(began.elapsed() >= floor, "{nobody} is answered after {:?}", began.elapsed());
        assert_eq!((unknown.status, unknown.body), (wrong.status, wrong.body.clone()));
    }
}

#[tokio::test]
async fn too_many_tries_of_an_account_must_wait_and_are_told_how_long() {
    let world = World::start().await;
    world.account(ALICE).await;
    for _ in 0..10 {
        assert_eq!(sign_in(&mut world.browser(), ALICE, "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    sign_in(&mut world.browser(), ALICE, PASSWORD).await.must_wait();
}

#[tokio::test]
async fn a_client_that_tries_many_accounts_must_wait_and_others_need_not() {
    let world = World::with(|plan| plan.tries.sign_ins_per_client = 3).await;
    for number in 0..3 {
        let reply = sign_in(&mut world.browser(), &format!("{number}@example.org"), "wrong").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
    sign_in(&mut world.browser(), "3@example.org", "wrong").await.must_wait();
    let elsewhere = sign_in(&mut world.browser_from("127.0.0.2"), "3@example.org", "wrong").await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn tries_at_the_same_moment_count_before_they_are_checked() {
    let world = World::with(|plan| {
        plan.tries.sign_ins_per_account = 2;
        plan.costs.floor = Duration::from_millis(300);
    })
    .await;
    let tries = (0..4).map(|_| {
        let mut browser = world.browser();
        tokio::spawn(async move { sign_in(&mut browser, ALICE, "wrong").await.status })
    });
    let (mut refused, tries) = (0, tries.collect::<Vec<_>>());
    for tried in tries {
        refused += usize::from(tried.await.unwrap() == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn nobody_locks_a_user_out_who_comes_from_elsewhere_or_is_signed_in() {
    let world = World::start().await;
    let mut user = world.user(ALICE).await;
    for _ in 0..10 {
        sign_in(&mut world.browser_from("127.0.0.9"), ALICE, "wrong").await;
    }
    sign_in(&mut world.browser_from("127.0.0.9"), ALICE, PASSWORD).await.must_wait();
    assert_eq!(sign_in(&mut world.browser_from("127.0.0.2"), ALICE, PASSWORD).await.status, StatusCode::OK);
    let change = json!({ "password": PASSWORD, "new_password": NEW_PASSWORD });
    assert_eq!(post(&mut user, "/password", change).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_crowd_that_tries_an_account_does_not_lock_out_a_browser_that_was_signed_in_before() {
    let world = World::with(|plan| plan.tries.sign_ins_per_account = 1).await;
    let mut known = world.user(ALICE).await;
    post(&mut known, "/signout", json!({})).await;
    for client in 10..20 {
        sign_in(&mut world.browser_from(&format!("127.0.0.{client}")), ALICE, "wrong").await;
    }
    sign_in(&mut world.browser(), ALICE, PASSWORD).await.must_wait();
    assert_eq!(sign_in(&mut known, ALICE, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_sign_in_with_the_old_password_does_not_outlive_its_change() {
    let racing = |stores: Stores| {
        let sessions = Arc::new(RacingSessions::new(stores.sessions.clone(), stores.users.clone()));
        Stores { sessions, ..stores }
    };
    let world = World::with(|plan| plan.stores = racing).await;
    world.account(ALICE).await;
    let mut browser = world.browser();
    let reply = sign_in(&mut browser, ALICE, PASSWORD).await;
    reply.refuses(StatusCode::UNAUTHORIZED, "the password was changed at the same moment");
    assert!(browser.cookies.is_empty() && !is_in(&browser).await);
    assert!(world.pool.sessions_of(UserId(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_disabled_account_is_out_within_a_second_and_cannot_come_back() {
    let world = World::start().await;
    let browser = world.user(ALICE).await;
    world.change(ALICE, |user| user.disabled = true).await;
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert!(!is_in(&browser).await);
    sign_in(&mut world.browser(), ALICE, PASSWORD).await.refuses(StatusCode::UNAUTHORIZED, "disabled");
    sign_in(&mut world.browser(), ALICE, "wrong").await.refuses(StatusCode::UNAUTHORIZED, "or the password is wrong");
}

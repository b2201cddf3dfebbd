//! API keys, and what a wallet gets with one.

use axum::http::StatusCode;
use axum::http::{Method, header::AUTHORIZATION};
use serde_json::json;

use super::world::{ALICE, BOB, PASSWORD, USER_KEY, World, delete, post};
use crate::browser::Browser;

async fn key(browser: &mut Browser) -> String {
    post(browser, "/key/show", json!({ "password": PASSWORD })).await.body["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_shown_renewed_and_revoked() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    post(&mut browser, "/address", json!({ "key": USER_KEY })).await;
    let works = async |key: &str| {
        let reply = world.browser().call("/purchaseinfo", key).await.unwrap();
        assert!(matches!(reply.status, StatusCode::OK | StatusCode::UNAUTHORIZED), "{reply:?}");
        reply.status == StatusCode::OK
    };
    let first = key(&mut browser).await;
    assert!(works(&first).await);
    let second =
        post(&mut browser, "/key", json!({ "password": PASSWORD })).await.body["key"].as_str().unwrap().to_owned();
    assert!(!works(&first).await && works(&second).await);
    for _ in 0..2 {
        assert_eq!(delete(&mut browser, "/key").await.status, StatusCode::OK);
        assert_eq!(browser.get("/key").await.unwrap().body, json!({ "has_key": false }));
    }
    assert!(!works(&second).await);
    post(&mut browser, "/key", json!({ "password": PASSWORD })).await;
    let third = key(&mut browser).await;
    assert!(!works(&first).await && !works(&second).await && works(&third).await);
}

#[tokio::test]
async fn renewing_is_limited_and_revoking_is_not() {
    let world = World::with(|plan| plan.tries.api_writes_per_user = 1).await;
    let mut browser = world.user(ALICE).await;
    assert_eq!(post(&mut browser, "/key", json!({ "password": PASSWORD })).await.status, StatusCode::OK);
    let before = key(&mut browser).await;
    post(&mut browser, "/key", json!({ "password": PASSWORD })).await.must_wait();
    assert_eq!(key(&mut browser).await, before);
    assert_eq!(delete(&mut browser, "/key").await.status, StatusCode::OK);
    assert_eq!(world.browser().call("/purchaseinfo", &before).await.unwrap().status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn all_that_is_no_key_is_refused_alike() {
    let world = World::start().await;
    let mut browser = world.user(ALICE).await;
    let right = key(&mut browser).await;
    world
        .browser()
        .call("/purchaseinfo", &right)
        .await
        .unwrap()
        .refuses(StatusCode::UNPROCESSABLE_ENTITY, "no address submitted");
    let (half, unsigned) = (right.rsplit_once('.').unwrap().0, "eyJhbGciOiJub25lIn0.eyJsb2dnZWRJbkFzIjoxfQ.");
    let mut last = right.clone();
    let end = if last.pop() == Some('A') { 'E' } else { 'A' };
    last.push(end);
    let mut headers: Vec<_> = ["", "x", half, unsigned, &last].iter().map(|key| format!("Bearer {key}")).collect();
    headers.extend([format!("Basic {right}"), right.clone(), "Bearer".to_owned()]);
    let none = browser.send(Method::GET, "/purchaseinfo", &[], "").await.unwrap();
    none.refuses(StatusCode::UNAUTHORIZED, "invalid API key");
    for header in headers {
        let reply = browser.send(Method::GET, "/purchaseinfo", &[(AUTHORIZATION, header.clone())], "").await.unwrap();
        assert_eq!((reply.status, reply.body), (none.status, none.body.clone()), "{header}");
    }
}

#[tokio::test]
async fn a_key_is_shown_to_its_user_only_and_serves_that_users_address() {
    let world = World::start().await;
    let (mut alice, mut bob) = (world.user(ALICE).await, world.user(BOB).await);
    for path in ["/key", "/key/show"] {
        let stranger = post(&mut world.browser(), path, json!({ "password": PASSWORD })).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    post(&mut alice, "/key/show", json!({})).await.refuses(StatusCode::UNAUTHORIZED, "the current password is wrong");
    let registered = post(&mut alice, "/address", json!({ "key": USER_KEY })).await;
    let (alices, bobs) = (key(&mut alice).await, key(&mut bob).await);
    assert_ne!(alices, bobs);
    let info = world.browser().call("/purchaseinfo", &alices).await.unwrap().body;
    assert_eq!((&info["TicketAddress"], &info["Script"]), (&registered.body["address"], &registered.body["script"]));
    assert_eq!((&info["PoolFees"], &info["VoteBits"]), (&json!(7.5), &json!(1)));
    world
        .browser()
        .call("/purchaseinfo", &bobs)
        .await
        .unwrap()
        .refuses(StatusCode::UNPROCESSABLE_ENTITY, "no address submitted");
}

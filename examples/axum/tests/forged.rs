//! What may change something counts only where a page of the pool sent it. Every such request is tried.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, HeaderName, ORIGIN as FROM};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stakepool_core::accounts::{User, UserId};
use stakepool_core::ports::UserStore as _;
use tokio::io::AsyncWriteExt as _;

use super::world::{ALICE, BOB, NEW_PASSWORD, ORIGIN, PASSWORD, USER_KEY, World, is_in, sign_in};
use crate::browser::{Browser, Reply};

const JSON: &str = "application/json";

/// Every path that may change something, with fields that change something.
fn requests(scene: &Scene) -> [(Method, &'static str, Value); 12] {
    let password = json!({ "password": PASSWORD });
    [
        (Method::POST, "/signup", json!({ "email": "new@example.org", "password": PASSWORD })),
        (Method::POST, "/verify", json!({ "token": scene.verifies })),
        (Method::POST, "/signin", json!({ "email": BOB, "password": PASSWORD })),
        (Method::POST, "/signin/code", json!({ "code": scene.code })),
        (Method::POST, "/signout", json!({})),
        (Method::POST, "/reset", json!({ "email": BOB })),
        (Method::POST, "/reset/set", json!({ "token": scene.resets, "new_password": NEW_PASSWORD })),
        (Method::POST, "/password", json!({ "password": PASSWORD, "new_password": NEW_PASSWORD })),
        (Method::POST, "/close", password.clone()),
        (Method::POST, "/key", password.clone()),
        (Method::DELETE, "/key", password.clone()),
        (Method::POST, "/address", json!({ "key": USER_KEY })),
    ]
}

/// A world in which every request has something to change.
struct Scene {
    world: World,
    /// Signed in as Alice and, half way, as a user with a second factor.
    victim: Browser,
    verifies: String,
    resets: String,
    code: String,
}

#[derive(Debug, PartialEq)]
struct State {
    users: Vec<User>,
    sessions: Vec<usize>,
    letters: usize,
}

impl Scene {
    async fn set() -> Self {
        let world = World::with_mail().await;
        let mut victim = world.user(ALICE).await;
        world.account(BOB).await;
        world.account("device@example.org").await;
        let (secret, _) = world.second_factor("device@example.org").await;
        let mut half_way = world.browser();
        sign_in(&mut half_way, "device@example.org", PASSWORD).await;
        victim.cookies.extend(half_way.cookies);
        let new = json!({ "email": "unverified@example.org", "password": PASSWORD });
        world.browser().post("/signup", new).await.unwrap();
        let verifies = world.letters.token("unverified@example.org", "verify").await;
        world.browser().post("/reset", json!({ "email": BOB })).await.unwrap();
        let resets = world.letters.token(BOB, "new password").await;
        let code = world.code(&secret);
        Self { world, victim, verifies, resets, code }
    }

    async fn state(&self) -> State {
        let users = self.world.store.list(UserId(0), 100).await.unwrap();
        let mut sessions = Vec::new();
        for user in &users {
            sessions.push(self.world.pool.sessions_of(user.id).await.unwrap().len());
        }
        State { users, sessions, letters: self.world.letters.count() }
    }
}

async fn send(browser: &mut Browser, method: &Method, path: &str, headers: &[(HeaderName, &str)], body: &str) -> Reply {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect();
    browser.send(method.clone(), path, &headers, body).await.unwrap()
}

#[tokio::test]
async fn nothing_is_changed_by_a_request_from_elsewhere() {
    let scene = Scene::set().await;
    let before = scene.state().await;
    for (method, path, fields) in requests(&scene) {
        for headers in [
            &[][..],
            &[(CONTENT_TYPE, JSON)],
            &[(CONTENT_TYPE, JSON), (FROM, "https://evil.example")],
            &[(CONTENT_TYPE, JSON), (FROM, "https://sister.example.org")],
            &[(CONTENT_TYPE, JSON), (FROM, "https://pool.example.org.evil.example")],
            &[(CONTENT_TYPE, JSON), (FROM, "https://pool.example.org:444")],
            &[(CONTENT_TYPE, JSON), (FROM, "http://pool.example.org")],
            &[(CONTENT_TYPE, JSON), (FROM, "null")],
            &[(CONTENT_TYPE, JSON), (FROM, "")],
            // What a form of another page can send.
            &[(CONTENT_TYPE, "application/x-www-form-urlencoded"), (FROM, ORIGIN)],
            &[(CONTENT_TYPE, "text/plain"), (FROM, ORIGIN)],
            &[(CONTENT_TYPE, "multipart/form-data; boundary=b"), (FROM, ORIGIN)],
            &[(FROM, ORIGIN)],
        ] {
            let reply = send(&mut scene.victim.clone(), &method, path, headers, &fields.to_string()).await;
            reply.refuses(StatusCode::FORBIDDEN, "not from a page of the pool");
            assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{path}");
        }
        let preflight =
            send(&mut scene.victim.clone(), &Method::OPTIONS, path, &[(FROM, "https://evil.example")], "").await;
        assert!(preflight.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{path}");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(scene.state().await, before);
}

#[tokio::test]
async fn the_same_from_a_page_of_the_pool_changes_something() {
    let count = requests(&Scene::set().await).len();
    for number in 0..count {
        let scene = Scene::set().await;
        let before = scene.state().await;
        let (method, path, fields) = requests(&scene)[number].clone();
        let headers = [(CONTENT_TYPE, JSON), (FROM, ORIGIN)];
        let reply = send(&mut scene.victim.clone(), &method, path, &headers, &fields.to_string()).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {reply:?}");
        for _ in 0..100 {
            if scene.state().await != before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_ne!(scene.state().await, before, "{path}");
    }
}

#[tokio::test]
async fn looking_changes_nothing() {
    let scene = Scene::set().await;
    let before = scene.state().await;
    for (_, path, fields) in requests(&scene) {
        for method in [Method::GET, Method::HEAD] {
            send(&mut scene.victim.clone(), &method, path, &[], &fields.to_string()).await;
        }
    }
    assert!(is_in(&scene.victim).await);
    assert_eq!(scene.state().await, before);
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let world = World::with(|plan| plan.costs.floor = Duration::from_millis(300)).await;
    let browser = world.user(ALICE).await;
    let body = json!({ "password": PASSWORD }).to_string();
    let (cookie, length) = (&browser.cookies["__Host-session"], body.len());
    let request = format!(
        "POST /close HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\n\
         Cookie: __Host-session={cookie}\r\n\r\n{body}"
    );
    let mut stream = browser.connect().await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(stream);
    let mut user = world.store.by_id(UserId(1)).await.unwrap().unwrap();
    for _ in 0..1000 {
        if user.disabled && !is_in(&browser).await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        user = world.store.by_id(UserId(1)).await.unwrap().unwrap();
    }
    assert!(user.disabled && !is_in(&browser).await);
}

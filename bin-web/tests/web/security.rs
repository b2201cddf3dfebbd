//! What an attacker tries: guessing, locking others out, racing with a new password, hanging up half way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use stakepool::Parts;
use stakepool::registration::RegistrationError;
use stakepool::registration::{AddressRegistrar, BeforeIndex};
use stakepool_core::accounts::{Email, PasswordHashes, Registration, UserId};
use stakepool_core::ports::UserStore;
use stakepool_core::testkit::RacingSessions;
use stakepool_web::ProxyTrust;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use warp::http::StatusCode;
use warp::http::header::SET_COOKIE;

use crate::browser::PASSWORD;
use crate::fakes::daemon;
use crate::world::{Plan, USER_KEY, World, key_of};

#[tokio::test]
async fn a_vote_that_is_the_same_again_is_neither_written_nor_told_to_the_daemons() {
    let daemon = daemon("daemon:1");
    let world = World::of(Plan { daemons: vec![daemon.clone()], ..Plan::default() }).await;
    world.old_users(1).await;
    let form = format!("UserPubKeyAddr={USER_KEY}");
    assert!(world.call(&key_of(1), "/api/v2/address", Some(&form)).await.contains("success"));
    let settled = async || {
        let mut looks = daemon.looks.load(Ordering::SeqCst);
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = daemon.looks.load(Ordering::SeqCst);
            if std::mem::replace(&mut looks, now) == now {
                return now;
            }
        }
    };
    let before = settled().await;
    for _ in 0..5 {
        assert!(world.call(&key_of(1), "/api/v2/voting", Some("VoteBits=1")).await.contains("success"));
    }
    assert_eq!(settled().await, before);
}

#[tokio::test]
async fn wallets_that_change_too_much_are_told_to_wait() {
    let mut plan = Plan::default();
    plan.settings.tries.api_writes_per_user = 2;
    let world = World::of(plan).await;
    world.old_users(2).await;
    for _ in 0..2 {
        assert!(world.call(&key_of(1), "/api/v2/voting", Some("VoteBits=1")).await.contains("success"));
    }
    for (call, form) in [("voting", "VoteBits=1"), ("address", "UserPubKeyAddr=x")] {
        assert_eq!(
            world.call(&key_of(1), &format!("/api/v2/{call}"), Some(form)).await,
            format!(
                "{{\"status\":\"error\",\"code\":8,\"message\":\"{call} error - too many changes, try again in 10 \
                 minutes\"}}\n"
            )
        );
    }
    assert!(world.call(&key_of(2), "/api/v2/voting", Some("VoteBits=1")).await.contains("success"));
    assert!(world.call(&key_of(1), "/api/v2/getpurchaseinfo", None).await.contains("no address submitted"));
}

#[tokio::test]
async fn tries_at_the_same_moment_count_before_they_are_checked() {
    let mut plan = Plan::default();
    plan.settings.tries.sign_ins_per_account = 2;
    plan.settings.password_costs.floor = Duration::from_millis(300);
    let world = World::of(plan).await;
    let sign_in = async || world.browser().sign_in("a@example.org", "wrong").await.status;
    let statuses = futures_util::future::join_all((0..4).map(|_| sign_in())).await;
    let refused = statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!(refused, 2, "{statuses:?}");
}

/// Signs in as a client behind the proxy.
async fn sign_in_from(world: &World, client: &str, email: &str, password: &str) -> StatusCode {
    let mut browser = world.browser();
    let page = browser.get("/signin").await.text();
    let token = crate::browser::hidden_token(&page).unwrap();
    let fields = [("csrf_token", token.as_str()), ("email", email), ("password", password)];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let kind = "application/x-www-form-urlencoded";
    let headers = [("cookie", cookies.join("; ")), ("content-type", kind.into()), ("x-real-ip", client.into())];
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.send("POST", "/signin", &headers, body.as_bytes()).await.status
}

#[tokio::test]
async fn nobody_locks_a_user_out_who_comes_from_elsewhere_or_is_signed_in() {
    let mut plan = Plan::default();
    plan.options.proxies = ProxyTrust { header: Some("X-Real-IP".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
    let world = World::of(plan).await;
    let mut user = world.user("a@example.org").await;
    for _ in 0..10 {
        assert_eq!(sign_in_from(&world, "203.0.113.9", "a@example.org", "wrong").await, StatusCode::OK);
    }
    let locked = sign_in_from(&world, "203.0.113.9", "a@example.org", PASSWORD).await;
    assert_eq!(locked, StatusCode::TOO_MANY_REQUESTS);
    let elsewhere = sign_in_from(&world, "198.51.100.1", "a@example.org", PASSWORD).await;
    assert_eq!(elsewhere, StatusCode::SEE_OTHER);
    let fields = new_password("another long one");
    assert_eq!(user.submit("/settings", &fields).await.location(), "/settings");
}

fn new_password(new: &str) -> [(&str, &str); 4] {
    [("password", PASSWORD), ("newpassword", new), ("newpasswordrepeat", new), ("updatePassword", "true")]
}

#[tokio::test]
async fn a_sign_in_with_the_old_password_does_not_outlive_its_change() {
    let change_parts = |parts: &mut Parts| {
        parts.sessions = Arc::new(RacingSessions::new(parts.sessions.clone(), parts.users.clone()));
    };
    let world = World::of(Plan { change_parts, ..Plan::default() }).await;
    let mut browser = world.browser();
    browser.sign_up("a@example.org").await;
    let reply = browser.sign_in("a@example.org", PASSWORD).await;
    assert!(reply.text().contains("The password was changed while you signed in"), "{}", reply.text());
    assert!(!browser.cookies.contains_key("session"));
}

#[tokio::test]
async fn of_two_password_changes_at_the_same_moment_one_is_told_of_the_other() {
    let mut plan = Plan::default();
    plan.settings.password_costs.floor = Duration::from_millis(500);
    let world = World::of(plan).await;
    let mut one = world.user("a@example.org").await;
    let mut other = world.browser();
    other.sign_in("a@example.org", PASSWORD).await;
    let (first, second) = (new_password("the first new one"), new_password("the second new one"));
    let (one, other) = tokio::join!(one.submit("/settings", &first), other.submit("/settings", &second));
    let (done, told) = if one.status == StatusCode::SEE_OTHER { (one, other) } else { (other, one) };
    assert_eq!((done.status, told.status), (StatusCode::SEE_OTHER, StatusCode::OK), "{}", told.text());
    assert!(told.text().contains("it was changed at the same moment"), "{}", told.text());
}

#[tokio::test]
async fn a_new_password_replaces_the_predecessors_hash_too() {
    let world = World::start().await;
    world.browser().sign_up("a@example.org").await;
    let bcrypt = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga";
    let before = world.database.by_id(UserId(1)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.password = PasswordHashes { bcrypt: Some(bcrypt.into()), argon2: None };
    world.database.update(&before, &after).await.unwrap();
    let mut browser = world.browser();
    browser.sign_in("a@example.org", "allmine").await;
    let mut fields = new_password("another long one");
    fields[0].1 = "allmine";
    assert_eq!(browser.submit("/settings", &fields).await.location(), "/settings");
    let user = world.database.by_email(&Email::parse("a@example.org").unwrap()).await.unwrap().unwrap();
    assert!(user.password.bcrypt.is_some_and(|hash| hash != bcrypt && hash.starts_with("$2a$10$")));
    assert_eq!(world.browser().sign_in("a@example.org", "another long one").await.location(), "/start");
}

/// Tells when a registration begins, and goes on when it is told to.
struct Slow(Arc<dyn AddressRegistrar>);

static BEGUN: Notify = Notify::const_new();
static GO_ON: Notify = Notify::const_new();
static DONE: AtomicUsize = AtomicUsize::new(0);

#[async_trait]
impl AddressRegistrar for Slow {
    async fn register(
        &self,
        user: UserId,
        key: &str,
        before: &dyn BeforeIndex,
    ) -> Result<Registration, RegistrationError> {
        BEGUN.notify_one();
        GO_ON.notified().await;
        let registration = self.0.register(user, key, before).await;
        DONE.fetch_add(1, Ordering::SeqCst);
        registration
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let change_parts = |parts: &mut Parts| parts.registrar = Arc::new(Slow(parts.registrar.clone()));
    let world = World::of(Plan { change_parts, ..Plan::default() }).await;
    world.old_users(1).await;
    let mut browser = world.user("a@example.org").await;
    let page = browser.get("/address").await.text();
    let token = crate::browser::hidden_token(&page).unwrap();
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    let requests = [
        ("/api/v2/address", format!("Authorization: Bearer {}", key_of(1)), format!("UserPubKeyAddr={USER_KEY}")),
        (
            "/address",
            format!("Cookie: {}", cookies.join("; ")),
            format!("csrf_token={token}&UserPubKeyAddr={USER_KEY}"),
        ),
    ];
    for (done, (path, header, body)) in (1..).zip(requests) {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n{kind}\r\nContent-Length: {length}\r\n\r\n");
        let mut stream = TcpStream::connect(world.server).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        BEGUN.notified().await;
        drop(stream);
        // Time for the server to see that nobody waits any more.
        tokio::time::sleep(Duration::from_millis(200)).await;
        GO_ON.notify_one();
        let finished = async {
            while DONE.load(Ordering::SeqCst) < done {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), finished).await.expect(path);
    }
    assert!(world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.is_some());
}

#[tokio::test]
async fn over_https_browsers_are_bound_to_it_and_cookies_to_this_host() {
    let mut plan = Plan::default();
    plan.settings.site.base_url = "https://pool.example".into();
    plan.options.cookie_secure = true;
    let world = World::of(plan).await;
    for path in ["/", "/signup", "/api/v2/stats", "/none"] {
        let reply = world.send("GET", path, &[], b"").await;
        assert_eq!(reply.header("strict-transport-security"), "max-age=31536000", "{path}");
        for cookie in reply.headers.get_all(SET_COOKIE) {
            assert!(cookie.to_str().unwrap().starts_with("__Host-"), "{cookie:?}");
        }
    }
    let mut browser = world.user("a@example.org").await;
    assert_eq!(browser.get("/settings").await.status, StatusCode::OK);
    assert!(browser.cookies.keys().all(|name| name.starts_with("__Host-")), "{:?}", browser.cookies);
    let plain = World::start().await.send("GET", "/", &[], b"").await;
    assert!(plain.headers.get("strict-transport-security").is_none());
}

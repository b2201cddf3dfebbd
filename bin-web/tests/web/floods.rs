//! Strangers who send much that is wrong: what they may try, and what they write.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stakepool::Parts;
use stakepool_core::accounts::{Email, UserId};
use stakepool_core::ports::{StoreError, TokenPurpose, TokenStore};
use stakepool_core::secret::Secret;
use stakepool_core::time::UnixTime;
use stakepool_web::ProxyTrust;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use warp::http::StatusCode;

use crate::logging::log_to;
use crate::sink::Sink;
use crate::world::{Plan, World};

const TOKEN: &str = "the token of the monitors";

/// Keeps what is logged in this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Message<'a>(&'a mut Vec<String>);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.push(format!("{value:?}"));
        }
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Message(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn with_monitors() -> Plan {
    let mut plan = Plan::default();
    plan.options.admission.status_token = Some(Secret::new(TOKEN));
    plan.options.proxies = ProxyTrust { header: Some("X-Real-IP".into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
    plan
}

/// What a monitor is answered that comes from an address.
async fn monitor(world: &World, from: &str, token: &str) -> StatusCode {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("x-real-ip", from)];
    world.send("GET", "/status.json", &headers, b"").await.status
}

#[tokio::test]
async fn who_guesses_the_monitors_token_must_wait_and_others_need_not() {
    let world = World::of(with_monitors()).await;
    let right = monitor(&world, "203.0.113.9", TOKEN).await;
    assert!(right != StatusCode::UNAUTHORIZED && right != StatusCode::TOO_MANY_REQUESTS, "{right}");
    for _ in 0..10 {
        assert_eq!(monitor(&world, "203.0.113.9", "wrong").await, StatusCode::UNAUTHORIZED);
    }
    for token in ["wrong", TOKEN] {
        assert_eq!(monitor(&world, "203.0.113.9", token).await, StatusCode::TOO_MANY_REQUESTS);
    }
    for _ in 0..20 {
        assert_eq!(monitor(&world, "198.51.100.1", TOKEN).await, right, "right tokens do not count");
    }
}

#[test]
fn a_line_that_another_thread_wrote_first_is_kept() {
    let write = || tracing::info!("a line of two threads");
    let lines = Lines::default();
    let _guard = log_to(lines.clone());
    std::thread::spawn(write).join().unwrap();
    write();
    assert_eq!(*lines.0.lock().unwrap(), ["a line of two threads"]);
}

#[tokio::test]
async fn strangers_do_not_fill_the_log() {
    let lines = Lines::default();
    let _guard = log_to(lines.clone());
    let sink = Sink::start().await;
    let mut plan = Plan { mail: Some(sink.address), ..with_monitors() };
    // Visitors whom a proxy does not name are not counted as one client.
    plan.options.proxies = ProxyTrust::default();
    plan.settings.tries.mails_per_client = 1;
    let world = World::of(plan).await;
    world.wallets_away(true);
    let mut refused = 0;
    for _ in 0..8 {
        monitor(&world, "203.0.113.9", "wrong").await;
        assert!(world.send("GET", "/api/v2/stats", &[], b"").await.text().contains("RPC server error"));
        let again = [("email", "a@example.org"), ("resend", "1")];
        let again = world.browser().submit_with_token_of("/signin", "/emailverify", &again).await;
        refused += u32::from(again.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 7);
    let world = World::of(with_monitors()).await;
    let mut user = world.user("a@example.org").await;
    for _ in 0..8 {
        assert_eq!(user.get("/status").await.status, StatusCode::FORBIDDEN);
    }
    let lines = lines.0.lock().unwrap();
    assert!(lines.iter().any(|line| line == "signed in"), "{lines:?}");
    for line in [
        "a monitor sent a wrong token",
        "no statistics for the API",
        "too many mails are asked for",
        "administration was refused",
    ] {
        assert!(lines.iter().filter(|told| *told == line).count() <= 1, "{line}");
    }
}

/// Counts tokens that are to be used up, which is written even where there is none.
struct Counting(Arc<dyn TokenStore>);

static TAKEN: AtomicUsize = AtomicUsize::new(0);

#[async_trait]
impl TokenStore for Counting {
    async fn put(
        &self,
        purpose: TokenPurpose,
        hash: [u8; 32],
        user: UserId,
        email: Option<&Email>,
        expires: UnixTime,
    ) -> Result<(), StoreError> {
        self.0.put(purpose, hash, user, email, expires).await
    }

    async fn peek(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        self.0.peek(purpose, hash, now).await
    }

    async fn take(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        TAKEN.fetch_add(1, Ordering::SeqCst);
        self.0.take(purpose, hash, now).await
    }
}

#[tokio::test]
async fn links_that_are_none_cost_no_write_and_are_counted() {
    let change_parts = |parts: &mut Parts| parts.tokens = Arc::new(Counting(parts.tokens.clone()));
    let world = World::of(Plan { change_parts, ..Plan::default() }).await;
    let token = "0".repeat(64);
    for (number, page) in (0..12).zip(["/emailverify", "/emailupdate"].into_iter().cycle()) {
        let reply = world.browser().submit_with_token_of("/signin", page, &[("t", &token)]).await;
        let expected = if number < 10 { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(reply.status, expected, "{number}");
    }
    assert_eq!(TAKEN.load(Ordering::SeqCst), 0);
}

//! What monitors read, on a listener of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use stakepool::status::Overall;
use stakepool_core::call_figures::CallFigures;
use stakepool_core::testkit::{DaemonMood, FakeDaemon};
use stakepool_process::monitor::CallsOf;
use stakepool_web::CallSource;
use warp::http::StatusCode;

use crate::fakes::daemon;
use crate::http::{Reply, send};
use crate::world::{Plan, World};

/// A daemon that was called.
struct Calls;

impl CallSource for Calls {
    fn calls(&self) -> Vec<CallsOf> {
        let figures = CallFigures { calls: 4, errors: 1, time: Duration::from_millis(1500) };
        vec![("daemon:1".to_owned(), BTreeMap::from([("GetStatus", figures)]))]
    }
}

/// A pool with monitors and a daemon, which is in order.
async fn watched() -> (World, Arc<FakeDaemon>) {
    let daemon = daemon("daemon:1");
    let mut plan = Plan { daemons: vec![daemon.clone()], ..Plan::default() };
    plan.options.monitor_listen = vec!["127.0.0.1:0".to_owned()];
    plan.web.calls = Some(Arc::new(Calls));
    let world = World::of(plan).await;
    until(&world, "/readyz", |reply| reply.status == StatusCode::OK).await;
    (world, daemon)
}

async fn ask(world: &World, path: &str) -> Reply {
    send(world.monitors.unwrap(), "GET", path, &[], b"").await
}

async fn until(world: &World, path: &str, holds: impl Fn(&Reply) -> bool) -> Reply {
    for _ in 0..500 {
        let reply = ask(world, path).await;
        if holds(&reply) {
            return reply;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never so: {}", ask(world, path).await.text());
}

#[tokio::test]
async fn the_figures_are_those_of_the_pool() {
    let (world, _daemon) = watched().await;
    assert_eq!(world.browser().get("/stats").await.status, StatusCode::OK);
    let reply = ask(&world, "/metrics").await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8")
    );
    let text = reply.text();
    for line in [
        "stakepool_web_state 0",
        "stakepool_web_best_height 224",
        "stakepool_web_wallet_up{wallet=\"wallet1\"} 1",
        "stakepool_web_wallet_lag_blocks{wallet=\"wallet2\"} 0",
        "stakepool_web_daemon_in_order{daemon=\"daemon:1\"} 1",
        "stakepool_web_daemon_can_vote{daemon=\"daemon:1\"} 1",
        "# TYPE stakepool_web_rpc_calls_total counter",
        "stakepool_web_rpc_calls_total{server=\"daemon:1\",method=\"GetStatus\"} 4",
        "stakepool_web_rpc_errors_total{server=\"daemon:1\",method=\"GetStatus\"} 1",
        "stakepool_web_rpc_seconds_total{server=\"daemon:1\",method=\"GetStatus\"} 1.5",
        "stakepool_web_users 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    let answered = text.lines().filter(|line| line.starts_with("stakepool_web_http_requests_total{route=\"/stats\""));
    assert!(answered.into_iter().any(|line| !line.ends_with(" 0")), "{text}");
}

#[tokio::test]
async fn a_pool_that_cannot_serve_or_vote_is_not_ready_and_says_why() {
    let (world, daemon) = watched().await;
    world.wallets_away(true);
    world.group.recover_all().await;
    let reply = ask(&world, "/readyz").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.text().contains("only 0 of the 2 voting wallets needed are in service"), "{}", reply.text());
    assert_eq!(ask(&world, "/healthz").await.status, StatusCode::OK);
    world.wallets_away(false);
    world.group.recover_all().await;
    assert_eq!(ask(&world, "/readyz").await.text(), "ready\n");
    daemon.set(DaemonMood::Unreachable);
    world.pool.daemons().changed();
    let reply = until(&world, "/readyz", |reply| reply.status == StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(reply.text(), "no voting daemon is known to be able to vote\n");
}

#[tokio::test]
async fn a_pool_that_has_not_heard_of_all_yet_is_starting_and_claims_nothing() {
    let daemon = daemon("daemon:1");
    daemon.set(DaemonMood::Silent);
    let mut plan = Plan { daemons: vec![daemon.clone()], ..Plan::default() };
    plan.options.monitor_listen = vec!["127.0.0.1:0".to_owned()];
    let world = World::of(plan).await;
    let reply = ask(&world, "/readyz").await;
    assert_eq!(
        (reply.status, reply.text().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "starting: no answer yet from daemon daemon:1\n")
    );
    let text = ask(&world, "/metrics").await.text();
    for absent in ["stakepool_web_state ", "stakepool_web_daemon_in_order{", "stakepool_web_daemon_can_vote{"] {
        assert!(!text.lines().any(|line| line.starts_with(absent)), "{absent} is in\n{text}");
    }
    assert!(text.contains("stakepool_web_problems 0\n"), "{text}");
    let status = world.pool.status().await;
    assert_eq!((status.state, status.failures.len()), (Overall::Starting, 0));
    assert_eq!(serde_json::to_value(&status).unwrap()["daemons"][0]["can_vote"], serde_json::Value::Null);
}

#[tokio::test]
async fn the_public_listener_tells_no_figures() {
    let (world, _daemon) = watched().await;
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(world.send("GET", path, &[], b"").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(ask(&world, "/").await.status, StatusCode::NOT_FOUND, "and the monitors' listener no pages");
}

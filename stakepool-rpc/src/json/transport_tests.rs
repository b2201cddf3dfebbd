//! The connection's task against a scripted server in memory, with a clock that the tests turn.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use stakepool_core::chain::Generation;
use stakepool_core::ports::NodeEvent;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::client::{Client, NO_PARAMS};
use super::config::CallLimits;
use super::dial::Dial;
use super::error::RpcError;
use super::identity::ServerKind;
use super::notifications::Subscriber;

type Attempt = oneshot::Sender<Result<DuplexStream, RpcError>>;

/// Dials the test, which decides what becomes of each attempt.
struct Script(mpsc::UnboundedSender<Attempt>);

impl Dial for Script {
    type Io = DuplexStream;

    async fn dial(&self) -> Result<WebSocketStream<DuplexStream>, RpcError> {
        let (sender, result) = oneshot::channel();
        self.0.send(sender).expect("the test listens");
        let stream = result.await.unwrap_or_else(|_| Err(RpcError::Unreachable("refused".to_owned())))?;
        Ok(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
    }
}

struct Server(WebSocketStream<DuplexStream>);

impl Server {
    /// Lets an attempt succeed.
    async fn accept(attempts: &mut mpsc::UnboundedReceiver<Attempt>) -> Self {
        let (near, far) = duplex(1 << 16);
        let attempt = attempts.recv().await.unwrap();
        attempt.send(Ok(near)).unwrap();
        Self(WebSocketStream::from_raw_socket(far, Role::Server, None).await)
    }

    /// The next request; pings are answered on the way. `None` once the client has left.
    async fn request(&mut self) -> Option<(u64, String, Value)> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => {
                    let mut value: Value = serde_json::from_str(&text).unwrap();
                    let (id, method) = (value["id"].as_u64().unwrap(), value["method"].as_str().unwrap().to_owned());
                    return Some((id, method, value["params"].take()));
                }
                Ok(Message::Ping(_)) => self.0.flush().await.ok()?,
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    async fn expect(&mut self, method: &str) -> u64 {
        let (id, found, _) = self.request().await.unwrap();
        assert_eq!(found, method);
        id
    }

    async fn say(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    async fn answer(&mut self, id: u64, result: Value) {
        self.say(json!({"jsonrpc": "1.0", "result": result, "error": null, "id": id}).to_string()).await;
    }

    async fn refuse(&mut self, id: u64, code: i64, message: &str) {
        let error = json!({"code": code, "message": message});
        self.say(json!({"jsonrpc": "1.0", "result": null, "error": error, "id": id}).to_string()).await;
    }

    /// Presents itself as a legacy wallet.
    async fn welcomed_as_wallet(mut self) -> Self {
        let id = self.expect("walletinfo").await;
        self.answer(id, json!({"ticketpurchasing": false, "unlocked": true})).await;
        self
    }

    /// Presents itself as a node of today and takes the subscriptions.
    async fn welcomed_as_node(mut self) -> Self {
        self.be_node_until("notifyblocks").await;
        for method in ["notifywinningtickets", "notifynewtickets", "notifyspentandmissedtickets"] {
            let id = self.expect(method).await;
            self.answer(id, Value::Null).await;
        }
        self
    }

    async fn be_node_until(&mut self, last: &str) {
        let id = self.expect("walletinfo").await;
        self.refuse(id, -1, "This implementation does not implement wallet commands").await;
        let id = self.expect("version").await;
        self.answer(id, json!({"exccdjsonrpcapi": {"versionstring": "7.0.0", "major": 7}})).await;
        let id = self.expect("getcurrentnet").await;
        self.answer(id, json!(3_162_994_431u32)).await;
        let id = self.expect(last).await;
        self.answer(id, Value::Null).await;
    }

    /// Answers pings until the client leaves.
    async fn idle(mut self) {
        while self.request().await.is_some() {}
    }
}

fn limits() -> CallLimits {
    CallLimits { call: Duration::from_secs(40), ..CallLimits::default() }
}

fn start(kind: ServerKind, subscriber: Option<Subscriber>) -> (Arc<Client>, mpsc::UnboundedReceiver<Attempt>) {
    let (sender, attempts) = mpsc::unbounded_channel();
    let client = Client::start("server:1".into(), limits(), Script(sender), Some(kind), subscriber);
    (Arc::new(client), attempts)
}

async fn wallet() -> (Arc<Client>, Server, mpsc::UnboundedReceiver<Attempt>) {
    let (client, mut attempts) = start(ServerKind::Wallet, None);
    let server = Server::accept(&mut attempts).await.welcomed_as_wallet().await;
    (client, server, attempts)
}

fn call(client: &Arc<Client>, method: &'static str) -> JoinHandle<Result<Value, RpcError>> {
    let client = Arc::clone(client);
    tokio::spawn(async move { client.call(method, NO_PARAMS).await })
}

fn reason(result: Result<impl std::fmt::Debug, RpcError>) -> String {
    result.unwrap_err().to_string()
}

#[tokio::test(start_paused = true)]
async fn answers_that_overtake_each_other_reach_their_callers() {
    let (client, mut server, _attempts) = wallet().await;
    let calls = ["first", "second", "third"].map(|method| call(&client, method));
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (id, method, params) = server.request().await.unwrap();
        assert_eq!(params, json!([]));
        ids.push((id, method));
    }
    for (id, method) in ids.into_iter().rev() {
        server.answer(id, json!(method)).await;
    }
    for (call, expected) in calls.into_iter().zip(["first", "second", "third"]) {
        assert_eq!(call.await.unwrap(), Ok(json!(expected)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_at_its_limit_and_the_connection_goes_on() {
    let (client, mut server, _attempts) = wallet().await;
    let began = Instant::now();
    let lost = call(&client, "lost");
    let id = server.expect("lost").await;
    let idle = tokio::spawn(async move {
        // Pongs are sent while the server reads on.
        let next = server.request().await.unwrap();
        (server, next)
    });
    assert_eq!(lost.await.unwrap(), Err(RpcError::Timeout { method: "lost", limit: limits().call }));
    assert_eq!(began.elapsed().as_secs(), limits().call.as_secs());
    let next = call(&client, "next");
    let (mut server, (next_id, ..)) = idle.await.unwrap();
    server.answer(id, json!("too late")).await;
    server.answer(next_id, json!("in time")).await;
    assert_eq!(next.await.unwrap(), Ok(json!("in time")));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_given_up_and_its_callers_are_told() {
    let (client, _server, mut attempts) = wallet().await;
    let waiting = call(&client, "waiting");
    let began = Instant::now();
    assert_eq!(reason(waiting.await.unwrap()), "cannot be reached: silent for 15 s");
    assert_eq!(began.elapsed().as_secs(), 15);
    // And the next attempt has begun.
    assert!(attempts.recv().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_pings_is_kept() {
    let (client, server, mut attempts) = wallet().await;
    let server = tokio::spawn(server.idle());
    sleep(Duration::from_secs(600)).await;
    assert_eq!(client.last_error(), None);
    assert!(attempts.try_recv().is_err());
    drop(client);
    // The farewell reaches the server.
    timeout(Duration::from_secs(1), server).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn attempts_come_at_once_then_after_growing_delays_and_calls_between_them_fail_at_once() {
    let (client, mut attempts) = start(ServerKind::Wallet, None);
    let mut times = Vec::new();
    for _ in 0..12 {
        drop(attempts.recv().await.unwrap());
        times.push(Instant::now());
    }
    let delays: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert_eq!(delays[0], 0);
    for (index, delay) in delays[1..].iter().enumerate() {
        let longest = (100u128 << index).min(2000);
        assert!((longest / 2..=longest + 1).contains(delay), "{delays:?}");
    }
    sleep(Duration::from_millis(1)).await;
    let began = Instant::now();
    assert_eq!(reason(client.call::<Value>("walletinfo", NO_PARAMS).await), "cannot be reached: refused");
    assert!(began.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_call_during_an_attempt_waits_for_it_but_not_long() {
    let (client, mut attempts) = start(ServerKind::Wallet, None);
    let began = Instant::now();
    assert!(reason(client.call::<Value>("walletinfo", NO_PARAMS).await).contains("still being made"));
    assert_eq!(began.elapsed(), limits().wait_for_connection);
    let waiting = call(&client, "getbestblock");
    let mut server = Server::accept(&mut attempts).await.welcomed_as_wallet().await;
    let id = server.expect("getbestblock").await;
    server.answer(id, json!(1)).await;
    assert_eq!(waiting.await.unwrap(), Ok(json!(1)));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_leads_nowhere_is_given_up() {
    let (client, mut attempts) = start(ServerKind::Wallet, None);
    // Neither the first attempt nor the introduction of the second comes to an end.
    let _first = attempts.recv().await.unwrap();
    let began = Instant::now();
    let _second = Server::accept(&mut attempts).await;
    assert_eq!(began.elapsed(), limits().connect);
    let _third = attempts.recv().await.unwrap();
    assert!(began.elapsed() >= limits().connect * 2);
    assert_eq!(client.last_error(), Some(RpcError::Unreachable("no connection within 10000 ms".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_drops_every_connection_is_not_hammered() {
    let (_client, mut attempts) = start(ServerKind::Wallet, None);
    for _ in 0..8 {
        drop(Server::accept(&mut attempts).await.welcomed_as_wallet().await);
    }
    let began = Instant::now();
    drop(Server::accept(&mut attempts).await.welcomed_as_wallet().await);
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    // A connection that stood for a while makes up for that.
    let server = Server::accept(&mut attempts).await.welcomed_as_wallet().await;
    let _ = timeout(Duration::from_secs(30), server.idle()).await;
    let began = Instant::now();
    drop(attempts.recv().await.unwrap());
    assert!(began.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_of_a_node_is_made_again_with_all_subscriptions() {
    let (sender, mut events) = mpsc::channel(64);
    let (client, mut attempts) = start(ServerKind::Node, Some(Subscriber::new(sender)));
    let hash = "00".repeat(32);
    let winners = |height| json!({"method": "winningtickets", "params": [hash, height, {}], "id": null}).to_string();
    for height in [5, 6] {
        let mut server = Server::accept(&mut attempts).await.welcomed_as_node().await;
        assert_eq!(events.recv().await, Some(NodeEvent::Connected));
        server.say(winners(height)).await;
        let Some(NodeEvent::WinningTickets { height: told, .. }) = events.recv().await else { panic!("winners") };
        assert_eq!(told.0, height);
        let waiting = call(&client, "getbestblock");
        server.expect("getbestblock").await;
        drop(server);
        assert!(matches!(events.recv().await, Some(NodeEvent::Disconnected { .. })));
        assert!(matches!(waiting.await.unwrap(), Err(RpcError::Unreachable(_))));
    }
    drop(client);
    assert_eq!(events.recv().await, None);
}

#[tokio::test(start_paused = true)]
async fn notifications_among_the_subscriptions_come_after_connected_and_malformed_ones_not_at_all() {
    let (sender, mut events) = mpsc::channel(64);
    let (_client, mut attempts) = start(ServerKind::Node, Some(Subscriber::new(sender)));
    let mut server = Server::accept(&mut attempts).await;
    server.be_node_until("notifyblocks").await;
    for text in ["no json", "[1,2]", "{}", r#"{"method":"winningtickets","params":["zz"],"id":null}"#] {
        server.say(text).await;
    }
    server.0.send(Message::binary(vec![0xff, 0xfe])).await.unwrap();
    let hash = "00".repeat(32);
    server.say(json!({"method": "newtickets", "params": [hash, 3, 7, null], "id": null}).to_string()).await;
    for _ in 0..3 {
        let (id, ..) = server.request().await.unwrap();
        server.answer(id, Value::Null).await;
    }
    assert_eq!(events.recv().await, Some(NodeEvent::Connected));
    assert!(matches!(events.recv().await, Some(NodeEvent::NewTickets { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_limited_user_is_named_as_such() {
    let (sender, mut events) = mpsc::channel(64);
    let (client, mut attempts) = start(ServerKind::Node, Some(Subscriber::new(sender)));
    let mut server = Server::accept(&mut attempts).await;
    server.be_node_until("notifyblocks").await;
    let id = server.expect("notifywinningtickets").await;
    server.refuse(id, -32602, "limited user not authorized for this method").await;
    let _next = attempts.recv().await.unwrap();
    assert_eq!(client.last_error(), Some(RpcError::LimitedUser));
    assert_eq!(client.call::<Value>("getbestblock", NO_PARAMS).await, Err(RpcError::LimitedUser));
    assert!(events.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_wallet_is_no_node_and_a_node_no_wallet() {
    let (sender, _events) = mpsc::channel(64);
    let (client, mut attempts) = start(ServerKind::Node, Some(Subscriber::new(sender)));
    let _server = Server::accept(&mut attempts).await.welcomed_as_wallet().await;
    let _next = attempts.recv().await.unwrap();
    let error = client.last_error().unwrap().for_node("server:1").to_string();
    assert!(error.contains("this is exccwallet") && error.contains("exccdhost"), "{error}");

    let (client, mut attempts) = start(ServerKind::Wallet, None);
    let mut server = Server::accept(&mut attempts).await;
    let id = server.expect("walletinfo").await;
    server.refuse(id, -1, "This implementation does not implement wallet commands").await;
    let id = server.expect("version").await;
    server.answer(id, json!({"exccdjsonrpcapi": {"versionstring": "3.3.0", "major": 3}})).await;
    let id = server.expect("getcurrentnet").await;
    server.answer(id, json!(3_162_994_431u32)).await;
    let _next = attempts.recv().await.unwrap();
    let error = client.last_error().unwrap().for_wallet("server:1").to_string();
    assert!(error.contains("this is exccd") && error.contains("wallethost"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_legacy_wallet_is_never_asked_for_its_version() {
    let (client, mut server, _attempts) = wallet().await;
    let waiting = call(&client, "getbestblock");
    // The very next request is the call.
    server.expect("getbestblock").await;
    assert_eq!(client.identity().await.unwrap().generation, Generation::Legacy);
    waiting.abort();
}

#[tokio::test(start_paused = true)]
async fn a_wallet_of_today_is_known_while_its_node_is_away() {
    let (client, mut attempts) = start(ServerKind::Wallet, None);
    let mut server = Server::accept(&mut attempts).await;
    let id = server.expect("walletinfo").await;
    server.answer(id, json!({"daemonconnected": false, "cointype": 1})).await;
    let id = server.expect("version").await;
    server.refuse(id, -9, "disconnected from consensus RPC").await;
    assert_eq!(client.identity().await.unwrap().generation, Generation::Today);
}

#[tokio::test(start_paused = true)]
async fn the_version_of_a_wallet_is_asked_for_again_on_the_same_connection_until_it_is_known() {
    let (client, mut attempts) = start(ServerKind::Wallet, None);
    let mut server = Server::accept(&mut attempts).await;
    let id = server.expect("walletinfo").await;
    server.answer(id, json!({"daemonconnected": false, "cointype": 1})).await;
    for _ in 0..3 {
        let id = timeout(Duration::from_secs(300), server.expect("version")).await.unwrap();
        server.refuse(id, -9, "disconnected from consensus RPC").await;
        assert!(client.identity().await.unwrap().version.contains("unknown"));
    }
    let id = server.expect("version").await;
    let api = json!({"versionstring": "8.9.0", "major": 8});
    let program = json!({"versionstring": "2.8.3", "major": 2});
    server.answer(id, json!({"exccwalletjsonrpcapi": api, "exccwallet": program})).await;
    let server = tokio::spawn(server.idle());
    while client.identity().await.unwrap().version.contains("unknown") {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(client.identity().await.unwrap().version, "exccwallet 2.8.3 (JSON-RPC 8.9.0)");
    assert_eq!((client.connections(), attempts.try_recv().is_err()), (1, true), "the connection stood all the while");
    drop(client);
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_vote_does_not_queue_behind_other_calls() {
    let (client, mut server, _attempts) = wallet().await;
    let others: Vec<_> = (0..30).map(|_| call(&client, "validateaddress")).collect();
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(server.expect("validateaddress").await);
    }
    // No more than ten are under way, and yet:
    let vote = call(&client, "generatevote");
    let id = server.expect("generatevote").await;
    server.answer(id, json!("vote")).await;
    assert_eq!(vote.await.unwrap(), Ok(json!("vote")));
    server.answer(ids[0], Value::Null).await;
    server.expect("validateaddress").await;
    others.into_iter().for_each(|other| other.abort());
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_shape_is_an_error_of_the_call_alone() {
    let (client, mut server, _attempts) = wallet().await;
    let asking = Arc::clone(&client);
    let number = tokio::spawn(async move { asking.call::<u32>("getbestblock", NO_PARAMS).await });
    let id = server.expect("getbestblock").await;
    server.answer(id, json!("text")).await;
    assert!(matches!(number.await.unwrap(), Err(RpcError::Unexpected { method: "getbestblock", .. })));
    assert_eq!(client.last_error(), None);
}

//! A small server: TLS, basic authentication, a websocket, answers that the test makes up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rcgen::SignatureAlgorithm;
use serde_json::{Value, json};
use stakepool_rpc::json::{CallLimits, ServerConfig};
use stakepool_rpc::tls::{KeyPair, server_config};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;

use crate::tls::made_with;

/// `user:pass`, as a header.
const AUTHORIZATION: &str = "Basic dXNlcjpwYXNz";

/// What a server answers: a whole message for a request's number, method and parameters; `None` for silence.
type Answers = dyn Fn(u64, &str, &Value) -> Option<String> + Send + Sync;

/// What a test makes a server do.
#[derive(Clone)]
enum Order {
    Say(String),
    HangUp,
}

/// A running server; it stops with the test's runtime.
pub struct Server {
    pub config: ServerConfig,
    pub connections: Arc<AtomicUsize>,
    pub methods: Arc<Mutex<Vec<String>>>,
    orders: broadcast::Sender<Order>,
}

pub fn result(id: u64, result: &Value) -> Option<String> {
    Some(json!({"jsonrpc": "1.0", "result": result, "error": null, "id": id}).to_string())
}

pub fn error(id: u64, code: i64, message: &str) -> Option<String> {
    let error = json!({"code": code, "message": message});
    Some(json!({"jsonrpc": "1.0", "result": null, "error": error, "id": id}).to_string())
}

/// The answers of a node of today to what a connection begins with.
pub fn node_greeting(id: u64, method: &str) -> Option<String> {
    match method {
        "walletinfo" => error(id, -1, "This implementation does not implement wallet commands"),
        "version" => result(id, &json!({"exccdjsonrpcapi": {"versionstring": "7.0.0", "major": 7}})),
        "getcurrentnet" => result(id, &json!(3_162_994_431u32)),
        method if method.starts_with("notify") => result(id, &Value::Null),
        _ => None,
    }
}

impl Server {
    pub async fn start(answers: impl Fn(u64, &str, &Value) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::with_key(&rcgen::PKCS_ECDSA_P256_SHA256, None, answers).await
    }

    /// A server with a key of a type, which refuses every client with a status where one is given.
    pub async fn with_key(
        algorithm: &'static SignatureAlgorithm,
        refusal: Option<StatusCode>,
        answers: impl Fn(u64, &str, &Value) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let (certificate, key) = made_with(algorithm);
        let pair = KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server_config(pair, None).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut config =
            ServerConfig::new(listener.local_addr().unwrap().to_string(), "user", "pass", certificate.into_bytes());
        config.limits = CallLimits::default().with_wait_for_connection(Duration::from_secs(10));
        let (orders, _) = broadcast::channel(100);
        let server = Self { config, connections: Arc::default(), methods: Arc::default(), orders: orders.clone() };
        let answers: Arc<Answers> = Arc::new(answers);
        let (connections, methods) = (Arc::clone(&server.connections), Arc::clone(&server.methods));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, orders) = (acceptor.clone(), orders.subscribe());
                tokio::spawn(serve(acceptor, tcp, refusal, Arc::clone(&answers), Arc::clone(&methods), orders));
            }
        });
        server
    }

    /// Sends a message to every client.
    pub fn say(&self, text: impl Into<String>) {
        self.orders.send(Order::Say(text.into())).ok().unwrap();
    }

    /// Closes every connection.
    pub fn hang_up(&self) {
        self.orders.send(Order::HangUp).ok().unwrap();
    }

    /// Waits until somebody has called a method so many times.
    pub async fn heard(&self, method: &str, times: usize) {
        let heard = || self.methods.lock().unwrap().iter().filter(|heard| *heard == method).count();
        timeout(Duration::from_secs(10), async {
            while heard() < times {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
    }
}

async fn serve(
    acceptor: TlsAcceptor,
    tcp: TcpStream,
    refusal: Option<StatusCode>,
    answers: Arc<Answers>,
    methods: Arc<Mutex<Vec<String>>>,
    mut orders: broadcast::Receiver<Order>,
) -> Option<()> {
    let tls = acceptor.accept(tcp).await.ok()?;
    #[allow(clippy::result_large_err)]
    let check = |request: &Request, response: Response| {
        let authorized = request.headers().get("authorization").is_some_and(|value| value == AUTHORIZATION);
        let refusal = refusal.or((!authorized).then_some(StatusCode::UNAUTHORIZED));
        match refusal.or((request.uri().path() != "/ws").then_some(StatusCode::NOT_FOUND)) {
            None => Ok(response),
            Some(status) => {
                let mut refused = ErrorResponse::new(Some("401 Unauthorized.\n".to_owned()));
                *refused.status_mut() = status;
                Err(refused)
            }
        }
    };
    let mut socket = accept_hdr_async(tls, check).await.ok()?;
    loop {
        let text = tokio::select! {
            order = orders.recv() => match order.ok()? {
                Order::Say(text) => text,
                Order::HangUp => return None,
            },
            message = socket.next() => {
                let Message::Text(text) = message?.ok()? else { continue };
                let request: Value = serde_json::from_str(&text).ok()?;
                let method = request["method"].as_str()?;
                methods.lock().unwrap().push(method.to_owned());
                let Some(text) = answers(request["id"].as_u64()?, method, &request["params"]) else { continue };
                text
            }
        };
        socket.send(Message::text(text)).await.ok()?;
    }
}

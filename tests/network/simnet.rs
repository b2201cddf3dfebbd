//! A network of the real programs on this machine, as `simnet.json` describes it.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use stakepool_rpc::tls::pinned_client_config;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

/// From this height on the miner keeps the ticket pool filled.
const BUY_FROM: u64 = 40;

pub struct Simnet {
    pub state: Value,
    path: PathBuf,
    /// Those that this test has started.
    children: BTreeMap<String, Child>,
}

impl Simnet {
    /// The network whose `simnet.json` the environment variable `STAKEPOOL_SIMNET` names.
    pub fn from_environment() -> Self {
        let path = PathBuf::from(std::env::var("STAKEPOOL_SIMNET").expect("STAKEPOOL_SIMNET names a simnet.json"));
        let text = std::fs::read_to_string(&path).unwrap();
        Self { state: serde_json::from_str(&text).unwrap(), path, children: BTreeMap::new() }
    }

    pub fn text(&self, key: &str) -> &str {
        self.state[key].as_str().unwrap()
    }

    pub fn server(&self, name: &str, key: &str) -> &str {
        self.state["servers"][name][key].as_str().unwrap()
    }

    /// Calls a server; its error is answered as text.
    pub async fn try_call(&self, name: &str, method: &str, params: Value) -> Result<Value, String> {
        let call = self.post(name, json!({"jsonrpc": "1.0", "id": 1, "method": method, "params": params}));
        let answer =
            timeout(Duration::from_secs(120), call).await.map_err(|_| format!("{name} {method}: no answer"))?;
        let answer = answer?;
        if answer["error"].is_null() { Ok(answer["result"].clone()) } else { Err(answer["error"].to_string()) }
    }

    pub async fn call(&self, name: &str, method: &str, params: Value) -> Value {
        self.try_call(name, method, params).await.unwrap_or_else(|error| panic!("{name} {method}: {error}"))
    }

    async fn post(&self, name: &str, body: Value) -> Result<Value, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let certificate = std::fs::read(self.server(name, "cert")).map_err(|e| text(&e))?;
        let connector = TlsConnector::from(Arc::new(pinned_client_config(&certificate).map_err(|e| text(&e))?));
        let stream = TcpStream::connect(self.server(name, "host")).await.map_err(|e| text(&e))?;
        let stream = connector.connect("localhost".try_into().unwrap(), stream).await.map_err(|e| text(&e))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| text(&e))?;
        tokio::spawn(connection);
        let user = format!("{}:{}", self.server(name, "user"), self.server(name, "password"));
        let request = Request::post("/")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("authorization", format!("Basic {}", STANDARD.encode(user)))
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let answer = sender.send_request(request).await.map_err(|e| text(&e))?;
        let body = answer.into_body().collect().await.map_err(|e| text(&e))?.to_bytes();
        serde_json::from_slice(&body).map_err(|e| text(&e))
    }

    pub async fn height(&self) -> u64 {
        self.call("node", "getblockcount", json!([])).await.as_u64().unwrap()
    }

    /// Mines a block, with tickets of the miner's so that the lottery does not run dry, and leaves voters time.
    pub async fn mine(&self) {
        if self.height().await >= BUY_FROM {
            // The price may be out of reach for a while; the pool of tickets is deep enough for that.
            let _ = self.try_call("miner", "purchaseticket", json!(["default", 100_000, 1, "", 5])).await;
        }
        for attempt in 0.. {
            match self.try_call("node", "generate", json!([1])).await {
                Ok(_) => break,
                Err(error) if attempt == 60 => panic!("cannot mine: {error}"),
                Err(_) => sleep(Duration::from_millis(250)).await,
            }
        }
        sleep(Duration::from_millis(350)).await;
    }

    /// A fresh public key address of the buyer.
    pub async fn buyer_key(&self) -> String {
        let address = self.call("buyer", "getnewaddress", json!(["default", "ignore"])).await;
        let validated = self.call("buyer", "validateaddress", json!([address])).await;
        validated["pubkeyaddr"].as_str().unwrap().to_owned()
    }

    /// Starts the buyer's wallet with a pool for wallets of today configured, and gives it money in many outputs, since each
    /// purchase locks one.
    pub async fn configure_buyer(&mut self, url: &str, key: &str) {
        self.end("buyer", "-TERM").await;
        let arguments = [("--vsp.url", format!("--vsp.url={url}")), ("--vsp.pubkey", format!("--vsp.pubkey={key}"))];
        self.start("buyer", &arguments).await;
        for _ in 0..60 {
            let address = self.call("buyer", "getnewaddress", json!(["default", "ignore"])).await;
            self.call("miner", "sendtoaddress", json!([address, 60])).await;
        }
        self.mine().await;
        self.mine().await;
    }

    /// Has the buyer buy a ticket for itself, or answers why not.
    pub async fn buy(&self) -> Result<String, String> {
        let bought = self.try_call("buyer", "purchaseticket", json!(["default", 1000, 1, "", 1])).await?;
        Ok(bought[0].as_str().unwrap().to_owned())
    }

    /// Ends a server as a power cut does, or as its operator.
    pub async fn end(&mut self, name: &str, how: &str) {
        let pid = self.state["servers"][name]["pid"].as_u64().unwrap();
        assert!(Command::new("kill").arg(how).arg(pid.to_string()).status().unwrap().success(), "{name} does not run");
        if let Some(mut child) = self.children.remove(name) {
            child.wait().unwrap();
        }
        while self.try_call(name, "getbestblock", json!([])).await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
        // Its ports and files are free once the process is gone.
        while Path::new(&format!("/proc/{pid}/exe")).exists() {
            sleep(Duration::from_millis(100)).await;
        }
        self.state["servers"][name].as_object_mut().unwrap().remove("pid");
    }

    /// Starts a server, with these arguments in the place of others with their beginning.
    pub async fn start(&mut self, name: &str, arguments: &[(&str, String)]) {
        let server = &mut self.state["servers"][name];
        let command = server["command"].as_array_mut().unwrap();
        for (begins, argument) in arguments {
            command.retain(|known| !known.as_str().unwrap().starts_with(begins));
            command.push(json!(argument));
        }
        let words: Vec<String> = serde_json::from_value(server["command"].clone()).unwrap();
        let log = self.path.with_file_name(format!("{name}.log"));
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut run = Command::new(&words[0]);
        run.args(&words[1..]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        // It outlives the test, as the whole network does.
        let child = run.process_group(0).spawn().unwrap();
        self.state["servers"][name]["pid"] = json!(child.id());
        self.children.insert(name.to_owned(), child);
        std::fs::write(&self.path, self.state.to_string()).unwrap();
        while self.try_call(name, "getbestblock", json!([])).await.is_err() {
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// What a server has written so far.
    pub fn log(&self, name: &str) -> String {
        let bytes = std::fs::read(self.path.with_file_name(format!("{name}.log"))).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

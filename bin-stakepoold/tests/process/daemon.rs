//! The program in a process of its own, with a home of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_sim::{Endpoint, SimNetwork};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long anything may take that happens within seconds on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The token that the daemon asks for.
pub const TOKEN: &str = "a-token-for-the-test-of-the-process";

/// A daemon's home with a configuration file.
pub struct Home(TempDir);

impl Home {
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("stakepoold.conf"), text).unwrap();
        Self(folder)
    }

    /// The home of a daemon for the first wallet of a network.
    pub fn on(network: &SimNetwork) -> Self {
        let home = Self::new(&configuration(network));
        home.write_certificate("node.cert", &network.node().endpoint());
        home.write_certificate("wallet.cert", &network.wallet(0).endpoint());
        home
    }

    pub fn write_certificate(&self, name: &str, server: &Endpoint) {
        fs::write(self.path().join(name), &server.certificate_pem).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn state_file(&self) -> PathBuf {
        self.path().join("data/simnet/stakepoold.state")
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stakepoold"));
        command.arg(format!("--appdata={}", self.path().display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Has its services listen on a port of its own, and gives their address.
    pub fn listen(&self) -> String {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let file = self.path().join("stakepoold.conf");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace("rpclisten=127.0.0.1:0", &format!("rpclisten={address}"))).unwrap();
        address
    }

    /// A client of the daemon that listens there, as the pool's web has one.
    pub fn client(&self, address: &str) -> DaemonClient {
        let certificate = fs::read(self.path().join("rpc.cert")).unwrap();
        DaemonClient::new(ClientOptions::new(address, certificate).with_token(RpcToken::new(TOKEN).unwrap())).unwrap()
    }

    pub fn start(&self) -> Daemon {
        let mut process = self.command().spawn().unwrap();
        let lines = lines_of(process.stderr.take().unwrap());
        Daemon { process, lines }
    }
}

pub fn configuration(network: &SimNetwork) -> String {
    let (node, wallet) = (network.node().endpoint(), network.wallet(0).endpoint());
    format!(
        "[Application Options]\nsimnet=1\ncoldwalletextpub={}\npoolfees=7.5\nmaxusers=20\n\
         rpclisten=127.0.0.1:0\nrpctoken={TOKEN}\n\
         exccdhost={}\nexccduser={}\nexccdpassword={}\nexccdcert=node.cert\n\
         wallethost={}\nwalletuser={}\nwalletpassword={}\nwalletcert=wallet.cert\n",
        network.cold_wallet_xpub(),
        node.host,
        node.user,
        node.password,
        wallet.host,
        wallet.user,
        wallet.password,
    )
}

/// What a process says, line by line, for as long as it runs: it must never wait for its reader.
pub fn lines_of(stderr: ChildStderr) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // Nobody listens any more: read on all the same.
            let _ = sender.send(line);
        }
    });
    lines
}

/// A running daemon; killed where a test fails before it has ended.
pub struct Daemon {
    pub process: Child,
    pub lines: Receiver<String>,
}

impl Daemon {
    pub fn until_it_says(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.contains(text) => return,
                Ok(line) => said.push(line),
                Err(error) => panic!("it never said `{text}` ({error}), but: {said:#?}"),
            }
        }
    }

    pub fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    pub fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn stops_cleanly_at(daemon: &mut Daemon, home: &Home, signal: Signal) {
    // What is there afterwards was saved by the stop.
    let _ = fs::remove_file(home.state_file());
    daemon.send(signal);
    assert_eq!(daemon.end().code(), Some(0), "{signal:?}");
    assert!(fs::metadata(home.state_file()).unwrap().len() > 0, "{signal:?}: the state was not saved");
}

/// Asks until the answer is right.
pub async fn until<T, F: Future<Output = T>>(ask: impl Fn() -> F, is_right: impl Fn(&T) -> bool) -> T {
    let began = Instant::now();
    loop {
        let answer = ask().await;
        if is_right(&answer) {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "the answer stays wrong");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What a monitor is answered.
pub async fn monitored(address: &str, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.expect("a monitor is answered").unwrap();
    answer
}

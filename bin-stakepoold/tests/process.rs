//! The program as an operator runs it: started with a configuration file, stopped with signals.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use stakepool_sim::{Endpoint, SimNetwork};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// How long anything may take that happens within seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon's home with a configuration file.
struct Home(TempDir);

impl Home {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("stakepoold.conf"), text).unwrap();
        Self(folder)
    }

    /// The home of a daemon for the first wallet of a network.
    fn on(network: &SimNetwork) -> Self {
        let home = Self::new(&configuration(network));
        home.write_certificate("node.cert", &network.node().endpoint());
        home.write_certificate("wallet.cert", &network.wallet(0).endpoint());
        home
    }

    fn write_certificate(&self, name: &str, server: &Endpoint) {
        fs::write(self.path().join(name), &server.certificate_pem).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn state_file(&self) -> PathBuf {
        self.path().join("data/simnet/stakepoold.state")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stakepoold"));
        command.arg(format!("--appdata={}", self.path().display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn start(&self) -> Daemon {
        let mut process = self.command().spawn().unwrap();
        let lines = lines_of(process.stderr.take().unwrap());
        Daemon { process, lines }
    }
}

fn configuration(network: &SimNetwork) -> String {
    let (node, wallet) = (network.node().endpoint(), network.wallet(0).endpoint());
    format!(
        "[Application Options]\nsimnet=1\ncoldwalletextpub={}\npoolfees=7.5\nmaxusers=20\n\
         rpclisten=127.0.0.1:0\nrpctoken=a-token-for-the-test-of-the-process\n\
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
fn lines_of(stderr: ChildStderr) -> Receiver<String> {
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
struct Daemon {
    process: Child,
    lines: Receiver<String>,
}

impl Daemon {
    fn until_it_says(&self, text: &str) {
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

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    fn end(&mut self) -> ExitStatus {
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

fn stops_cleanly_at(daemon: &mut Daemon, home: &Home, signal: Signal) {
    // What is there afterwards was saved by the stop.
    let _ = fs::remove_file(home.state_file());
    daemon.send(signal);
    assert_eq!(daemon.end().code(), Some(0), "{signal:?}");
    assert!(fs::metadata(home.state_file()).unwrap().len() > 0, "{signal:?}: the state was not saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_signal_that_asks_for_a_stop_leaves_a_saved_state() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    for signal in [Signal::INT, Signal::TERM, Signal::QUIT, Signal::ALARM, Signal::USR2] {
        tokio::task::block_in_place(|| {
            let mut daemon = home.start();
            daemon.until_it_says("gRPC is served");
            stops_cleanly_at(&mut daemon, &home, signal);
        });
    }
    let data = fs::read_dir(home.state_file().parent().unwrap()).unwrap();
    let names: Vec<_> = data.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(
        names.iter().all(|name| !name.contains("unreadable")),
        "the second start read what the first saved: {names:?}"
    );
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_written_is_told_at_the_start_and_by_the_exit_code() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    tokio::task::block_in_place(|| {
        // Nothing can be renamed to it, whoever runs the test.
        fs::create_dir_all(home.state_file().join("in the way")).unwrap();
        let mut daemon = home.start();
        daemon.until_it_says("stakepoold.state cannot be");
        daemon.send(Signal::TERM);
        assert_eq!(daemon.end().code(), Some(1));

        fs::remove_dir_all(home.state_file()).unwrap();
        let mut daemon = home.start();
        daemon.until_it_says("gRPC is served");
        let folder = home.state_file().parent().unwrap().to_owned();
        // It may be saving, and make the folder again.
        let mut away = (1..).map(|n| folder.with_extension(n.to_string()));
        while fs::write(&folder, "no folder").is_err() {
            let _ = fs::rename(&folder, away.next().unwrap());
        }
        daemon.send(Signal::TERM);
        daemon.until_it_says("stakepoold.state cannot be written");
        assert_eq!(daemon.end().code(), Some(1), "the state of the stop is lost");

        // A data directory that cannot be used from the first start on costs no votes, either.
        let mut daemon = home.start();
        daemon.until_it_says("simnet cannot be used");
        daemon.until_it_says("gRPC is served");
        daemon.send(Signal::TERM);
        assert_eq!(daemon.end().code(), Some(1));
    });
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_closes_does_not_end_it() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    tokio::task::block_in_place(|| {
        let mut daemon = home.start();
        daemon.until_it_says("gRPC is served");
        for (signal, name) in [(Signal::HUP, "SIGHUP"), (Signal::USR1, "SIGUSR1"), (Signal::HUP, "SIGHUP")] {
            daemon.send(signal);
            daemon.until_it_says(&format!("{name}: the configuration was read again"));
        }
        assert!(daemon.process.try_wait().unwrap().is_none());
        stops_cleanly_at(&mut daemon, &home, Signal::TERM);
    });
    network.shutdown().await;
}

/// The certificate that the daemon's service shows.
async fn shown_by(address: &str) -> String {
    let shown = tokio::process::Command::new("openssl")
        .args(["s_client", "-connect", address, "-alpn", "h2"])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("openssl is needed");
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    let from = text.find("-----BEGIN CERTIFICATE").expect("no certificate is shown");
    text[from..text.find("-----END CERTIFICATE").unwrap()].replace('\n', "")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openssl"]
async fn a_renewed_certificate_is_shown_after_a_hangup_and_a_bad_one_is_not() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let text = fs::read_to_string(home.path().join("stakepoold.conf")).unwrap();
    fs::write(home.path().join("stakepoold.conf"), text.replace("127.0.0.1:0", &listen)).unwrap();
    let mut daemon = home.start();
    daemon.until_it_says("gRPC is served");
    let first = shown_by(&listen).await;
    for name in ["rpc.cert", "rpc.key"] {
        fs::rename(home.path().join(name), home.path().join(format!("old.{name}"))).unwrap();
    }
    // As another daemon would make it.
    let (cert, key) = (home.path().join("rpc.cert"), home.path().join("rpc.key"));
    stakepool_rpc::tls::ensure_server_pair(&cert, &key, &[], std::time::SystemTime::now()).unwrap();
    daemon.send(Signal::HUP);
    daemon.until_it_says("was read again");
    let renewed = until(|| shown_by(&listen), |shown| *shown != first).await;
    fs::write(&key, "no key").unwrap();
    daemon.send(Signal::HUP);
    daemon.until_it_says("the old certificate is shown");
    assert_eq!(shown_by(&listen).await, renewed);
    tokio::task::block_in_place(|| stops_cleanly_at(&mut daemon, &home, Signal::TERM));
    network.shutdown().await;
}

/// Asks until the answer is right.
async fn until<T, F: Future<Output = T>>(ask: impl Fn() -> F, is_right: impl Fn(&T) -> bool) -> T {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_one_data_directory_is_refused_and_one_after_a_kill_is_not() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    tokio::task::block_in_place(|| {
        let mut first = home.start();
        first.until_it_says("gRPC is served");
        let mut second = home.start();
        second.until_it_says(&format!("belongs to another daemon that runs (process {})", first.process.id()));
        assert_eq!(second.end().code(), Some(1));
        first.process.kill().unwrap();
        first.end();
        let mut third = home.start();
        third.until_it_says("gRPC is served");
        stops_cleanly_at(&mut third, &home, Signal::TERM);
    });
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_cleanly_while_it_still_waits_for_its_node() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let home = Home::on(&network);
    network.node().stop().await;
    tokio::task::block_in_place(|| {
        let mut daemon = home.start();
        daemon.until_it_says("waiting for a node");
        daemon.send(Signal::TERM);
        assert_eq!(daemon.end().code(), Some(0));
    });
    network.shutdown().await;
}

/// What a monitor is answered.
async fn monitored(address: &str, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, read).await.expect("a monitor is answered").unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn monitors_are_answered_while_it_still_waits_for_its_node() {
    let network = SimNetwork::builder().voting_wallets(1).start().await.unwrap();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let home = Home::on(&network);
    fs::write(home.path().join("stakepoold.conf"), format!("{}monitorlisten={listen}\n", configuration(&network)))
        .unwrap();
    network.node().stop().await;
    let mut daemon = home.start();
    tokio::task::block_in_place(|| daemon.until_it_says("waiting for a node"));
    assert!(monitored(&listen, "/healthz").await.starts_with("HTTP/1.1 200"));
    let answer = monitored(&listen, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("starting: no node has answered yet\n"), "{answer}");
    let answer = monitored(&listen, "/metrics").await;
    assert!(answer.contains("stakepoold_info{") && !answer.contains("stakepoold_node_up"), "{answer}");
    network.node().start().await.unwrap();
    tokio::task::block_in_place(|| daemon.until_it_says("gRPC is served"));
    until(|| monitored(&listen, "/readyz"), |answer| answer.starts_with("HTTP/1.1 200")).await;
    let answer = monitored(&listen, "/metrics").await;
    assert_eq!(answer.matches("stakepoold_info{").count(), 1, "{answer}");
    assert!(answer.contains("stakepoold_node_up 1"), "{answer}");
    tokio::task::block_in_place(|| stops_cleanly_at(&mut daemon, &home, Signal::TERM));
    network.shutdown().await;
}

#[test]
fn a_wrong_configuration_ends_it_with_exit_code_2_and_every_wrong_key() {
    let home = Home::new("[Application Options]\nsimnet=1\npoolfees=much\nexccdhots=localhost\n");
    let mut process = home.command().spawn().unwrap();
    let mut told = String::new();
    process.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(2), "{told}");
    for key in ["poolfees", "exccdhots", "exccdhost", "coldwalletextpub"] {
        assert!(told.contains(key), "{key} is missing in: {told}");
    }
}

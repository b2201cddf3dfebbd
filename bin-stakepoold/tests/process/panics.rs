//! A panic in any part of a daemon ends the process loudly, with its state saved. Each daemon is put together from the
//! library, with a wallet, a node or a monitor that panics, and runs in a process of its own as the program does.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use stakepool_config::{DaemonConfig, load_daemon};
use stakepool_core::chain::{BlockHash, BlockHeight, ScriptAddress, TicketHash, TxHash, VoteTransaction};
use stakepool_core::ports::{
    Block, MinedTransaction, Node, NodeError, NodeEvent, NodeInfo, TicketWallet, VoteRequest, VoteSigner,
    VoteSubmission, VotingDaemon as _, WalletError, WalletInfo, WalletTickets,
};
use stakepool_core::testkit::tickets::{COLD, Fee, block, desired, evaluator, hash, header, ticket};
use stakepool_core::testkit::{FakeNode, FakeWallet};
use stakepool_core::voting::{Engine, EngineParts, LocalDaemon, TaggedEvent};
use stakepool_process::monitor::{self, Exposition, Monitored};
use stakepool_process::until_signal;
use stakepool_rpc::daemon::{self, DiskStateFile, RunError, Service};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_rpc::grpc::server::{Access, bind};
use stakepool_rpc::tls::ensure_server_pair;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::daemon::{Daemon, Home, PATIENCE, TOKEN, lines_of, monitored};

/// Where the mistake is.
const PLACES: [&str; 5] = ["vote", "follower", "events", "grpc", "monitor"];

/// A wallet whose client has a mistake in it.
struct Wallet(Arc<FakeWallet>);

#[async_trait]
impl VoteSigner for Wallet {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        self.0.info().await
    }

    async fn generate_vote(&self, _: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        panic!("a mistake in vote")
    }
}

#[async_trait]
impl TicketWallet for Wallet {
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
        self.0.tickets().await
    }

    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        self.0.user_tickets(address).await
    }
}

/// A node whose client has a mistake in one place, once it is `armed`.
struct PoorNode {
    node: Arc<FakeNode>,
    place: String,
    armed: AtomicBool,
}

impl PoorNode {
    fn fails_in(&self, place: &str) {
        assert!(self.place != place || !self.armed.load(SeqCst), "a mistake in {place}");
    }
}

#[async_trait]
impl Node for PoorNode {
    fn name(&self) -> &str {
        self.fails_in("events");
        self.node.name()
    }

    fn last_error(&self) -> Option<NodeError> {
        self.fails_in("grpc");
        None
    }

    async fn info(&self) -> Result<NodeInfo, NodeError> {
        self.node.info().await
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        self.node.best_block().await
    }

    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
        self.node.block_hash(height).await
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        self.fails_in("follower");
        self.node.block(hash).await
    }

    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError> {
        self.node.transaction(hash).await
    }

    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
        self.node.live_tickets().await
    }

    async fn send_vote(&self, vote: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
        self.node.send_vote(vote).await
    }

    async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
        Ok(())
    }
}

/// A monitor's figures with a mistake.
struct PoorMonitor;

#[async_trait]
impl Monitored for PoorMonitor {
    async fn readiness(&self) -> Result<(), Vec<String>> {
        Ok(())
    }

    async fn metrics(&self, _: &mut Exposition) {
        panic!("a mistake in monitor")
    }
}

/// A node at height 220 with a live ticket of user 1, and a wallet that holds it.
fn scene() -> (Arc<FakeWallet>, Arc<FakeNode>, TicketHash) {
    let (node, good) = (FakeNode::at(199), ticket(1, 1, Fee::Enough));
    node.mine(200, 1, vec![good.clone()]);
    for height in 201..=220 {
        node.mine(height, 1, Vec::new());
    }
    node.chain.lock().unwrap().live = vec![hash(&good)];
    let wallet = FakeWallet::new("wallet");
    wallet.tickets.lock().unwrap().push(hash(&good));
    (wallet, node, hash(&good))
}

/// A daemon with a mistake in one place, which something leads to.
async fn work(place: &str, config: DaemonConfig) -> Result<(), RunError> {
    let (wallet, node, won) = scene();
    let poor = Arc::new(PoorNode { node: Arc::clone(&node), place: place.to_owned(), armed: AtomicBool::new(false) });
    let state = Arc::new(DiskStateFile::in_directory(&config.data_dir));
    let parts = EngineParts::new(evaluator(), vec![Arc::new(Wallet(wallet)) as _], vec![poor.clone() as _], state);
    let engine = Engine::new(parts.desired(desired(&[1], &[]))).unwrap();
    let local = Arc::new(LocalDaemon::new(Arc::clone(&engine), "poor", COLD.parse().unwrap()));
    let pair = ensure_server_pair(&config.rpc_cert, &config.rpc_key, &[], SystemTime::now()).unwrap();
    let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let address = listeners[0].local_addr().unwrap().to_string();
    let token = || RpcToken::new(TOKEN).unwrap();
    let service = Service::new(listeners, pair, Access::default().with_token(token()));
    let client = ClientOptions::new(address, fs::read(&config.rpc_cert).unwrap()).with_token(token());
    let (sender, events) = mpsc::channel(16);
    tokio::spawn(async move {
        let report = async |event| sender.send(TaggedEvent { node: 0, arrived: Instant::now(), event }).await.unwrap();
        report(NodeEvent::Connected).await;
        while engine.synced().is_none() {
            sleep(Duration::from_millis(5)).await;
        }
        poor.armed.store(true, SeqCst);
        let winners = |tickets| NodeEvent::WinningTickets { block: block(220, 1), height: BlockHeight(220), tickets };
        match &*poor.place {
            "vote" => report(winners(vec![won])).await,
            "follower" => {
                node.mine(221, 1, Vec::new());
                report(NodeEvent::BlockConnected(header(221, 1, 1))).await;
            }
            // More than a block draws, which is logged with the node's name.
            "events" => report(winners(vec![won; 9])).await,
            "grpc" => drop(DaemonClient::new(client).unwrap().status().await),
            _ => {
                let listener = monitor::bind(&["127.0.0.1:0".to_owned()]).await.unwrap();
                let address = listener.local_addr().unwrap().to_string();
                tokio::spawn(monitor::serve(listener, Arc::new(PoorMonitor)));
                monitored(&address, "/metrics").await;
            }
        }
        // The nodes are still there.
        sender.closed().await;
    });
    stakepool_process::ready();
    daemon::run(local, events, service, until_signal()).await
}

/// Not a test of its own: the other process of the one below.
#[test]
#[ignore = "needs to be started by the other test"]
fn program() {
    // Where all ignored tests are run, nobody has started it.
    let Ok(home) = std::env::var("PROGRAM_HOME") else { return };
    let place = std::env::var("PROGRAM_PLACE").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let code = runtime.block_on(async {
        let load = || {
            let arguments = [format!("--appdata={home}")].map(Into::into).into_iter();
            load_daemon(arguments, &|_| None, &|path| fs::read(path))
        };
        stakepool_process::run("stakepoold", "stakepoold 1", load, async |config, _| work(&place, config).await).await
    });
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

fn home() -> Home {
    let home = Home::new(&format!(
        "simnet=1\ncoldwalletextpub={COLD}\npoolfees=7.5\nrpctoken={TOKEN}\n\
         exccdhost=127.0.0.1\nexccduser=u\nexccdpassword=p\nexccdcert=peer.cert\n\
         wallethost=127.0.0.1\nwalletuser=u\nwalletpassword=p\nwalletcert=peer.cert\n"
    ));
    let pem = include_str!("../../../stakepool-rpc/tests/fixtures/certs/exccd-2.7.6-p256.cert");
    fs::write(home.path().join("peer.cert"), pem).unwrap();
    home
}

fn start(place: &str, home: &Path) -> Daemon {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "panics::program", "--ignored", "--nocapture"])
        .env("PROGRAM_HOME", home)
        .env("PROGRAM_PLACE", place)
        .env("NOTIFY_SOCKET", home.join("manager"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = lines_of(process.stderr.take().unwrap());
    Daemon { process, lines }
}

/// The next word to the service manager.
fn told(manager: &UnixDatagram) -> String {
    let mut told = [0; 200];
    let length = manager.recv(&mut told).unwrap();
    String::from_utf8_lossy(&told[..length]).lines().next().unwrap().to_owned()
}

#[test]
fn a_panic_in_any_part_of_a_daemon_is_named_and_ends_the_process_with_its_state_whole() {
    for place in PLACES {
        let home = home();
        let manager = UnixDatagram::bind(home.path().join("manager")).unwrap();
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut daemon = start(place, home.path());
        daemon.until_it_says(&format!("a mistake in {place}"));
        assert_eq!(daemon.end().code(), Some(1), "{place}");
        assert_eq!((told(&manager), told(&manager)), ("READY=1".to_owned(), "STOPPING=1".to_owned()), "{place}");
        let folder = home.state_file().parent().unwrap().to_owned();
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["stakepoold.state"], "{place}");
        let (wallet, node, _) = scene();
        let state = Arc::new(DiskStateFile::in_directory(&folder));
        let again = Engine::new(EngineParts::new(evaluator(), vec![wallet as _], vec![node as _], state)).unwrap();
        assert_eq!(again.problems(), [""; 0], "{place}");
        assert_eq!(
            (again.synced(), again.desired().users().len()),
            (Some((block(220, 1), BlockHeight(220))), 1),
            "{place}"
        );
    }
}

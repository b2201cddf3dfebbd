//! A pool of three daemons, three webs and three databases on a simulated network. The webs are processes of their own.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use stakepool_core::accounts::{ApiKeys, User};
use stakepool_core::chain::Network;
use stakepool_core::ticket::PoolFee;
use stakepool_examples::{PoolDaemon, server_config};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::server::Access;
use stakepool_sim::SimNetwork;
use stakepoold::DaemonOptions;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::galera::{Galera, NODES, PASSWORD, USER, host};
use crate::http::get;

pub const WEBS: usize = 3;
const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const API_SECRET: &str = "fedcba9876543210fedcba9876543210";
const BASE_URL: &str = "http://127.0.0.1:9";

/// Where a web listens, and for monitors.
#[derive(Clone, Copy)]
pub struct Web {
    pub listen: SocketAddr,
    pub monitors: SocketAddr,
}

/// All of it.
pub struct Stage {
    pub galera: Galera,
    pub network: SimNetwork,
    daemons: Vec<PoolDaemon>,
    pub webs: [Web; WEBS],
    processes: Processes,
    folder: TempDir,
}

pub fn fee() -> PoolFee {
    PoolFee::from_percent(7.5).unwrap()
}

/// Waits until something holds; for how long that took.
pub async fn until(what: &str, patience: Duration, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < patience, "still not so after {patience:?}: {what}");
        sleep(Duration::from_millis(50)).await;
    }
    began.elapsed()
}

impl Stage {
    /// Starts all of it, the three webs at one moment over a database without tables.
    pub async fn set() -> (Self, String) {
        let galera = tokio::task::spawn_blocking(Galera::start).await.unwrap();
        let network = SimNetwork::builder().seed(7).voting_wallets(3).crowd(20).height(170).start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut daemons = Vec::new();
        for (number, wallet) in network.voting_wallets().iter().enumerate() {
            let home = folder.path().join(format!("daemon{number}"));
            let nodes = network.nodes().iter().map(|node| server_config(&node.endpoint())).collect();
            let options = DaemonOptions::new(Network::Simnet, network.cold_wallet_xpub(), fee(), home)
                .with_max_users(5000)
                .with_peers(vec![server_config(&wallet.endpoint())], nodes)
                .with_access(Access::default().with_token(RpcToken::new(TOKEN.to_owned()).unwrap()));
            daemons.push(PoolDaemon::start_new(options).await.unwrap());
        }
        let held: Vec<_> = (0..2 * WEBS).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<_> = held.iter().map(|held| held.local_addr().unwrap()).collect();
        drop(held);
        let webs = [0, 1, 2].map(|web| Web { listen: ports[2 * web], monitors: ports[2 * web + 1] });
        let database = galera.new_database();
        let processes = Processes { running: Default::default(), folder: folder.path().to_owned() };
        let stage = Self { galera, network, daemons, webs, processes, folder };
        for web in 0..WEBS {
            stage.write_configuration(web, &database);
        }
        for web in 0..WEBS {
            stage.start_web(web);
        }
        for web in 0..WEBS {
            until("a web is ready", Duration::from_secs(90), async || stage.is_ready(web).await).await;
        }
        (stage, database)
    }

    fn home(&self, web: usize) -> PathBuf {
        self.folder.path().join(format!("web{web}"))
    }

    fn write_configuration(&self, web: usize, database: &str) {
        let home = self.home(web);
        fs::create_dir_all(&home).unwrap();
        let wallets: Vec<_> = self.network.voting_wallets().iter().map(|wallet| wallet.endpoint()).collect();
        for (number, wallet) in wallets.iter().enumerate() {
            fs::write(home.join(format!("wallet{number}.cert")), &wallet.certificate_pem).unwrap();
            fs::copy(&self.daemons[number].options().certificate, home.join(format!("daemon{number}.cert"))).unwrap();
        }
        let list = |of: &dyn Fn(usize) -> String| (0..wallets.len()).map(of).collect::<Vec<_>>().join(",");
        let file = |name: &str, n: usize| home.join(format!("{name}{n}.cert")).display().to_string();
        let hosts: Vec<String> = (0..NODES).map(host).collect();
        let Web { listen, monitors } = self.webs[web];
        let lines = [
            ("simnet", "1".to_owned()),
            ("coldwalletextpub", self.network.cold_wallet_xpub().to_string()),
            ("votingwalletextpub", self.network.voting_wallet_xpub().to_string()),
            ("poolfees", fee().percent().to_string()),
            ("maxusers", "5000".to_owned()),
            ("minservers", "2".to_owned()),
            ("captcha", "none".to_owned()),
            ("wallethosts", list(&|n| wallets[n].host.to_string())),
            ("walletusers", list(&|n| wallets[n].user.clone())),
            ("walletpasswords", list(&|n| wallets[n].password.clone())),
            ("walletcerts", list(&|n| file("wallet", n))),
            ("stakepooldhosts", list(&|n| self.daemons[n].address().to_string())),
            ("stakepooldcerts", list(&|n| file("daemon", n))),
            ("rpctoken", TOKEN.to_owned()),
            ("cookiesecret", "0123456789abcdef0123456789abcdef".to_owned()),
            ("apisecret", API_SECRET.to_owned()),
            ("baseurl", BASE_URL.to_owned()),
            ("listen", listen.to_string()),
            ("monitorlisten", monitors.to_string()),
            ("realipheader", "X-Real-IP".to_owned()),
            ("trustedproxies", "127.0.0.1".to_owned()),
            ("adminips", "127.0.0.1".to_owned()),
            ("dbhost", hosts.join(",")),
            ("dbport", self.galera.port.to_string()),
            ("dbname", database.to_owned()),
            ("dbuser", USER.to_owned()),
            ("dbpassword", format!("file:{}", home.join("dbpassword").display())),
        ];
        fs::write(home.join("dbpassword"), PASSWORD).unwrap();
        let text: String = lines.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        fs::write(home.join("exccstakepool.conf"), format!("[Application Options]\n{text}")).unwrap();
    }

    pub fn start_web(&self, web: usize) {
        let home = self.home(web);
        let program = std::env::current_exe().unwrap().parent().unwrap().join("../stakepool-web");
        assert!(program.exists(), "{}: `cargo test --workspace` makes it", program.display());
        let said = File::options().create(true).append(true).open(home.join("said")).unwrap();
        let mut command = Command::new(program);
        command.arg("-A").arg(&home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        *self.processes.running[web].lock().unwrap() = Some(command.spawn().unwrap());
    }

    /// Ends a web as a power cut does.
    pub fn kill_web(&self, web: usize) {
        let mut child = self.processes.running[web].lock().unwrap().take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Whether a web's `/readyz` says so.
    pub async fn is_ready(&self, web: usize) -> bool {
        get(self.webs[web].monitors, "/readyz").await.is_ok_and(|answer| answer.status == 200)
    }

    pub async fn all_ready(&self) -> bool {
        self.is_ready(0).await && self.is_ready(1).await && self.is_ready(2).await
    }

    pub async fn none_ready(&self) -> bool {
        !self.is_ready(0).await && !self.is_ready(1).await && !self.is_ready(2).await
    }

    /// A user's key to the API.
    pub fn key(&self, user: &User) -> String {
        ApiKeys::new(API_SECRET, BASE_URL).unwrap().current_key(user).unwrap()
    }

    /// Mines a block once its winners' votes are there; how many of those did not come.
    pub async fn mine(&self) -> usize {
        self.network.wait_for_votes(Duration::from_secs(10)).await;
        let missing = self.network.missing_votes().len();
        self.network.mine(1).await.unwrap();
        missing
    }

    pub async fn end(self) {
        for web in 0..WEBS {
            self.kill_web(web);
        }
        for daemon in &self.daemons {
            daemon.stop().await.unwrap();
        }
        self.network.shutdown().await;
    }
}

/// The processes of the webs, which end with the test.
struct Processes {
    running: [Mutex<Option<Child>>; WEBS],
    folder: PathBuf,
}

impl Drop for Processes {
    fn drop(&mut self) {
        for running in &self.running {
            if let Some(mut child) = running.lock().unwrap().take() {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        if std::thread::panicking() {
            for web in 0..WEBS {
                let said = fs::read_to_string(self.folder.join(format!("web{web}/said"))).unwrap_or_default();
                eprintln!("---- web {web}\n{said}");
            }
        }
    }
}

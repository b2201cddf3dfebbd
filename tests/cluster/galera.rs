//! Three nodes of a cluster (MariaDB with Galera) on this computer, which end with this process.
//!
//! They have addresses of their own and one port, as hosts of a network have.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use stakepool_core::ports::DatabaseServer;
use stakepool_core::secret::Secret;
use tempfile::TempDir;

/// How many nodes there are.
pub const NODES: usize = 3;
/// The account of the pool.
pub const USER: &str = "pool";
pub const PASSWORD: &str = "p@ss:w/ord #?%2F&='";
/// How long a node may take to come up.
const PATIENCE: Duration = Duration::from_secs(90);

/// The cluster.
pub struct Galera {
    folder: PathBuf,
    /// The port at which each node serves.
    pub port: u16,
    nodes: [Mutex<Option<Child>>; NODES],
    databases: AtomicU32,
    /// While its input is open, the nodes run.
    _alive: Child,
}

/// The address of a node.
pub fn host(node: usize) -> String {
    format!("127.0.0.{}", node + 1)
}

impl Galera {
    /// A new cluster whose nodes are all ready, and are missed after two seconds.
    pub fn start() -> Self {
        Self::start_with(2)
    }

    /// The same for tests that lose no node: one that gets no time of a busy machine for a while stays in the cluster.
    pub fn start_patient() -> Self {
        Self::start_with(15)
    }

    fn start_with(missed_after: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let alive = end_with_this_process(&folder);
        let folder = folder.keep();
        let mut command = Command::new("chmod");
        assert!(command.arg("755").arg(&folder).status().unwrap().success());
        let [port, base] = free_ports();
        let galera = Self { folder, port, nodes: Default::default(), databases: AtomicU32::new(0), _alive: alive };
        for node in 0..NODES {
            galera.prepare(node, base, missed_after);
        }
        galera.run(0, &["--wsrep-new-cluster"]);
        galera.wait_until_ready(0);
        let text = PASSWORD.replace('\'', "''");
        galera.sql(
            0,
            &format!("CREATE USER {USER}@'%' IDENTIFIED BY '{text}'; GRANT ALL ON `pool\\_%`.* TO {USER}@'%';"),
        );
        for node in 1..NODES {
            galera.start_node(node);
        }
        galera
    }

    fn home(&self, node: usize) -> PathBuf {
        self.folder.join(format!("n{}", node + 1))
    }

    fn prepare(&self, node: usize, base: u16, missed_after: u32) {
        let home = self.home(node);
        // A server that starts removes the files of others from a folder that they share for temporary ones.
        for folder in ["data", "tmp"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        // For the group, for what one node fetches of another's writes, and for a whole copy.
        let ports = |node: usize| [0, 1, 2].map(|use_of| base + 3 * u16::try_from(node).unwrap() + use_of);
        let [group, writes, copy] = ports(node);
        let all: Vec<String> = (0..NODES).map(|node| format!("127.0.0.1:{}", ports(node)[0])).collect();
        let user = if is_root() { "user=mysql\n" } else { "" };
        let at = |name: &str| home.join(name).display().to_string();
        let text = format!(
            "[mysqld]\n{user}datadir={data}\ntmpdir={tmp}\nsocket={socket}\npid_file={pid}\nlog_error={log}\nbind_address={host}\nport={port}\n\
             skip_name_resolve\nperformance_schema=OFF\nmax_connections=500\ninnodb_buffer_pool_size=32M\n\
             innodb_log_file_size=16M\ninnodb_flush_log_at_trx_commit=0\ninnodb_flush_method=nosync\n\
             innodb_doublewrite=OFF\nbinlog_format=ROW\ndefault_storage_engine=InnoDB\ninnodb_autoinc_lock_mode=2\n\
             wsrep_on=ON\nwsrep_provider=/usr/lib/galera/libgalera_smm.so\nwsrep_cluster_name=pool-test\n\
             wsrep_cluster_address=gcomm://{all}\nwsrep_node_name={name}\nwsrep_node_address=127.0.0.1:{group}\n\
             wsrep_node_incoming_address={host}:{port}\nwsrep_slave_threads=2\n\
             wsrep_provider_options=\"base_host=127.0.0.1;base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};\
             ist.recv_addr=127.0.0.1:{writes};gcache.size=32M;evs.keepalive_period=PT0.5S;evs.inactive_check_period=PT0.5S;\
             evs.suspect_timeout=PT{missed_after}S;evs.inactive_timeout=PT{lost_after}S;pc.recovery=FALSE\"\n\
             wsrep_sst_method=rsync\nwsrep_sst_receive_address=127.0.0.1:{copy}\n",
            lost_after = 2 * missed_after,
            data = at("data"),
            tmp = at("tmp"),
            socket = at("s"),
            pid = at("pid"),
            log = at("log"),
            host = host(node),
            port = self.port,
            all = all.join(","),
            name = format_args!("n{}", node + 1),
        );
        fs::write(home.join("my.cnf"), text).unwrap();
        if node == 0 {
            let mut install = Command::new("mariadb-install-db");
            install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
            install.arg(format!("--datadir={}", at("data")));
            if is_root() {
                install.arg("--user=mysql");
            }
            let installed = install.output().expect("mariadb-server must be installed");
            assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        }
        if is_root() {
            assert!(Command::new("chown").arg("-R").arg("mysql").arg(&home).status().unwrap().success());
        }
    }

    fn run(&self, node: usize, arguments: &[&str]) {
        let home = self.home(node);
        let said = || File::options().create(true).append(true).open(home.join("said")).unwrap();
        let mut command = Command::new("mariadbd");
        command.arg(format!("--defaults-file={}", home.join("my.cnf").display())).args(arguments);
        command.stdin(Stdio::null()).stdout(said()).stderr(said());
        let child = command.spawn().expect("mariadb-server must be installed");
        writeln!(File::options().create(true).append(true).open(self.folder.join("pids")).unwrap(), "{}", child.id())
            .unwrap();
        *self.nodes[node].lock().unwrap() = Some(child);
    }

    /// Starts a node, and waits until it has all that the others have.
    pub fn start_node(&self, node: usize) {
        self.run(node, &[]);
        self.wait_until_ready(node);
    }

    fn wait_until_ready(&self, node: usize) {
        let began = Instant::now();
        while !self.is_ready(node) {
            let log = || ["log", "said"].map(|name| fs::read_to_string(self.home(node).join(name)).unwrap_or_default());
            let ended = self.nodes[node].lock().unwrap().as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(began.elapsed() < PATIENCE && ended.is_none(), "node {node}: {ended:?}\n{}", log().join("\n"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether a node serves.
    pub fn is_ready(&self, node: usize) -> bool {
        let status =
            "SHOW STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment')";
        let said = self.try_sql(node, status).unwrap_or_default();
        ["ON", "Primary", "Synced"].iter().all(|word| said.split_whitespace().any(|said| said == *word))
    }

    fn signal(&self, node: usize, signal: &str) {
        let id = self.nodes[node].lock().unwrap().as_ref().unwrap().id();
        assert!(Command::new("kill").arg(signal).arg(id.to_string()).status().unwrap().success());
    }

    /// Ends a node as a power cut does.
    pub fn kill(&self, node: usize) {
        let mut child = self.nodes[node].lock().unwrap().take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Stops a node's time.
    pub fn pause(&self, node: usize) {
        self.signal(node, "-STOP");
    }

    pub fn go_on(&self, node: usize) {
        self.signal(node, "-CONT");
    }

    /// Has the nodes that are left count as the whole, as an operator does where the others are lost.
    pub fn bootstrap(&self, node: usize) {
        self.sql(node, "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=true'");
    }

    /// What the administrator's client prints for statements.
    pub fn try_sql(&self, node: usize, statements: &str) -> Option<String> {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--default-character-set=utf8mb4", "--connect-timeout=5", "-uroot", "-N", "-B"]);
        client.arg(format!("--socket={}", self.home(node).join("s").display())).arg("-e").arg(statements);
        let output = client.output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    pub fn sql(&self, node: usize, statements: &str) -> String {
        self.try_sql(node, statements).unwrap_or_else(|| panic!("node {node} does not take `{statements}`"))
    }

    /// A new database, which all nodes have; its name.
    pub fn new_database(&self) -> String {
        let name = format!("pool_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(0, &format!("CREATE DATABASE {name}"));
        for node in 1..NODES {
            let began = Instant::now();
            while self.try_sql(node, &format!("USE {name}")).is_none() {
                assert!(began.elapsed() < PATIENCE, "node {node} does not get {name}");
            }
        }
        name
    }

    /// How a pool reaches a database, with the node first that is named.
    pub fn options(&self, database: &str, first: usize) -> DatabaseServer {
        DatabaseServer {
            hosts: (0..NODES).map(|node| host((first + node) % NODES)).collect(),
            port: self.port,
            ..DatabaseServer::new(database, USER, Secret::new(PASSWORD))
        }
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// A port that is free on the addresses of all nodes, and the first of nine for the nodes among each other.
fn free_ports() -> [u16; 2] {
    loop {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let others: Vec<_> = (1..NODES).map(|node| TcpListener::bind((host(node), port))).collect();
        let base = port.wrapping_add(100);
        let group: Vec<_> = (0..9).map(|n| TcpListener::bind(("127.0.0.1", base.wrapping_add(n)))).collect();
        if base > port && base < u16::MAX - 9 && others.iter().chain(&group).all(Result::is_ok) {
            return [port, base];
        }
    }
}

/// Ends what `pids` in a folder names, and removes the folder, when this process ends, however that happens.
fn end_with_this_process(folder: &TempDir) -> Child {
    // The shell reads until the pipe's other end is closed, which the system does for a process that is gone.
    let watch = "cat >/dev/null; [ -e \"$1/pids\" ] && while read id; do kill -9 $id 2>/dev/null; done <\"$1/pids\"; \
                 sleep 0.2; rm -rf \"$1\"";
    let folder: &Path = folder.path();
    Command::new("sh").args(["-c", watch, "sh"]).arg(folder).stdin(Stdio::piped()).spawn().unwrap()
}

//! A private server of MariaDB for the tests of this process.
//!
//! As unfriendly as one in the field may be: old row format, another collation than ours, `sql_mode` empty, a log for
//! replicas, encrypted connections demanded, idle connections ended after five seconds, and an account that may do nothing
//! but with its own databases.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use stakepool_core::ports::{DatabaseServer, DatabaseTls};
use stakepool_core::secret::Secret;

/// A password that no URL would survive.
pub const PASSWORD: &str = "p@ss:w/ord #?%2F&='\"\\ü";
/// The account of the pool, which has no privilege beyond its databases.
pub const USER: &str = "pool";

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that ends with this process.
pub struct MariaDb {
    pub socket: PathBuf,
    pub port: u16,
    /// The certificate of the authority.
    pub authority: String,
    /// While its input is open, the server runs.
    _alive: Child,
}

static SERVER: OnceLock<MariaDb> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl MariaDb {
    /// The server of this process.
    pub fn shared() -> &'static Self {
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap().keep();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let (ca, certificate, key) = certificates(&folder);
        let is_root = rustix::process::geteuid().is_root();
        let (data, temporary) = (folder.join("data"), folder.join("tmp"));
        // A server that starts removes the files of others from a folder that they share.
        fs::create_dir(&temporary).unwrap();
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.arg(format!("--datadir={}", data.display()));
        if is_root {
            install.arg("--user=mysql");
            Command::new("chown").arg("-R").arg("mysql").arg(&folder).status().unwrap();
        }
        let installed = install.output().expect("mariadb-server must be installed");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let socket = folder.join("s");
        let mut arguments: Vec<String> = [
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
            "--innodb-default-row-format=compact",
            "--sql-mode=",
            "--log-bin=log",
            "--server-id=1",
            "--require-secure-transport=ON",
            "--wait-timeout=5",
            "--max-connections=1000",
            "--innodb-buffer-pool-size=64M",
            "--innodb-flush-log-at-trx-commit=0",
            "--sync-binlog=0",
            // Nothing has to outlive the tests: a machine whose disk is busy with other things must not hold them up.
            "--innodb-flush-method=nosync",
            "--skip-innodb-doublewrite",
            "--performance-schema=OFF",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(format!("--datadir={}", data.display()));
        arguments.push(format!("--tmpdir={}", temporary.display()));
        arguments.push(format!("--socket={}", socket.display()));
        arguments.push(format!("--pid-file={}", folder.join("pid").display()));
        arguments.push(format!("--log-error={}", folder.join("log").display()));
        arguments.push(format!("--port={port}"));
        arguments.push(format!("--ssl-ca={}", ca.display()));
        arguments.push(format!("--ssl-cert={}", certificate.display()));
        arguments.push(format!("--ssl-key={}", key.display()));
        if is_root {
            arguments.push("--user=mysql".to_owned());
        }
        let alive = run_while_alive(&folder, "mariadbd", &arguments);
        let server = Self { socket, port, authority: fs::read_to_string(ca).unwrap(), _alive: alive };
        server.wait(&folder.join("log"));
        server
    }

    fn wait(&self, log: &Path) {
        let begun = Instant::now();
        let account = format!(
            "CREATE USER {USER}@'%' IDENTIFIED BY '{}'; GRANT ALL ON `pool\\_%`.* TO {USER}@'%';",
            PASSWORD.replace('\\', "\\\\").replace('\'', "''")
        );
        loop {
            let mut client = Command::new("mariadb");
            client.args(["--no-defaults", "--default-character-set=utf8mb4", "-uroot"]);
            client.arg(format!("--socket={}", self.socket.display()));
            let made = client.arg("-e").arg(&account).output().unwrap();
            if made.status.success() {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{}\n{}",
                String::from_utf8_lossy(&made.stderr),
                fs::read_to_string(log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The name of a new database that does not exist yet.
    pub fn new_name(&self) -> String {
        format!("pool_{}", DATABASES.fetch_add(1, Ordering::Relaxed))
    }

    /// A connection of the server's administrator.
    pub async fn administrator(&self) -> MySqlConnection {
        MySqlConnectOptions::new()
            .username("root")
            .socket(&self.socket)
            .ssl_mode(sqlx::mysql::MySqlSslMode::Disabled)
            .connect()
            .await
            .unwrap()
    }

    /// Runs a statement as administrator.
    pub async fn run(&self, statement: String) {
        self.administrator().await.execute(sqlx::raw_sql(AssertSqlSafe(statement))).await.unwrap();
    }

    /// Ends every connection to a database.
    pub async fn end_connections(&self, database: &str) {
        let mut administrator = self.administrator().await;
        let text = format!("SELECT id FROM information_schema.processlist WHERE db = '{database}'");
        let ids: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&mut administrator).await.unwrap();
        for id in ids {
            // It may be gone by now.
            let _ = administrator.execute(sqlx::raw_sql(AssertSqlSafe(format!("KILL {id}")))).await;
        }
    }

    /// The names of the indexes of a database, table by table.
    pub async fn indexes(&self, database: &str) -> Vec<String> {
        let text = format!(
            "SELECT DISTINCT table_name, CAST(index_name AS CHAR) FROM information_schema.statistics \
             WHERE table_schema = '{database}' ORDER BY table_name, index_name"
        );
        let names: Vec<(String, String)> =
            sqlx::query_as(AssertSqlSafe(text)).fetch_all(&mut self.administrator().await).await.unwrap();
        names.into_iter().map(|(_, name)| name).collect()
    }

    /// Loads a dump into a database, as an operator does.
    pub fn load(&self, database: &str, dump: &str) {
        let mut client = Command::new("mariadb");
        client.args(["--no-defaults", "--default-character-set=utf8mb4", "-uroot"]);
        client.arg(format!("--socket={}", self.socket.display())).arg(database);
        let mut client = client.stdin(Stdio::piped()).spawn().unwrap();
        client.stdin.take().unwrap().write_all(dump.as_bytes()).unwrap();
        assert!(client.wait().unwrap().success());
    }

    /// How the pool reaches a database.
    pub fn options(&self, name: &str) -> DatabaseServer {
        DatabaseServer {
            hosts: vec!["127.0.0.1".to_owned()],
            port: self.port,
            tls: DatabaseTls::Required,
            ..DatabaseServer::new(name, USER, Secret::new(PASSWORD))
        }
    }
}

/// Starts a program that ends, and a folder that is removed, when this process ends, however that happens.
fn run_while_alive(folder: &Path, program: &str, arguments: &[String]) -> Child {
    // The shell reads until the pipe's other end is closed, which the system does for a process that is gone.
    let watch = "folder=$1; shift; \"$@\" >/dev/null 2>&1 & server=$!; echo started; cat >/dev/null; \
                 kill -9 $server; wait $server 2>/dev/null; rm -rf \"$folder\"";
    let mut shell: Child = Command::new("sh")
        .args(["-c", watch, "sh"])
        .arg(folder)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
    shell
}

/// An authority, and a certificate of it for this computer.
fn certificates(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let path = |name: &str| folder.join(name);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    fs::write(path("ca.pem"), authority_certificate.pem()).unwrap();
    fs::write(path("server.pem"), certificate.pem()).unwrap();
    fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    (path("ca.pem"), path("server.pem"), path("key.pem"))
}

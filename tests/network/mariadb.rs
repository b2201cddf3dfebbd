//! A private server of MariaDB, with the server's own tools for backups.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stakepool_core::ports::{DatabaseServer, DatabaseTls};
use stakepool_core::secret::Secret;
use tempfile::TempDir;

/// The account of the pool, and the name of its database.
const POOL: &str = "pool";
const PASSWORD: &str = "a-password-for-this-test";
/// How long the server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that ends when it is dropped.
pub struct MariaDb {
    folder: TempDir,
    server: Child,
}

impl MariaDb {
    /// Starts a server with an empty database and an account for it, reached by a socket alone.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        let is_root = is_root();
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.arg(format!("--datadir={}", data.display()));
        if is_root {
            install.arg("--user=mysql");
            Command::new("chown").args(["mysql".as_ref(), folder.path()]).status().unwrap();
        }
        let installed = install.output().expect("mariadb-server must be installed");
        assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
        let server = serve(folder.path());
        let started = Self { folder, server };
        let account = format!(
            "CREATE DATABASE {POOL}; CREATE USER {POOL}@'%' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON {POOL}.* TO {POOL}@'%';"
        );
        let begun = Instant::now();
        while !started.client("mariadb").arg("-e").arg(&account).stderr(Stdio::null()).status().unwrap().success() {
            assert!(begun.elapsed() < PATIENCE, "the server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        started
    }

    /// Ends the server as a power cut does.
    pub fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts it again on the same data.
    pub fn start_again(&mut self) {
        self.server = serve(self.folder.path());
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(program);
        client.args(["--no-defaults", "-uroot"]);
        client.arg(format!("--socket={}", self.folder.path().join("s").display()));
        client
    }

    /// How the pool reaches its database.
    pub fn database(&self) -> DatabaseServer {
        DatabaseServer {
            socket: Some(self.folder.path().join("s")),
            tls: DatabaseTls::Off,
            ..DatabaseServer::new(POOL, POOL, Secret::new(PASSWORD))
        }
    }

    /// Takes a backup, as an operator does.
    pub fn dump(&self) -> PathBuf {
        let file = self.folder.path().join("yesterday.sql");
        let mut dump = self.client("mariadb-dump");
        let taken = dump.args(["--single-transaction", POOL]).stdout(File::create(&file).unwrap()).status().unwrap();
        assert!(taken.success());
        file
    }

    /// Puts a backup in the place of what is there.
    pub fn load(&self, dump: &PathBuf) {
        let anew = format!("DROP DATABASE {POOL}; CREATE DATABASE {POOL};");
        assert!(self.client("mariadb").arg("-e").arg(anew).status().unwrap().success());
        let loaded = self.client("mariadb").arg(POOL).stdin(File::open(dump).unwrap()).status().unwrap();
        assert!(loaded.success());
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// Starts the server on the data in a folder.
fn serve(folder: &Path) -> Child {
    let mut run = Command::new("mariadbd");
    run.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    run.args(["--no-defaults", "--skip-networking", "--innodb-flush-method=nosync", "--performance-schema=OFF"]);
    run.arg(format!("--datadir={}", folder.join("data").display()))
        .arg(format!("--socket={}", folder.join("s").display()));
    run.arg(format!("--pid-file={}", folder.join("pid").display()));
    if is_root() {
        run.arg("--user=mysql");
    }
    run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("mariadbd must be installed")
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

//! The predecessor's server for wallets of today (vspd), as a process.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use stakepool_sim::{HttpVspServer, VspServer as _};
use tempfile::TempDir;

use crate::program::signal;
use crate::simnet::Simnet;

/// A vspd on one of a network's wallets; it ends with the test.
pub struct Vspd {
    home: TempDir,
    program: PathBuf,
    place: SocketAddr,
    running: Option<Child>,
}

impl Vspd {
    /// Makes a database whose fees go to this key, and starts the program that the environment variable `STAKEPOOL_VSPD` names. It
    /// must lie at the top of its source, whose templates it reads.
    pub async fn start(net: &Simnet, wallet: &str, fee_key: &str, place: SocketAddr) -> Self {
        let program = PathBuf::from(std::env::var("STAKEPOOL_VSPD").expect("STAKEPOOL_VSPD names the program vspd"));
        let mut vspd = Self { home: tempfile::tempdir().unwrap(), program, place, running: None };
        fs::write(vspd.configuration(), configuration(net, wallet, place)).unwrap();
        let made = vspd.command().arg(format!("--feexpub={fee_key}")).status().unwrap();
        assert!(made.success(), "{}", vspd.said());
        vspd.running = Some(vspd.command().spawn().unwrap());
        vspd
    }

    fn command(&self) -> Command {
        let said = File::options().create(true).append(true).open(self.home.path().join("said")).unwrap();
        let mut command = Command::new(&self.program);
        command.arg(format!("--homedir={}", self.home.path().display())).current_dir(self.program.parent().unwrap());
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        command
    }

    /// Its configuration file.
    pub fn configuration(&self) -> PathBuf {
        self.home.path().join("vspd.conf")
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.home.path().join("data/simnet/vspd.db")
    }

    /// Where wallets reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.place)
    }

    /// What it says of itself; null where it does not answer.
    pub async fn info(&self) -> Value {
        match HttpVspServer::new(self.place).info().await {
            Ok(answer) => serde_json::from_slice(&answer.body).unwrap_or_default(),
            Err(_) => Value::Null,
        }
    }

    /// Whether its log says these words of a ticket.
    pub fn logged(&self, words: &str, ticket: &str) -> bool {
        self.said().lines().any(|line| line.contains(words) && line.contains(ticket))
    }

    fn said(&self) -> String {
        fs::read_to_string(self.home.path().join("said")).unwrap()
    }

    /// Stops it as systemd does.
    pub fn stop(&mut self) {
        let mut child = self.running.take().unwrap();
        signal("-TERM", child.id());
        assert!(child.wait().unwrap().success(), "{}", self.said());
    }
}

impl Drop for Vspd {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let said = self.said();
            let latest: Vec<_> = said.lines().rev().take(40).collect();
            latest.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

fn configuration(net: &Simnet, wallet: &str, place: SocketAddr) -> String {
    let (node, wallet) = (|key| net.server("node", key), |key| net.server(wallet, key));
    format!(
        "[Application Options]\nlisten={place}\nnetwork=simnet\nvspfee=5\nsupportemail=help@pool.example\nadminpass=not-ours\n\
         exccdhost={}\nexccduser={}\nexccdpass={}\nexccdcert={}\nwallethost={}\nwalletuser={}\nwalletpass={}\nwalletcert={}\n",
        node("host"),
        node("user"),
        node("password"),
        node("cert"),
        wallet("host"),
        wallet("user"),
        wallet("password"),
        wallet("cert"),
    )
}

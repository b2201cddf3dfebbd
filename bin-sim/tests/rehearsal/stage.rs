//! A network, two daemons and a web, each a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use stakepool_core::accounts::{ApiKeys, UserId};
use stakepool_core::ports::UserStore;
use stakepool_db::{Database, SqliteOptions};
use tempfile::TempDir;

use crate::http;
use crate::process::{Running, program};

const PASSWORD: &str = "correct horse battery\n";

pub struct Stage {
    folder: TempDir,
    listen: String,
    /// The address of the user's wallet that is to be submitted.
    key: String,
    said: Lines<BufReader<ChildStdout>>,
    input: ChildStdin,
    network: Running,
    voters: Vec<Running>,
    web: Running,
}

impl Stage {
    pub fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let arguments = ["--wallets", "2", "--block", "0.3", "--listen", &listen];
        let mut command = Command::new(program("stakepool-sim"));
        command.arg(folder.path()).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut network = Running(command.spawn().unwrap());
        let mut said = BufReader::new(network.0.stdout.take().unwrap()).lines();
        let mut written = said.by_ref().map(Result::unwrap).take_while(|line| !line.starts_with("Then buy tickets"));
        let key = written.find(|line| line.starts_with("  ") && line.trim().len() > 40 && !line.trim().contains(' '));
        let key = key.unwrap().trim().to_owned();
        assert_eq!(written.last(), Some(String::new()));
        let input = network.0.stdin.take().unwrap();
        let voters = [1, 2].map(|number| Running::start("stakepoold", &folder.path().join(format!("voter{number}"))));
        let web = Running::start("stakepool-web", &folder.path().join("web"));
        let stage = Self { folder, listen, key, said, input, network, voters: voters.into(), web };
        let ready = |stage: &Self, home: &str| {
            let answer = http::get(&stage.setting(home, "monitorlisten"), "/readyz");
            answer.is_some_and(|(status, _)| status == 200)
        };
        stage.until("all are ready", Duration::from_secs(60), |stage| {
            ["voter1", "voter2", "web"].iter().all(|home| ready(stage, home))
        });
        stage
    }

    fn home(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// What a configuration file says.
    fn setting(&self, home: &str, key: &str) -> String {
        let name = if home == "web" { "exccstakepool.conf" } else { "stakepoold.conf" };
        let text = fs::read_to_string(self.home(home).join(name)).unwrap();
        let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.unwrap().to_owned()
    }

    /// Waits until something holds; what the programs said is shown where it does not.
    pub fn until(&self, what: &str, patience: Duration, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < patience, "still not so: {what}\n{}", self.logs());
            sleep(Duration::from_millis(50));
        }
    }

    fn logs(&self) -> String {
        let logs = ["voter1", "voter2", "web"].map(|home| fs::read_to_string(self.home(home).join("said")).unwrap());
        logs.join("\n")
    }

    /// What the simulator answers to a command.
    pub fn ask(&mut self, command: &str) -> String {
        writeln!(self.input, "{command}").unwrap();
        self.said.next().unwrap().unwrap()
    }

    /// The exit code and output of `stakepoolctl`.
    pub fn ctl(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let mut command = Command::new(program("stakepoolctl"));
        command.arg("-A").arg(self.home("web")).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }

    /// A user with an address, made as the printed instructions say but by the API: what buying a ticket takes.
    pub fn register(&self) -> Value {
        let create = ["users", "create", "--email", "you@pool.example", "--admin", "--password-file", "-"];
        let (code, said) = self.ctl(&create, PASSWORD);
        assert_eq!(code, 0, "{said}");
        let key = api_key(&self.home("web"), &self.setting("web", "baseurl"));
        let form = format!("UserPubKeyAddr={}", self.key);
        let (_, answer) = http::with_key(&self.listen, "/api/v2/address", &key, Some(&form)).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["status"], "success", "{answer}");
        let (_, answer) = http::with_key(&self.listen, "/api/v2/getpurchaseinfo", &key, None).unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()["data"].clone()
    }

    /// How many votes a daemon has sent.
    pub fn votes_sent(&self, voter: usize) -> u64 {
        let text = self.scrape(&format!("voter{}", voter + 1));
        let sent = text.lines().find_map(|line| line.strip_prefix("stakepoold_votes_total{outcome=\"sent\"} "));
        sent.map_or(0, |count| count.parse().unwrap())
    }

    fn scrape(&self, home: &str) -> String {
        http::get(&self.setting(home, "monitorlisten"), "/metrics").unwrap().1
    }

    /// The metrics of both programs.
    pub fn metrics(&self) -> BTreeMap<&'static str, String> {
        [("stakepoold", self.scrape("voter1")), ("stakepool-web", self.scrape("web"))].into()
    }

    /// Stops all of it, each program with exit code 0.
    pub fn end(mut self) {
        for running in self.voters.drain(..).chain([self.web]) {
            assert!(running.stop().success());
        }
        writeln!(self.input, "quit").unwrap();
        assert!(self.network.0.wait().unwrap().success());
        assert!(self.folder.path().join("network.json").exists());
    }
}

/// The API key of the first user.
fn api_key(home: &Path, issuer: &str) -> String {
    let secret = fs::read_to_string(home.join("apisecret")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let user = runtime.block_on(async {
        let path = home.join("data/simnet/pool.sqlite");
        let database = Database::open_sqlite(path, SqliteOptions::default()).await.unwrap();
        let user = database.by_id(UserId(1)).await.unwrap().unwrap();
        database.close().await;
        user
    });
    ApiKeys::new(secret.trim(), issuer).unwrap().current_key(&user).unwrap()
}

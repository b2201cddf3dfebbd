//! A whole program around some work: what signals and panics do to it. Each runs in a process of its own.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use stakepool_config::{DaemonConfig, load_daemon};
use stakepool_process::{Reloads, isolated, run, until_signal};

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str =
    "spubVVvhzKC6bZ5XqvMwvhvKFF4AhFN6TG8K56rDxF1RnAbwZFqYHhjP2QeLQ5y3j3aMrqvjmESvE8v82gD9c9GVDnDxmsDXDmKHELUSC4wcLYK";

/// What the program in the other process does: the work of one test.
async fn work(kind: &str, mut reloads: Reloads<DaemonConfig>, saved: &Path) -> Result<(), std::io::Error> {
    match kind {
        "task" => drop(tokio::spawn(async { panic!("a mistake\nINFO forged") })),
        "isolated" => {
            let asked = tokio::spawn(isolated(async { panic!("a mistake in a request") }));
            assert!(asked.await.is_err());
        }
        "itself" => {
            let saved = saved.to_owned();
            let stop = tokio::sync::oneshot::channel::<()>();
            tokio::spawn(async move {
                // Ready when the work is gone.
                let _ = stop.1.await;
                fs::write(saved, "saved").unwrap();
            });
            let _stop = stop.0;
            panic!("a mistake of the work itself");
        }
        "serves" => stakepool_process::ready(),
        _ => {}
    }
    tracing::info!(target: "stakepoold", "running");
    tokio::select! {
        () = until_signal() => {}
        () = async {
            loop {
                let config = reloads.next().await;
                tracing::info!(target: "stakepoold", fee = %config.pool_fee, "taken");
            }
        } => {}
    }
    if kind == "serves" {
        // What is under way ends only after one more.
        reloads.next().await;
    }
    fs::write(saved, "saved")
}

/// Not a test of its own: the other process of the others.
#[test]
#[ignore = "needs to be started by the other tests"]
fn program() {
    // Where all ignored tests are run, nobody has started it.
    let Ok(home) = std::env::var("PROGRAM_HOME") else { return };
    let kind = std::env::var("PROGRAM_KIND").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let code = runtime.block_on(async {
        let load = || {
            let arguments = [format!("--appdata={home}")].map(Into::into).into_iter();
            let variable = |name: &str| name.starts_with("STAKEPOOLD_").then(|| std::env::var(name).ok()).flatten();
            load_daemon(arguments, &variable, &|path| fs::read(path))
        };
        let saved = Path::new(&home).join("saved");
        run("tester", "tester 1", load, async |_, reloads| work(&kind, reloads, &saved).await).await
    });
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

fn configure(home: &Path, lines: &str) {
    let text = format!(
        "simnet=1\ncoldwalletextpub={KEY}\nrpctoken=a-token-for-the-test-of-the-process\n\
         exccdhost=127.0.0.1\nexccduser=u\nexccdpassword=p\nexccdcert=node.cert\n\
         wallethost=127.0.0.1\nwalletuser=u\nwalletpassword=p\nwalletcert=wallet.cert\n{lines}\n"
    );
    fs::write(home.join("stakepoold.conf"), text).unwrap();
}

struct Program {
    process: Child,
    lines: Receiver<String>,
    home: tempfile::TempDir,
    /// Where the service manager is told.
    manager: UnixDatagram,
}

impl Program {
    fn start(kind: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        for name in ["node.cert", "wallet.cert"] {
            let pem = include_str!("../../stakepool-rpc/tests/fixtures/certs/exccd-2.7.6-p256.cert");
            fs::write(home.path().join(name), pem).unwrap();
        }
        configure(home.path(), "poolfees=5");
        let manager = UnixDatagram::bind(home.path().join("manager")).unwrap();
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "program", "--ignored", "--nocapture"])
            .env("PROGRAM_HOME", home.path())
            .env("PROGRAM_KIND", kind)
            .env("NOTIFY_SOCKET", home.path().join("manager"))
            .env("RUST_BACKTRACE", "0")
            .env("STAKEPOOLD_POOLFEE", "6")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stderr = process.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { process, lines, home, manager }
    }

    /// The next word to the service manager.
    fn tells(&self) -> String {
        let mut told = [0; 200];
        let length = self.manager.recv(&mut told).unwrap();
        String::from_utf8_lossy(&told[..length]).lines().next().unwrap().to_owned()
    }

    fn tells_nothing_more(&self) {
        self.manager.set_nonblocking(true).unwrap();
        assert!(self.manager.recv(&mut [0; 200]).is_err());
    }

    fn configure(&self, lines: &str) {
        configure(self.home.path(), lines);
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// The line that has all of these texts in it.
    fn says(&self, texts: &[&str]) -> String {
        let mut said = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if texts.iter().all(|text| line.contains(text)) {
                return line;
            }
            said.push(line);
        }
        panic!("it never said {texts:?}, but {said:#?}");
    }

    fn code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    fn saved(&self) -> bool {
        self.home.path().join("saved").exists()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_panic_in_any_task_is_named_with_its_place_and_stops_the_program_with_its_state_saved() {
    let mut program = Program::start("task");
    let line = program.says(&["ERROR", "a part of the program broke down", "tests/program.rs:"]);
    assert!(line.contains("a mistake") && line.contains("forged"), "one line: {line}");
    assert_eq!(program.code(), Some(1));
    assert!(program.saved());
}

#[test]
fn a_panic_of_the_work_itself_lets_the_others_finish() {
    let mut program = Program::start("itself");
    program.says(&["ERROR", "a part of the program broke down", "of the work itself"]);
    assert_eq!(program.code(), Some(1));
    assert!(program.saved());
}

#[test]
fn a_panic_in_a_request_is_named_and_the_program_goes_on() {
    let mut program = Program::start("isolated");
    program.says(&["ERROR", "broke down", "a mistake in a request"]);
    program.says(&["running"]);
    program.send(Signal::TERM);
    assert_eq!(program.code(), Some(0));
    assert!(program.saved());
}

#[test]
fn a_hangup_reads_the_configuration_again_names_what_waits_for_a_restart_and_refuses_a_bad_one() {
    let mut program = Program::start("nothing");
    program.says(&["STAKEPOOLD_POOLFEE belongs to no key", "did you mean STAKEPOOLD_POOLFEES?"]);
    program.says(&["running"]);
    program.configure("poolfees=7.5\ndebuglevel=warn");
    program.send(Signal::HUP);
    program.says(&["WARN", "need a restart: poolfees"]);

    program.configure("poolfees=much\nnosuchkey=1\ndebuglevel=info");
    program.send(Signal::HUP);
    program.says(&["ERROR", "SIGHUP", "is not a known key"]);
    program.says(&["ERROR", "SIGHUP", "poolfees", "much"]);
    program.says(&["ERROR", "is not used; the old one is kept"]);

    program.configure("poolfees=5\ndebuglevel=info");
    program.send(Signal::USR1);
    program.says(&["INFO", "SIGUSR1: the configuration was read again", "debuglevel"]);
    program.says(&["taken", "fee=5"]);
    program.send(Signal::TERM);
    assert_eq!(program.code(), Some(0));
}

#[test]
fn log_files_that_were_moved_away_are_written_anew_after_a_hangup() {
    let mut program = Program::start("nothing");
    program.says(&["running"]);
    let logs = program.home.path().join("logs/simnet");
    let files = || fs::read_dir(&logs).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    let [file] = &files()[..] else { panic!("{:?}", files()) };
    fs::rename(file, program.home.path().join("moved")).unwrap();
    program.send(Signal::HUP);
    program.says(&["was read again"]);
    program.send(Signal::TERM);
    assert_eq!(program.code(), Some(0));
    let [file] = &files()[..] else { panic!("{:?}", files()) };
    assert!(fs::read_to_string(file).unwrap().contains("stopping at SIGTERM"));
    assert!(!fs::read_to_string(program.home.path().join("moved")).unwrap().contains("stopping at SIGTERM"));
}

#[test]
fn a_hangup_tells_the_service_manager_nothing_before_the_program_serves_and_once_it_stops() {
    let mut program = Program::start("nothing");
    program.says(&["running"]);
    program.send(Signal::HUP);
    program.says(&["was read again"]);
    program.send(Signal::TERM);
    assert_eq!(program.code(), Some(0));
    assert_eq!(program.tells(), "STOPPING=1", "it never served");
    program.tells_nothing_more();

    let mut program = Program::start("serves");
    assert_eq!(program.tells(), "READY=1");
    program.send(Signal::HUP);
    assert_eq!((program.tells(), program.tells()), ("RELOADING=1".to_owned(), "READY=1".to_owned()));
    program.send(Signal::TERM);
    assert_eq!(program.tells(), "STOPPING=1");
    program.send(Signal::HUP);
    assert_eq!(program.code(), Some(0));
    program.tells_nothing_more();
}

//! Programs of the pool as processes, which can be killed as a power cut does.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program beside this test's own.
fn program(name: &str) -> PathBuf {
    let path = std::env::current_exe().unwrap().parent().unwrap().join("..").join(name);
    assert!(path.exists(), "{} is missing: `cargo build --workspace` makes it", path.display());
    path
}

/// A process in its home; it ends with the test.
pub struct Program {
    name: &'static str,
    home: PathBuf,
    running: Option<Child>,
}

impl Program {
    /// Starts a program with the configuration file in its home.
    pub fn start_new(name: &'static str, home: &Path) -> Self {
        let mut program = Self { name, home: home.to_owned(), running: None };
        program.start();
        program
    }

    /// Starts it, again.
    pub fn start(&mut self) {
        let said = File::options().create(true).append(true).open(self.home.join("said")).unwrap();
        let mut command = Command::new(program(self.name));
        command.arg("-A").arg(&self.home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        self.running = Some(command.spawn().unwrap());
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Has it read its configuration again.
    pub fn reload(&self) {
        signal("-HUP", self.running.as_ref().unwrap().id());
    }

    /// Stops it as systemd does.
    pub fn stop(&mut self) {
        let mut child = self.running.take().unwrap();
        signal("-TERM", child.id());
        assert!(child.wait().unwrap().success(), "{} in {}", self.name, self.home.display());
    }
}

pub fn signal(which: &str, process: u32) {
    assert!(Command::new("kill").arg(which).arg(process.to_string()).status().unwrap().success());
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let said = std::fs::read_to_string(self.home.join("said")).unwrap_or_default();
            let latest: Vec<_> = said.lines().rev().take(40).collect();
            eprintln!("---- {}", self.home.display());
            latest.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

//! The programs, as they were built beside this test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A program that runs in the background and is killed where a test fails.
pub struct Running(pub Child);

/// Where a program of the workspace is.
pub fn program(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_stakepool-sim")).parent().unwrap();
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing: `cargo test --workspace` and `cargo build --workspace` make it",
        path.display()
    );
    path
}

impl Running {
    /// Starts a program of the pool in its home, with what it says in a file there.
    pub fn start(name: &str, home: &Path) -> Self {
        let log = File::create(home.join("said")).unwrap();
        let mut command = Command::new(program(name));
        command.arg("-A").arg(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Self(command.spawn().unwrap())
    }

    /// Stops it as systemd does.
    pub fn stop(mut self) -> ExitStatus {
        let killed = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.0.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

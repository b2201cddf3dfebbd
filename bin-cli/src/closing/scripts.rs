//! `closing scripts`: what users' wallets need to vote by themselves, as a file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Write the voting addresses and scripts of all users to a file, a line of JSON each.
///
/// Each user finds the own on the page Tickets. With the script a user's wallet can vote without the pool
/// (`exccctl --wallet importscript SCRIPT`). The file must not be there yet; only its owner can read it, since it has the users'
/// e-mail addresses.
#[derive(Debug, Args)]
pub(crate) struct Scripts {
    /// The file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Line {
    user: i64,
    email: String,
    address: String,
    script: String,
    key_index: u32,
    registered_at: u32,
}

#[derive(Serialize)]
struct Written {
    file: PathBuf,
    users: usize,
}

impl Answer for Written {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("file", self.file.display().to_string()), ("users", self.users.to_string())]
    }
}

impl Scripts {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let users = open.wait(open.pool.parts().users.registered())?;
        let mut text = Vec::new();
        let mut count = 0;
        for user in users {
            let Some(registration) = user.registration else { continue };
            let line = Line {
                user: user.id.0,
                email: user.email.to_string(),
                address: registration.address.to_string(),
                script: registration.script.to_string(),
                key_index: registration.key_index.0,
                registered_at: registration.registered_at.0,
            };
            serde_json::to_writer(&mut text, &line).map_err(|error| CliError::Output(error.into()))?;
            text.push(b'\n');
            count += 1;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => CliError::argument(
                "FILE",
                format!("{} is there already and is kept: name another file", self.file.display()),
            ),
            _ => CliError::File { path: self.file.clone(), error },
        };
        let mut file = options.open(&self.file).map_err(failed)?;
        let written = file.write_all(&text).and_then(|()| file.sync_all());
        written.map_err(|error| CliError::File { path: self.file.clone(), error })?;
        let answer = Written { file: self.file, users: count };
        console.style.write_single(console.output, &answer).map_err(CliError::Output)
    }
}

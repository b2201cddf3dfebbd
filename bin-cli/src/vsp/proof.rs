//! `vsp proof`: what both sides signed for a ticket, as a file.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use stakepool::vsp::ProofError;
use stakepool_core::chain::TicketHash;

use super::service::service;
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Write all that owner and pool signed for a ticket, and its vote, to a file that anyone can check.
///
/// `stakepoolctl vsp verify` checks it on any machine. It is what `POST /api/v3/ticketproof` answers the owner. The file holds
/// the ticket's voting key, since the owner signed it: give it to the owner, or after the vote to whoever has to judge.
#[derive(Debug, Args)]
pub(crate) struct Proof {
    /// The ticket's hash.
    #[arg(value_name = "HASH")]
    ticket: TicketHash,
    /// The file, which must not be there yet; only you can read it. Without it: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Written {
    file: PathBuf,
    bytes: usize,
}

impl Answer for Written {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("file", self.file.display().to_string()), ("bytes", self.bytes.to_string())]
    }
}

impl Proof {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let vsp = service(&open)?;
        let proof = open.wait(vsp.proof_file(&self.ticket)).map_err(|error| match error {
            ProofError::Unknown => CliError::refused("HASH", error),
            ProofError::Store(error) => error.into(),
            other => CliError::NotWell(other.to_string()),
        })?;
        let Some(file) = self.out else {
            let written = console.output.write_all(&proof).and_then(|()| console.output.write_all(b"\n"));
            return written.and_then(|()| console.output.flush()).map_err(CliError::Output);
        };
        write(&file, &proof)?;
        let answer = Written { file, bytes: proof.len() };
        console.style.write_single(console.output, &answer).map_err(CliError::Output)
    }
}

/// Writes a new file for its owner alone.
fn write(path: &Path, proof: &[u8]) -> Result<(), CliError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let reason = format!("{} is there already and is kept: name another file", path.display());
            CliError::argument("--out", reason)
        }
        _ => CliError::File { path: path.to_owned(), error },
    };
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(proof).and_then(|()| file.sync_all()).map_err(failed)
}

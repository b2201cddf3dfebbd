//! `backup`: a copy of the pool's database.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, AuditStore};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Write a copy of the pool's database while the pool goes on.
///
/// The copy is whole: copying the file by other means while programs write to it may give a damaged one. A file of the
/// same name is replaced once the copy is complete.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// Where the copy goes.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Copied {
    backup: String,
}

impl Answer for Copied {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("backup", self.backup.clone())]
    }
}

impl Backup {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let act = AuditAction::DatabaseBackup;
        open.wait(open.database.backup(&self.file))?;
        let entry = AuditEntry::new(open.pool.now(), ACTOR, act, &self.file.display(), String::new());
        open.wait(open.database.append(&entry))?;
        let copied = Copied { backup: self.file.display().to_string() };
        console.style.write_single(console.output, &copied).map_err(CliError::Output)
    }
}

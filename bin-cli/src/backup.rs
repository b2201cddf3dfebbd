//! `backup`: a copy of the pool's database.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, AuditStore};
use stakepool_db::{CopyEnd, DbError, Existing, back_up_server};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};
use crate::progress::show;

/// Write a copy of the pool's database into a file while the pool goes on.
///
/// The copy is whole and of one moment: copying the file by other means while programs write to it may give a damaged one.
/// It is a file of SQLite, also where the database is on a server. A file that is there already is kept.
/// `stakepoolctl verify FILE` looks it through, `stakepoolctl restore FILE` puts it in the database's place.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// Where the copy goes.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace an earlier backup of this name. Anything else that has the name is kept all the same.
    #[arg(long)]
    force: bool,
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
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        if self.file == Path::new("-") {
            let reason = "a database cannot be written to standard output: name a file (`./-` for one of this name)";
            return Err(CliError::argument("FILE", reason));
        }
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let act = AuditAction::DatabaseBackup;
        let existing = if self.force { Existing::Replace } else { Existing::Keep };
        let copied = match pool.place(None)? {
            CopyEnd::Sqlite(_) => open.wait(open.database.backup(&self.file, existing)),
            CopyEnd::Mysql(server) => {
                let tell = &mut show(&mut console);
                open.wait(back_up_server(server, &self.file, existing, tell)).map(drop)
            }
        };
        copied.map_err(|error| match error {
            DbError::BackupExists { path } => CliError::Exists(path),
            other => other.into(),
        })?;
        let entry = AuditEntry::new(open.pool.now(), ACTOR, act, &self.file.display(), String::new());
        open.wait(open.database.append(&entry))?;
        let copied = Copied { backup: self.file.display().to_string() };
        console.style.write_single(console.output, &copied).map_err(CliError::Output)
    }
}

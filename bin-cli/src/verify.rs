//! `verify`: whether a backup is whole.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use stakepool_db::{Database, Verified};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;

/// Look through a backup, and show what is in it.
///
/// All of the file is read, its indexes included, and nothing is changed. Whether it is this pool's, and what happened since
/// it was made, `stakepoolctl restore FILE --check` says. The exit code is 1 where it cannot be used.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Whole {
    verified: String,
    schema: i64,
    known_schema: i64,
    tables: Vec<Table>,
}

#[derive(Serialize)]
struct Table {
    name: &'static str,
    rows: u64,
}

impl Answer for Whole {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let schema = match self.known_schema {
            known if known == self.schema => known.to_string(),
            known => format!("{} (an earlier one; restoring brings it to {known})", self.schema),
        };
        let mut fields = vec![("whole", self.verified.clone()), ("schema", schema)];
        let tables = self.tables.iter().filter(|table| table.rows > 0);
        fields.extend(tables.map(|table| ("table", format!("{}: {} rows", table.name, table.rows))));
        fields
    }
}

impl Verify {
    pub(super) fn run(self, console: Console<'_>) -> Result<(), CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let Verified { schema, known_schema, tables } = runtime.block_on(Database::verify_sqlite(&self.file))?;
        let tables = tables.into_iter().map(|(name, rows)| Table { name, rows }).collect();
        let whole = Whole { verified: self.file.display().to_string(), schema, known_schema, tables };
        console.style.write_single(console.output, &whole).map_err(CliError::Output)
    }
}

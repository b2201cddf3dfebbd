//! The command.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use stakepool::Stores;
use stakepool::vsp::{ImportError, ImportProgress, ImportReport};
use stakepool_config::{NewKeyFile, WebConfig};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, AuditStore as _};
use stakepool_core::time::UnixTime;
use stakepool_core::vspd::VspdDatabase;
use stakepool_db::Database;

use super::answer::Imported;
use super::file;
use crate::answer::Style;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, PoolArguments, open_database};

/// How often it is said how far the import is.
const EVERY: Duration = Duration::from_secs(2);

/// Take over the tickets of a vspd: its key, fee keys, tickets and what was signed for them.
///
/// FILE is the database of vspd (vspd.db) of any version, or the copy of it whose name ends in -backup. It is only read. Stop vspd
/// and stakepool-web first, and have `vsp=1`, `vspfeexpub` and the node (exccdhost) in the configuration: tickets are looked up at the
/// node, since vspd did not keep their transactions. What is in the pool already stays as it is, so that the command can be repeated,
/// also after it was cut off. A ticket or record that cannot be taken over is named with its reason; the others are. Nothing at all
/// is, where the file has no key or a damaged list of tickets, or where tickets are registered here that know another key.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The database of vspd.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only show what would be imported. stakepool-web may run.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(in crate::vsp) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let config = pool.load()?;
        let Some(vsp) = &config.vsp else {
            let reason =
                "vsp=0: set vsp=1, vspfeexpub and the node (exccdhost, exccduser, exccdpassword, exccdcert) first";
            return Err(CliError::Config(reason.to_owned()));
        };
        let bytes = file::read(&self.file)?;
        let theirs = VspdDatabase::read(&bytes, config.network).map_err(|error| CliError::refused("FILE", error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let report = runtime.block_on(self.import(&config, &theirs, &mut console))?;
        let answer = Imported::new(self.file.display().to_string(), self.dry_run, &vsp.fee_key, report);
        console.style.write_single(console.output, &answer).map_err(CliError::Output)?;
        match answer.left_out() {
            (0, _) => Ok(()),
            (refused, asked) => Err(CliError::SomeRefused { what: "tickets", refused, asked }),
        }
    }

    async fn import(
        &self,
        config: &WebConfig,
        theirs: &VspdDatabase,
        console: &mut Console<'_>,
    ) -> Result<ImportReport, CliError> {
        let absent = if self.dry_run { Absent::Refuse } else { Absent::Make };
        let database = Arc::new(open_database(config, absent).await?);
        let done = self.import_into(&database, config, theirs, console).await;
        database.close().await;
        done
    }

    async fn import_into(
        &self,
        database: &Arc<Database>,
        config: &WebConfig,
        theirs: &VspdDatabase,
        console: &mut Console<'_>,
    ) -> Result<ImportReport, CliError> {
        let unusable = |error: &dyn std::error::Error| CliError::Config(error.to_string());
        let nodes = config.vsp_nodes().map_err(|error| unusable(&error))?;
        let stores: Stores = database.clone().into();
        let new = if self.dry_run { NewKeyFile::Leave } else { NewKeyFile::Make };
        let import = config.vsp_import(&stores, &nodes, new).await.map_err(|error| unusable(&error))?;
        let import =
            import.ok_or_else(|| CliError::Config("the configuration names no node (exccdhost)".to_owned()))?;
        let mut show = show(console);
        if self.dry_run {
            return import.look(theirs, &mut show).await.map_err(failed);
        }
        let report = import.carry_out(theirs, &mut show).await.map_err(failed)?;
        if report.is_change() {
            let now = UnixTime::from(SystemTime::now());
            let detail = format!("{} tickets, {} records", report.imported, report.records);
            let entry = AuditEntry::new(now, ACTOR, AuditAction::VspImport, &self.file.display(), detail);
            database.append(&entry).await?;
        }
        Ok(report)
    }
}

/// Why nothing, or not all, was imported.
fn failed(error: ImportError) -> CliError {
    match error {
        ImportError::Store(error) => error.into(),
        ImportError::OtherServerKey { .. } => CliError::refused("FILE", error),
        other => CliError::NotWell(other.to_string()),
    }
}

/// Says how far the import is, now and then, on standard error.
fn show<'c, 's>(console: &'c mut Console<'s>) -> impl FnMut(ImportProgress) + use<'c, 's> {
    let mut last = Instant::now();
    move |progress: ImportProgress| {
        if console.style == Style::Json || last.elapsed() < EVERY {
            return;
        }
        last = Instant::now();
        console.note(&match progress {
            ImportProgress::Tickets { done, all } => format!("{done} of {all} tickets are looked up at the node"),
            ImportProgress::Blocks { at, last } => format!("block {at} of {last} is looked through for votes"),
            ImportProgress::Writing { done, all } => format!("{done} of {all} tickets are written"),
        });
    }
}

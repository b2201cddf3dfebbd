//! `restore`: a backup takes the place of the pool's database.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use stakepool::{Announced, PoolTerms};
use stakepool_config::{Database as Location, WebConfig};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, AuditStore, DatabaseServer, UserStore};
use stakepool_core::time::UnixTime;
use stakepool_db::{Database, DbError, LostUser, Restorable, Since};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, PoolArguments};
use crate::progress::show;

/// Put a backup in the place of the pool's database, while no program uses it.
///
/// The backup is looked through first. The old files are kept beside the new one, under names with the date. What the
/// old database had and the backup has not is shown, where the old one can still be read; terms, notices and a closing that were
/// announced since are carried over from it. Where the configuration names a
/// database on a server, it must be an empty one: the backup is copied into it, and a copy that was cut off is continued.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup, as `stakepoolctl backup` made it. It is only read.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only look the backup through and show what would be lost.
    #[arg(long)]
    check: bool,
}

/// What is not known of a backup that goes into an empty database.
const UNKNOWN_ON_SERVER: &str = "the database on the server is a new one; what was announced since the backup (terms, \
                                 notices, a closing, `vsp close`, `vsp xpub retire`) must be announced again (`terms list`, `notices list`, `vsp status` on the old one); who \
                                 registered since is seen in the wallets and daemons once the pool runs (`stakepoolctl unknown list`), and their key indexes are given to \
                                 nobody";

#[derive(Serialize)]
struct Restored {
    /// The backup.
    restored: String,
    /// Where it is now; with `--check` where it would be.
    database: String,
    /// Whether nothing was changed.
    only_checked: bool,
    /// Users in the backup.
    users: u64,
    /// Old files under their new names.
    set_aside: Vec<String>,
    /// Terms and notices that the old database had and the backup has not, or the other way round. They are carried over.
    announced_since: Vec<String>,
    /// What the old database had; null where there was none, or where it cannot be read.
    since_backup: Option<Lost>,
    /// Why that is not known.
    unknown_because: Option<String>,
}

#[derive(Serialize)]
struct Lost {
    users: Vec<LostAccount>,
    tickets: usize,
    sessions: usize,
    audit_lines: usize,
    latest_audit_lines: Vec<String>,
}

#[derive(Serialize)]
struct LostAccount {
    id: i64,
    email: String,
    address: Option<String>,
    in_backup: bool,
}

impl From<Since> for Lost {
    fn from(since: Since) -> Self {
        let account = |user: LostUser| LostAccount {
            id: user.id.0,
            email: user.email,
            address: user.address,
            in_backup: user.is_known,
        };
        let lines = since.audit.into_iter();
        Self {
            users: since.users.into_iter().map(account).collect(),
            tickets: since.tickets,
            sessions: since.sessions,
            audit_lines: since.audit_lines,
            latest_audit_lines: lines
                .map(|line| format!("{} {} {} {}", UnixTime(line.at).readable(), line.actor, line.action, line.subject))
                .collect(),
        }
    }
}

impl Answer for Restored {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let name = if self.only_checked { "can be restored" } else { "restored" };
        let mut fields =
            vec![(name, self.restored.clone()), ("database", self.database.clone()), ("users", self.users.to_string())];
        fields.extend(self.set_aside.iter().map(|file| ("set aside", file.clone())));
        let carried = if self.only_checked { "to be carried over" } else { "carried over" };
        fields.extend(self.announced_since.iter().map(|announced| (carried, announced.clone())));
        if let Some(lost) = &self.since_backup {
            fields.extend(lost.users.iter().map(|user| ("lost user", user.for_people())));
            fields.push(("lost users", lost.users.len().to_string()));
            fields.push(("lost tickets", format!("{} (the voting daemons report them again)", lost.tickets)));
            fields.push(("lost sessions", lost.sessions.to_string()));
            fields.extend(lost.latest_audit_lines.iter().map(|line| ("lost audit line", line.clone())));
            fields.push(("lost audit lines", lost.audit_lines.to_string()));
        }
        if let Some(reason) = &self.unknown_because {
            fields.push(("lost", format!("not known: {reason}")));
        }
        fields
    }
}

impl LostAccount {
    fn for_people(&self) -> String {
        let what = if self.in_backup { "is in the backup without the address" } else { "with the address" };
        match &self.address {
            Some(address) => format!("{} {} {what} {address}", self.id, self.email),
            None => format!("{} {} without an address", self.id, self.email),
        }
    }
}

impl Restore {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let config = pool.load()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let restored = runtime.block_on(async {
            match &config.database {
                Location::Sqlite(place) => self.restore(&config, place).await,
                Location::Mysql(server) => self.restore_to_server(&config, server, &mut console).await,
            }
        })?;
        console.style.write_single(console.output, &restored).map_err(CliError::Output)
    }

    /// The backup, where it is this pool's, and how many users it has.
    async fn checked(&self, config: &WebConfig, place: &Path) -> Result<(Restorable, u64), CliError> {
        let checked = Restorable::check(&self.file, place).await?;
        let refusal = refusal(checked.database(), &config.pool_terms()).await?;
        if let Some(reason) = refusal {
            checked.discard().await;
            return Err(DbError::Restore { path: self.file.clone(), reason }.into());
        }
        let (users, _) = checked.database().counts().await?;
        Ok((checked, users))
    }

    async fn restore_to_server(
        &self,
        config: &WebConfig,
        server: &DatabaseServer,
        console: &mut Console<'_>,
    ) -> Result<Restored, CliError> {
        // The backup is only read: what is done to it first is done to a copy.
        let folder = &config.data_dir;
        fs::create_dir_all(folder).map_err(|error| CliError::File { path: folder.clone(), error })?;
        let (checked, users) = self.checked(config, &folder.join("restored.sqlite")).await?;
        let restored = Restored {
            restored: self.file.display().to_string(),
            database: server.place_on(&server.hosts.join(",")),
            only_checked: self.check,
            users,
            set_aside: Vec::new(),
            announced_since: Vec::new(),
            since_backup: None,
            unknown_because: Some(UNKNOWN_ON_SERVER.to_owned()),
        };
        if self.check {
            checked.discard().await;
            return Ok(restored);
        }
        checked.copy_to(server.clone(), &mut show(console)).await?;
        let database = Database::open_mysql(server.clone()).await?;
        let now = UnixTime::from(std::time::SystemTime::now());
        let entry = AuditEntry::new(now, ACTOR, AuditAction::DatabaseRestore, &self.file.display(), String::new());
        let noted = database.append(&entry).await;
        database.close().await;
        noted?;
        Ok(restored)
    }

    async fn restore(&self, config: &WebConfig, place: &Path) -> Result<Restored, CliError> {
        let (checked, users) = self.checked(config, place).await?;
        let (mut since, unknown_because) = match checked.since().await {
            Ok(since) => (since, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let announced = since.as_mut().map(|since| Announced::of_notes(std::mem::take(&mut since.notes)));
        let announced_since = match &announced {
            Some(announced) => announced.since(&Announced::read(checked.database()).await?),
            None => Vec::new(),
        };
        let mut restored = Restored {
            restored: self.file.display().to_string(),
            database: place.display().to_string(),
            only_checked: self.check,
            users,
            set_aside: Vec::new(),
            announced_since,
            since_backup: since.map(Lost::from),
            unknown_because,
        };
        if self.check {
            checked.discard().await;
            return Ok(restored);
        }
        if let Some(announced) = announced {
            checked.keep_numbers().await?;
            announced.put(checked.database()).await?;
        }
        let now = UnixTime::from(std::time::SystemTime::now());
        let detail = restored.since_backup.as_ref().map_or_else(String::new, |lost| {
            format!("{} users, {} tickets since the backup", lost.users.len(), lost.tickets)
        });
        let entry = AuditEntry::new(now, ACTOR, AuditAction::DatabaseRestore, &self.file.display(), detail);
        checked.database().append(&entry).await?;
        let aside = checked.put_in_place(&now.for_file_names()).await?;
        restored.set_aside = aside.files.iter().map(|file| file.display().to_string()).collect();
        Ok(restored)
    }
}

/// Why a backup is not this pool's.
async fn refusal(backup: &Database, terms: &PoolTerms) -> Result<Option<String>, CliError> {
    let registered = backup.registered().await?;
    let registrations: Vec<_> = registered.iter().filter_map(|user| user.registration.as_ref()).collect();
    let other = registrations.iter().map(|registration| registration.address.network()).find(|it| *it != terms.network);
    if let Some(network) = other {
        return Ok(Some(format!("its users are on {network}, but the configuration is for {}", terms.network)));
    }
    let voting = terms.voting_wallet.external_branch().map_err(|error| CliError::Config(error.to_string()))?;
    let is_ours = |registration: &&&stakepool_core::accounts::Registration| {
        voting.public_key(registration.key_index).is_ok_and(|key| key == registration.script.pool_key().0)
    };
    // Some users of an old pool may have had another wallet; of another pool all have.
    if !registrations.is_empty() && registrations.iter().filter(is_ours).count() == 0 {
        let reason = "it is another pool's: no user's address is made with the configured votingwalletextpub";
        return Ok(Some(reason.to_owned()));
    }
    Ok(None)
}

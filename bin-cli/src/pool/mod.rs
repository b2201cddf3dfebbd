//! The pool that is administered: its database and its voting daemons, found by the web application's configuration.

mod config;
mod daemons;

use stakepool::daemons::desired_state;
use stakepool_config::{Database as Location, WebConfig};
use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, AuditStore, Clock, StoreError, SystemClock};
use stakepool_core::time::UnixTime;
use stakepool_db::{Database, SqliteOptions};
use tokio::runtime::Runtime;

pub(crate) use self::config::PoolArguments;
pub(crate) use self::daemons::Daemons;
use crate::console::Console;
use crate::error::CliError;

/// Who acts, in the audit log.
pub(crate) const ACTOR: Actor = Actor::CommandLine;

/// What to do where the database is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Refuse: there can be nothing in it, and the configuration may be another pool's.
    Refuse,
    /// Make it: the pool begins here.
    Make,
}

/// A pool.
pub(crate) struct Pool {
    /// Its configuration.
    pub(crate) config: WebConfig,
    /// Its database.
    pub(crate) database: Database,
    /// Its voting daemons.
    pub(crate) daemons: Daemons,
    runtime: Runtime,
}

impl Pool {
    /// Opens the pool of a configuration. No daemon is dialled yet.
    pub(crate) fn open(arguments: &PoolArguments, absent: Absent) -> Result<Self, CliError> {
        let config = arguments.load()?;
        let daemons = Daemons::of(&config)?;
        let Location::Sqlite(path) = &config.database else {
            return Err(CliError::Config("this program does not know its kind of database".to_owned()));
        };
        if absent == Absent::Refuse && matches!(path.try_exists(), Ok(false)) {
            return Err(CliError::NoDatabase(path.clone()));
        }
        let runtime = runtime()?;
        let database = runtime.block_on(Database::open_sqlite(path, SqliteOptions::default()))?;
        Ok(Self { config, database, daemons, runtime })
    }

    /// Waits for something that the database or daemons do.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The time.
    pub(crate) fn now(&self) -> UnixTime {
        SystemClock.now()
    }

    /// Notes an act in the audit log.
    pub(crate) fn audit(&self, action: AuditAction, subject: &impl ToString, detail: String) -> Result<(), StoreError> {
        self.wait(self.database.append(&AuditEntry::new(self.now(), ACTOR, action, subject, detail)))
    }

    /// Gives all daemons what the database wants of them, at the same time. One that cannot be told is named; the web
    /// gives it the same state later, so that this is no failure.
    pub(crate) fn tell_daemons(&self, console: &mut Console<'_>) -> Result<(), CliError> {
        let wanted = self.wait(desired_state(&self.database, &self.database, self.now()))?;
        for error in self.wait(self.daemons.tell(&wanted)) {
            console.note(&format!("{error}; the database has the change, and the web gives it to the daemon later"));
        }
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Leaves a single file behind where nobody else has the database open.
        self.runtime.block_on(self.database.close());
    }
}

/// What waits for the database and the network.
pub(crate) fn runtime() -> Result<Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)
}

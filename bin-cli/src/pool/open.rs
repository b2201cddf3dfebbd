//! A pool that is open for one command.

use std::sync::Arc;

use stakepool::wallets::VotingWallet;
use stakepool::{Pool, PoolBuilder};
use stakepool_config::{Database as Location, NewKeyFile, WebConfig};
use stakepool_core::accounts::Actor;
use stakepool_core::ports::VotingDaemon;
use stakepool_db::{Database, SqliteOptions};
use stakepool_rpc::grpc::client::DaemonClient;
use tokio::runtime::Runtime;

use super::config::PoolArguments;
use super::peers;
use crate::console::Console;
use crate::error::CliError;

/// Who acts, in the audit log.
pub(crate) const ACTOR: Actor = Actor::CommandLine;

/// What to do where the database, or its tables on a server, are not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Refuse: there can be nothing in it, and the configuration may be another pool's.
    Refuse,
    /// Make it: the pool begins here.
    Make,
}

/// A pool that is open for one command. It does not run: the web runs it.
pub(crate) struct OpenPool {
    /// The pool.
    pub(crate) pool: Pool,
    /// Its database.
    pub(crate) database: Arc<Database>,
    /// Its voting daemons.
    pub(crate) daemons: Vec<Arc<DaemonClient>>,
    runtime: Runtime,
}

impl OpenPool {
    /// Opens the pool of a configuration, without its wallets. No daemon is dialled yet.
    pub(crate) fn open(arguments: &PoolArguments, absent: Absent) -> Result<Self, CliError> {
        Self::assemble(&arguments.load()?, absent, |_| Ok(Vec::new()), |_, builder| Ok(builder))
    }

    /// As [`OpenPool::open`], with the channels of alerts and the mailer. The database must be there.
    pub(crate) fn open_with_alerts(arguments: &PoolArguments) -> Result<Self, CliError> {
        let channels = |config: &WebConfig, builder: PoolBuilder| {
            let unusable = |error: &dyn std::error::Error| CliError::Config(error.to_string());
            let alerts = config.alert_channels().map_err(|error| unusable(&error))?;
            let mut builder = alerts.into_iter().fold(builder, PoolBuilder::alerts);
            if let Some(heartbeat) = config.alert_heartbeat().map_err(|error| unusable(&error))? {
                builder = builder.heartbeat(heartbeat);
            }
            with_mailer(config, builder)
        };
        Self::assemble(&arguments.load()?, Absent::Refuse, |_| Ok(Vec::new()), channels)
    }

    /// As [`OpenPool::open`], with the mailer. The database must be there.
    pub(crate) fn open_with_mailer(arguments: &PoolArguments) -> Result<Self, CliError> {
        Self::assemble(&arguments.load()?, Absent::Refuse, |_| Ok(Vec::new()), with_mailer)
    }

    /// As [`OpenPool::open`], with the wallets and the mailer, so that it is judged as the web judges it. The database must be
    /// there.
    pub(crate) fn open_with_wallets(arguments: &PoolArguments) -> Result<Self, CliError> {
        Self::assemble(&arguments.load()?, Absent::Refuse, peers::wallets, with_mailer)
    }

    /// As [`OpenPool::open`], with the wallets, which may take as long for an answer as they may for the web. The database
    /// must be there.
    pub(crate) fn open_to_sync(arguments: &PoolArguments) -> Result<Self, CliError> {
        Self::assemble(&arguments.load()?, Absent::Refuse, peers::patient_wallets, |_, builder| Ok(builder))
    }

    fn assemble(
        config: &WebConfig,
        absent: Absent,
        wallets: impl FnOnce(&WebConfig) -> Result<Vec<Arc<dyn VotingWallet>>, CliError>,
        channels: impl FnOnce(&WebConfig, PoolBuilder) -> Result<PoolBuilder, CliError>,
    ) -> Result<Self, CliError> {
        let daemons = peers::daemons(config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::System)?;
        let entered = runtime.enter();
        let wallets = wallets(config)?;
        drop(entered);
        let database = Arc::new(runtime.block_on(open_database(config, absent))?);
        // Daemons are given what they should have by commands, too: without the tickets of wallets of today they would lose
        // these.
        let unusable = |error: &dyn std::error::Error| CliError::Config(error.to_string());
        let vsp = runtime.block_on(async {
            let nodes = config.vsp_nodes().map_err(|error| unusable(&error))?;
            let stores = database.clone().into();
            config.open_vsp(&stores, &nodes, NewKeyFile::Leave).await.map_err(|error| unusable(&error))
        })?;
        let builder = Pool::builder(config.pool_terms(), config.pool_settings())
            .store(database.clone())
            .vsp(vsp)
            .wallets(wallets)
            .daemons(daemons.iter().map(|daemon| daemon.clone() as Arc<dyn VotingDaemon>));
        let entered = runtime.enter();
        let builder = channels(config, builder)?;
        drop(entered);
        let pool = builder.build().map_err(|error| CliError::Config(error.to_string()))?;
        // What users are shown follows the terms in force.
        runtime.block_on(pool.recall_terms())?;
        Ok(Self { pool, database, daemons, runtime })
    }

    /// Waits for something that the database, wallets or daemons do.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Gives all daemons the desired state, at the same time. One that does not take it is named; the web gives it the
    /// same state later, so that this is no failure.
    pub(crate) fn reconcile(&self, console: &mut Console<'_>) {
        for (name, view) in self.wait(self.pool.daemons().reconcile_once()) {
            let Some(error) = view.error.filter(|_| !view.in_sync) else { continue };
            let named = if error.contains(&name) { error } else { format!("voting daemon {name}: {error}") };
            console.note(&format!("{named}; the database has the change, and the web gives it to the daemon later"));
        }
    }
}

/// The database of a configuration.
pub(crate) async fn open_database(config: &WebConfig, absent: Absent) -> Result<Database, CliError> {
    Ok(match &config.database {
        Location::Sqlite(path) if absent == Absent::Refuse && matches!(path.try_exists(), Ok(false)) => {
            return Err(CliError::NoDatabase(path.clone()));
        }
        Location::Sqlite(path) => Database::open_sqlite(path, SqliteOptions::default()).await?,
        Location::Mysql(server) if absent == Absent::Make => Database::open_mysql(server.clone()).await?,
        Location::Mysql(server) => Database::open_mysql_ready(server.clone()).await?,
    })
}

/// With the mailer of a configuration, if it names a mail server.
fn with_mailer(config: &WebConfig, builder: PoolBuilder) -> Result<PoolBuilder, CliError> {
    let mailer = config.mailer().map_err(|error| CliError::Config(error.to_string()))?;
    Ok(match mailer {
        Some(mailer) => builder.mailer(mailer),
        None => builder,
    })
}

impl Drop for OpenPool {
    fn drop(&mut self) {
        // Leaves a single file behind where nobody else has the database open.
        self.runtime.block_on(self.database.close());
    }
}

//! A whole pool on a simulated network, without a web application.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stakepool::registration::RegistrationError;
use stakepool::wallets::{VotingWallet, WalletsError};
use stakepool::{Parts, Pool, PoolSettings, PoolTerms, SiteIdentity};
use stakepool_core::accounts::{
    Actor, Email, PasswordCosts, PasswordHasher, PasswordHashes, Registration, SystemRandom, UserId,
};
use stakepool_core::chain::Network;
use stakepool_core::ports::{DatabaseServer, StoreError, UserStore, VotingDaemon};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;
use stakepool_core::vsp::FeeTerms;
use stakepool_db::{Database, SqliteOptions};
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_rpc::grpc::server::Access;
use stakepool_rpc::json::{ConfigError, Wallet};
use stakepool_sim::{Endpoint, SimNetwork};
use stakepoold::DaemonOptions;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::daemon::PoolDaemon;
use crate::pool_error::PoolStartError;
use crate::secret_file::secret;
use crate::server_config::server_config;
use crate::vsp;

/// Users that the pools of this crate take at most.
const MAX_USERS: u32 = 200;
/// The issuer of API keys; a real pool has its public address here.
const BASE_URL: &str = "http://localhost";

/// How a pool shall be.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// Where its data lie.
    pub folder: PathBuf,
    /// The fee that tickets must pay.
    pub fee: PoolFee,
    /// Whether every daemon may use the other wallets and nodes when its own fail.
    pub share_wallets: bool,
    /// What a password hash costs.
    pub password_costs: PasswordCosts,
    /// Whether this is a new pool before wallets that hold the scripts of earlier users.
    pub new_pool: bool,
    /// A database on a server, in place of a file in the folder.
    pub database: Option<DatabaseServer>,
    /// What wallets of today pay; `None` where they are not served.
    pub vsp: Option<FeeTerms>,
}

/// Daemons, wallets, database and pool, in one process.
pub struct SmallPool {
    /// The voting daemons, one a wallet.
    pub daemons: Vec<PoolDaemon>,
    /// The database.
    pub database: Arc<Database>,
    /// The pool, which runs.
    pub pool: Arc<Pool>,
    passwords: PasswordHasher,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), WalletsError>>,
}

impl SmallPool {
    /// Puts a pool together for the wallets of `network`, and waits until its wallets are in service.
    ///
    /// # Errors
    /// [`PoolStartError`] names the part that does not start.
    pub async fn start(network: &SimNetwork, options: &PoolOptions) -> Result<Self, PoolStartError> {
        Self::start_with(network, options, |_, _| {}).await
    }

    /// As [`SmallPool::start`], with settings and parts that `adjust` has the last word on.
    ///
    /// # Errors
    /// As [`SmallPool::start`].
    pub async fn start_with(
        network: &SimNetwork,
        options: &PoolOptions,
        adjust: impl FnOnce(&mut PoolSettings, &mut Parts),
    ) -> Result<Self, PoolStartError> {
        let token = RpcToken::new(secret(&options.folder, "rpctoken")?)?;
        let daemons = start_daemons(network, options, &token).await?;
        let database = Arc::new(match &options.database {
            Some(server) => Database::open_mysql(server.clone()).await?,
            None => Database::open_sqlite(options.folder.join("pool.sqlite"), SqliteOptions::default()).await?,
        });
        let voting_wallets = network.voting_wallets();
        let terms =
            PoolTerms::new(Network::Simnet, network.voting_wallet_xpub(), network.cold_wallet_xpub(), options.fee)
                .max_users(MAX_USERS)
                .min_servers(voting_wallets.len().min(2))
                .new_pool(options.new_pool);
        let wallets = voting_wallets.iter().map(|wallet| wallet_client(&wallet.endpoint()));
        let clients = daemons.iter().map(|daemon| daemon_client(daemon, &token));
        let (wallets, clients) = (wallets.collect::<Result<_, _>>()?, clients.collect::<Result<_, _>>()?);
        let mut parts = Parts::assemble(&terms, database.clone(), wallets, clients)?;
        if let Some(wallets) = &parts.wallets {
            wallets.group.recover_all().await;
        }
        if let Some(fee) = options.vsp {
            parts.vsp = Some(vsp::open(network, &database, &options.folder, fee).await?);
        }
        let mut settings = settings(options)?;
        adjust(&mut settings, &mut parts);
        let passwords = PasswordHasher::new(settings.password_costs, Arc::new(SystemRandom))?;
        let pool = Arc::new(Pool::new(terms, settings, parts)?);
        let (stop, stopped) = oneshot::channel::<()>();
        let runs = pool.clone();
        let running = tokio::spawn(async move { runs.run(async { drop(stopped.await) }).await });
        Ok(Self { daemons, database, pool, passwords, stop, running })
    }

    /// The user with an e-mail address; a new one where there is none yet.
    ///
    /// # Errors
    /// [`PoolStartError`] for an impossible address, and where the store fails.
    pub async fn user(&self, email: &str, password: &str, admin: bool) -> Result<UserId, PoolStartError> {
        let email = Email::parse(email)?;
        if let Some(user) = self.database.by_email(&email).await? {
            return Ok(user.id);
        }
        let password = PasswordHashes { bcrypt: None, argon2: Some(self.passwords.hash(password).await?) };
        Ok(self.pool.create_user(Actor::CommandLine, email, password, admin).await?)
    }

    /// The user's API key.
    ///
    /// # Errors
    /// [`PoolStartError::Store`] for an unknown user.
    pub async fn api_key(&self, user: UserId) -> Result<String, PoolStartError> {
        let user = self.pool.user(user).await?.ok_or(StoreError::NotFound("user"))?;
        Ok(self.pool.api_key(&user)?.ok_or(StoreError::NotFound("API key"))?)
    }

    /// Registers a user's public key address; the registration that stands where there is one already.
    ///
    /// # Errors
    /// As [`Pool::register`].
    pub async fn register(&self, user: UserId, key: &str) -> Result<Registration, RegistrationError> {
        match self.database.by_id(user).await?.and_then(|user| user.registration) {
            Some(known) => Ok(known),
            None => self.pool.register(user, key).await,
        }
    }

    /// Waits until the pool has ended by itself.
    pub async fn ended(&self) {
        while !self.running.is_finished() {
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops everything, and waits for its end.
    ///
    /// # Errors
    /// Why a part had stopped already.
    pub async fn stop(self) -> Result<(), PoolStartError> {
        let _ = self.stop.send(());
        if let Ok(ended) = self.running.await {
            ended?;
        }
        for daemon in &self.daemons {
            daemon.stop().await?;
        }
        self.database.close().await;
        Ok(())
    }
}

fn settings(options: &PoolOptions) -> Result<PoolSettings, PoolStartError> {
    let api_secret = Secret::new(secret(&options.folder, "apisecret")?);
    let cookie_secret = Secret::new(secret(&options.folder, "cookiesecret")?);
    let mut settings = PoolSettings::new(SiteIdentity::new(BASE_URL), api_secret, cookie_secret);
    settings.password_costs = options.password_costs;
    Ok(settings)
}

fn wallet_client(endpoint: &Endpoint) -> Result<Arc<dyn VotingWallet>, ConfigError> {
    Ok(Arc::new(Wallet::connect(&server_config(endpoint))?))
}

async fn start_daemons(
    network: &SimNetwork,
    options: &PoolOptions,
    token: &RpcToken,
) -> Result<Vec<PoolDaemon>, PoolStartError> {
    let mut daemons = Vec::new();
    for (number, wallet) in network.voting_wallets().iter().enumerate() {
        let home = options.folder.join(format!("daemon{}", number + 1));
        let mut wallets = vec![server_config(&wallet.endpoint())];
        let others = network.voting_wallets().iter().enumerate().filter(|(other, _)| *other != number);
        if options.share_wallets {
            wallets.extend(others.map(|(_, wallet)| server_config(&wallet.endpoint())));
        }
        let nodes = network.nodes().iter().map(|node| server_config(&node.endpoint())).collect();
        let daemon = DaemonOptions::new(Network::Simnet, network.cold_wallet_xpub(), options.fee, home)
            .with_max_users(MAX_USERS)
            .with_peers(wallets, nodes)
            .with_access(Access::default().with_token(token.clone()))
            .with_check_every(Duration::from_secs(30));
        daemons.push(PoolDaemon::start_new(daemon).await?);
    }
    Ok(daemons)
}

fn daemon_client(daemon: &PoolDaemon, token: &RpcToken) -> Result<Arc<dyn VotingDaemon>, PoolStartError> {
    let path = daemon.options().certificate.clone();
    let certificate = fs::read(&path).map_err(|error| PoolStartError::File { path, error })?;
    let options = ClientOptions::new(daemon.address().to_string(), certificate).with_token(token.clone());
    Ok(Arc::new(DaemonClient::new(options)?))
}

//! A whole pool on a simulated network.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{
    ApiKeys, ApiKeysError, Email, EmailError, PasswordCosts, PasswordError, PasswordHasher, PasswordHashes,
    Registration, SystemRandom, UserId, VotingPreference,
};
use stakepool_core::chain::{HdKeyError, Network, VoteBits, VoteVersion};
use stakepool_core::ports::{
    AgendaSource, Clock, NewUser, PoolWallet, StoreError, SystemClock, UserStore, VotingDaemon,
};
use stakepool_core::registration::{PoolKeys, Registrar, RegistrationError};
use stakepool_core::ticket::PoolFee;
use stakepool_core::wallets::WalletGroup;
use stakepool_db::{Database, DbError, SqliteOptions};
use stakepool_rpc::grpc::client::{ClientError, ClientOptions, DaemonClient, Limits};
use stakepool_rpc::grpc::{RpcToken, TokenError};
use stakepool_rpc::json::{ConfigError, Wallet};
use stakepool_sim::SimNetwork;
use stakepool_web::{Convergence, Listen, Secret, Services, Web, WebError, WebOptions};
use stakepoold::{DaemonError, DaemonOptions};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::daemon::{PoolDaemon, server};

/// How a pool shall be.
#[derive(Clone, Debug)]
pub struct PoolOptions {
    /// Where its data lie.
    pub folder: PathBuf,
    /// Where the web application listens.
    pub listen: Listen,
    /// The fee that tickets must pay.
    pub fee: PoolFee,
    /// Whether every daemon may use the other wallets and nodes when its own fail.
    pub share_wallets: bool,
    /// What a password hash costs.
    pub password_costs: PasswordCosts,
}

/// Why a pool does not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each case is one crate's error, told in that crate's words")]
pub enum PoolStartError {
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Wallet(#[from] ConfigError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Web(#[from] WebError),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error(transparent)]
    Key(#[from] HdKeyError),
    #[error(transparent)]
    Email(#[from] EmailError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    ApiKeys(#[from] ApiKeysError),
}

/// Daemons, wallets, database and web application, in one process.
pub struct SmallPool {
    /// The voting daemons, one a wallet.
    pub daemons: Vec<PoolDaemon>,
    /// The database.
    pub database: Arc<Database>,
    /// The voting wallets.
    pub wallets: Arc<WalletGroup>,
    /// How the web sees the daemons.
    pub convergence: Convergence,
    registrar: Arc<Registrar>,
    passwords: PasswordHasher,
    api_keys: ApiKeys,
    base_url: String,
    stop_web: oneshot::Sender<()>,
    web: JoinHandle<Result<(), WebError>>,
    health: JoinHandle<()>,
}

impl SmallPool {
    /// Puts a pool together for the wallets of `network`, and waits until its wallets are in service.
    ///
    /// # Errors
    /// [`PoolStartError`] names the part that does not start.
    pub async fn start(network: &SimNetwork, options: &PoolOptions) -> Result<Self, PoolStartError> {
        Self::start_with(network, options, |_, _| {}).await
    }

    /// As [`SmallPool::start`], with a web application that `adjust` has the last word on.
    ///
    /// # Errors
    /// As [`SmallPool::start`].
    pub async fn start_with(
        network: &SimNetwork,
        options: &PoolOptions,
        adjust: impl FnOnce(&mut WebOptions, &mut Services),
    ) -> Result<Self, PoolStartError> {
        let token = RpcToken::new(secret(&options.folder, "rpctoken")?)?;
        let daemons = start_daemons(network, options, &token).await?;
        let database =
            Arc::new(Database::open_sqlite(options.folder.join("pool.sqlite"), SqliteOptions::default()).await?);

        let key = network.voting_wallet_xpub();
        let mut members: Vec<Arc<dyn PoolWallet>> = Vec::new();
        let mut agendas: Vec<Arc<dyn AgendaSource>> = Vec::new();
        for wallet in network.voting_wallets() {
            let wallet = Arc::new(Wallet::connect(&server(&wallet.endpoint()))?);
            agendas.push(wallet.clone());
            members.push(wallet);
        }
        let quorum = members.len().min(2);
        let wallets = Arc::new(WalletGroup::new(Network::Simnet, key, quorum, members, database.clone()));
        wallets.recover_all().await;
        let health = tokio::spawn({
            let wallets = wallets.clone();
            async move { wallets.run().await }
        });

        let keys = PoolKeys {
            network: Network::Simnet,
            voting: key.external_branch()?,
            cold: network.cold_wallet_xpub().external_branch()?,
            max_users: 200,
            closed: None,
        };
        let registrar = Arc::new(Registrar::new(keys, database.clone(), wallets.clone()));
        let mut services = Services::on_database(database.clone(), registrar.clone(), wallets.clone());
        services.agendas = agendas;
        for daemon in &daemons {
            services.daemons.push(Arc::new(client(daemon, &token)?) as Arc<dyn VotingDaemon>);
        }

        let mut web_options = web_options(options)?;
        web_options.administration.cold_wallet = Some(network.cold_wallet_xpub());
        adjust(&mut web_options, &mut services);
        let api_keys = ApiKeys::new(web_options.api_secret.reveal(), &web_options.base_url)?;
        let web = Web::bind(web_options, services).await?;
        let base_url = format!("http://{}", web.address());
        let convergence = web.daemons();
        let (stop_web, stopped) = oneshot::channel::<()>();
        let web = tokio::spawn(web.run(async {
            let _ = stopped.await;
        }));
        Ok(Self {
            daemons,
            database,
            wallets,
            convergence,
            registrar,
            passwords: PasswordHasher::new(options.password_costs, Arc::new(SystemRandom))?,
            api_keys,
            base_url,
            stop_web,
            web,
            health,
        })
    }

    /// Where the web application answers.
    pub fn url(&self) -> &str {
        &self.base_url
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
        let argon2 = Some(self.passwords.hash(password).await?);
        let voting = VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(0) };
        let password = PasswordHashes { bcrypt: None, argon2 };
        let created = SystemClock.now();
        Ok(self.database.create(NewUser { email, password, verified: true, admin, voting, created }).await?)
    }

    /// The user's API key.
    ///
    /// # Errors
    /// [`PoolStartError::Store`] for an unknown user.
    pub async fn api_key(&self, user: UserId) -> Result<String, PoolStartError> {
        let user = self.database.by_id(user).await?.ok_or(StoreError::NotFound("user"))?;
        self.api_keys.current_key(&user).map_err(|_| StoreError::NotFound("API key").into())
    }

    /// Registers a user's public key address; the registration that stands where there is one already.
    ///
    /// # Errors
    /// As [`Registrar::register`].
    pub async fn register(&self, user: UserId, key: &str) -> Result<Registration, RegistrationError> {
        if let Some(known) = self.database.by_id(user).await?.and_then(|user| user.registration) {
            return Ok(known);
        }
        let registration = self.registrar.register(user, key).await?;
        self.convergence.changed();
        Ok(registration)
    }

    /// Stops everything, the web first, and waits for its end.
    ///
    /// # Errors
    /// Why a daemon had stopped already.
    pub async fn stop(self) -> Result<(), PoolStartError> {
        let _ = self.stop_web.send(());
        if let Ok(ended) = self.web.await {
            ended?;
        }
        self.health.abort();
        for daemon in &self.daemons {
            daemon.stop().await?;
        }
        self.database.close().await;
        Ok(())
    }
}

/// The issuer of API keys; a real pool has its public address here.
pub(crate) const BASE_URL: &str = "http://localhost";

fn web_options(options: &PoolOptions) -> Result<WebOptions, PoolStartError> {
    let api_secret = Secret::new(secret(&options.folder, "apisecret")?);
    let cookie_secret = Secret::new(secret(&options.folder, "cookiesecret")?);
    let mut web = WebOptions::new(Network::Simnet, options.fee, api_secret, cookie_secret);
    web.listen = options.listen.clone();
    web.base_url = BASE_URL.to_owned();
    web.password_costs = options.password_costs;
    Ok(web)
}

async fn start_daemons(
    network: &SimNetwork,
    options: &PoolOptions,
    token: &RpcToken,
) -> Result<Vec<PoolDaemon>, PoolStartError> {
    let mut daemons = Vec::new();
    for (number, wallet) in network.voting_wallets().iter().enumerate() {
        let home = options.folder.join(format!("daemon{}", number + 1));
        let mut wallets = vec![server(&wallet.endpoint())];
        let others = network.voting_wallets().iter().enumerate().filter(|(other, _)| *other != number);
        if options.share_wallets {
            wallets.extend(others.map(|(_, wallet)| server(&wallet.endpoint())));
        }
        let nodes = network.nodes().iter().map(|node| server(&node.endpoint())).collect();
        let daemon = DaemonOptions {
            network: Network::Simnet,
            cold_wallet_xpub: network.cold_wallet_xpub(),
            max_users: 200,
            pool_fee: options.fee,
            wallets,
            nodes,
            listen: vec![(std::net::Ipv4Addr::LOCALHOST, 0).into()],
            monitor_listen: Vec::new(),
            certificate: home.join("rpc.cert"),
            key: home.join("rpc.key"),
            token: Some(token.clone()),
            client_certificates: None,
            allow_old_clients: false,
            datadir: home,
            check_every: Duration::from_secs(30),
        };
        daemons.push(PoolDaemon::start_new(daemon).await?);
    }
    Ok(daemons)
}

fn client(daemon: &PoolDaemon, token: &RpcToken) -> Result<DaemonClient, PoolStartError> {
    let path = daemon.options().certificate.clone();
    let certificate = fs::read(&path).map_err(|error| PoolStartError::File { path, error })?;
    Ok(DaemonClient::new(ClientOptions {
        address: daemon.address().to_string(),
        certificate,
        token: Some(token.clone()),
        identity: None,
        limits: Limits::default(),
    })?)
}

/// A secret that is made at the first start and kept in the pool's folder.
fn secret(folder: &Path, name: &str) -> Result<String, PoolStartError> {
    let path = folder.join(name);
    let failed = |error| PoolStartError::File { path: path.clone(), error };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(failed)?;
            let text = hex::encode(rand::random::<[u8; 32]>());
            fs::write(&path, &text).map_err(failed)?;
            Ok(text)
        }
        Err(error) => Err(failed(error)),
    }
}

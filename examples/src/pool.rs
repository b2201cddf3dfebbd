//! A whole pool on a simulated network.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stakepool::daemons::Reconciler;
use stakepool::registration::RegistrationError;
use stakepool::{Parts, PoolTerms};
use stakepool_core::accounts::{
    ApiKeys, ApiKeysError, Email, EmailError, PasswordCosts, PasswordError, PasswordHasher, PasswordHashes,
    Registration, SystemRandom, UserId, VotingPreference,
};
use stakepool_core::chain::{HdKeyError, Network, VoteBits, VoteVersion};
use stakepool_core::ports::{Clock, NewUser, StoreError, SystemClock, UserStore};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;
use stakepool_db::{Database, DbError, SqliteOptions};
use stakepool_rpc::grpc::client::{ClientError, ClientOptions, DaemonClient, Limits};
use stakepool_rpc::grpc::{RpcToken, TokenError};
use stakepool_rpc::json::{ConfigError, Wallet};
use stakepool_sim::SimNetwork;
use stakepool_web::{Administration, Listen, Web, WebError, WebOptions};
use stakepoold::{DaemonError, DaemonOptions};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::daemon::{PoolDaemon, server};

/// Users that the pools of this crate take at most.
const MAX_USERS: u32 = 200;

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
    /// What the web application works with.
    pub services: Services,
    /// How the web sees the daemons.
    pub convergence: Reconciler,
    passwords: PasswordHasher,
    api_keys: ApiKeys,
    base_url: String,
    stop_web: oneshot::Sender<()>,
    web: JoinHandle<Result<(), WebError>>,
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

        let terms = PoolTerms {
            network: Network::Simnet,
            voting_wallet: network.voting_wallet_xpub(),
            cold_wallet: network.cold_wallet_xpub(),
            fee: options.fee,
            max_users: MAX_USERS,
            min_servers: network.voting_wallets().len().min(2),
            closed: None,
        };
        let wallets = network.voting_wallets();
        let wallets = wallets.iter().map(|wallet| Ok(Arc::new(Wallet::connect(&server(&wallet.endpoint()))?)));
        let wallets = wallets.collect::<Result<Vec<_>, ConfigError>>()?;
        let clients = daemons.iter().map(|daemon| Ok(Arc::new(client(daemon, &token)?)));
        let clients = clients.collect::<Result<Vec<_>, PoolStartError>>()?;
        let mut services = Services::assemble(&terms, database.clone(), wallets, clients)?;
        if let Some(wallets) = &services.wallets {
            wallets.group.recover_all().await;
        }

        let mut web_options = web_options(options)?;
        web_options.administration = Administration {
            // Who may administer the pool does so from this machine.
            addresses: [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()].map(IpAddr::into).to_vec(),
            cold_wallet: Some(terms.cold_wallet),
            ..Administration::default()
        };
        adjust(&mut web_options, &mut services);
        let api_keys = ApiKeys::new(web_options.api_secret.expose(), &web_options.base_url)?;
        let web = Web::bind(web_options, services.clone()).await?;
        let base_url = format!("http://{}", web.address());
        let convergence = web.daemons();
        let (stop_web, stopped) = oneshot::channel::<()>();
        let web = tokio::spawn(web.run(async {
            let _ = stopped.await;
        }));
        Ok(Self {
            daemons,
            database,
            services,
            convergence,
            passwords: PasswordHasher::new(options.password_costs, Arc::new(SystemRandom))?,
            api_keys,
            base_url,
            stop_web,
            web,
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
    /// As [`stakepool::registration::Registrar::register`].
    pub async fn register(&self, user: UserId, key: &str) -> Result<Registration, RegistrationError> {
        if let Some(known) = self.database.by_id(user).await?.and_then(|user| user.registration) {
            return Ok(known);
        }
        let registration = self.services.registrar.register(user, key).await?;
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
            max_users: MAX_USERS,
            pool_fee: options.fee,
            wallets,
            nodes,
            listen: vec![(Ipv4Addr::LOCALHOST, 0).into()],
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
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
            file.write_all(text.as_bytes()).map_err(failed)?;
            Ok(text)
        }
        Err(error) => Err(failed(error)),
    }
}

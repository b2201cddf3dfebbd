//! From the operator's configuration to a running web application.

use std::sync::Arc;

use stakepool::alerts::WebhookError;
use stakepool::mail::SmtpError;
use stakepool::wallets::VotingWallet;
use stakepool::{Parts, Pool, SecretsError, SetupError};
use stakepool_config::{Captcha, Database as DatabasePlace, NewKeyFile, PeersError, VspSetupError, WebConfig};
use stakepool_core::chain::HdKeyError;
use stakepool_core::ports::VotingDaemon;
use stakepool_db::{Database, DbError, SqliteOptions};
use stakepool_rpc::grpc::client::{ClientError, DaemonClient};
use stakepool_rpc::json::{ConfigError, Wallet};

use crate::admission::Admission;
use crate::live::{ConfiguredCalls, Live};
use crate::metrics::CallSource;
use crate::options::{CaptchaChoice, ProxyTrust, WebOptions};
use crate::site::WebParts;
use crate::web::{BoundAddress, Web, WebError};

/// Why the configured web application does not run.
#[derive(Debug, thiserror::Error)]
pub enum ConfiguredError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A wallet's host, password or certificate.
    #[error(transparent)]
    Wallet(#[from] ConfigError),
    /// A daemon's host or certificate.
    #[error(transparent)]
    Daemon(#[from] ClientError),
    /// The token, or the certificate that is shown to the daemons.
    #[error(transparent)]
    Peer(#[from] PeersError),
    /// The mail server.
    #[error(transparent)]
    Mail(#[from] SmtpError),
    /// The webhook of alerts.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// An extended public key.
    #[error(transparent)]
    Key(#[from] HdKeyError),
    /// The secrets of a new pool.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A setting of the pool.
    #[error(transparent)]
    Pool(#[from] SetupError),
    /// The service for wallets of today.
    #[error(transparent)]
    Vsp(#[from] VspSetupError),
    /// The application itself.
    #[error(transparent)]
    Web(#[from] WebError),
}

/// Runs the web application as configured, until `shutdown`. `started` is called with where it listens.
///
/// # Errors
/// [`ConfiguredError`] where it cannot start, or where no wallet is the pool's.
pub async fn run_configured(
    config: WebConfig,
    started: impl FnOnce(BoundAddress),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ConfiguredError> {
    run_reloaded(config, async || std::future::pending().await, started, shutdown).await
}

/// As [`run_configured`], and whenever `reloaded` gives a configuration, those of its values are taken that need no restart:
/// whether the pool is closed, its administrators and from where they come, the certificates of wallets and daemons, and the
/// tokens that the daemons are shown.
///
/// # Errors
/// As there.
pub async fn run_reloaded(
    config: WebConfig,
    reloaded: impl AsyncFnMut() -> WebConfig,
    started: impl FnOnce(BoundAddress),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ConfiguredError> {
    let database = Arc::new(open_database(&config).await?);
    let (wallets, daemons) = (connect_wallets(&config)?, connect_daemons(&config)?);
    let terms = config.pool_terms();
    let mut parts = Parts::assemble(
        &terms,
        database.clone(),
        wallets.iter().map(|wallet| wallet.clone() as Arc<dyn VotingWallet>).collect(),
        daemons.iter().map(|daemon| daemon.clone() as Arc<dyn VotingDaemon>).collect(),
    )?;
    add_channels(&config, &mut parts)?;
    let nodes = config.vsp_nodes()?;
    parts.vsp = config.open_vsp(&database.clone().into(), &nodes, NewKeyFile::Make).await?;
    let peers = Arc::new(ConfiguredCalls { wallets, daemons, nodes });
    let calls = Some(peers.clone() as Arc<dyn CallSource>);
    let web_parts = WebParts { calls, ..WebParts::default() };
    parts.vote_observers.push(web_parts.metrics.clone());
    parts.vote_observers.push(web_parts.events.clone());
    let mut settings = config.pool_settings();
    settings.instance = instance(&config);
    let pool = Arc::new(Pool::new(terms, settings, parts)?);
    pool.check_secrets().await?;
    let options = options(config);
    let live = Live { pool: pool.clone(), admin_ips: options.admission.addresses.clone(), peers };
    let web = Web::bind(options, pool, web_parts).await?;
    started(web.address().clone());
    let ended = tokio::select! {
        ended = web.run(shutdown) => ended,
        never = live.keep(reloaded) => match never {},
    };
    database.close().await;
    tracing::info!("stopped");
    Ok(ended?)
}

/// Adds the ways by which users and operator are told.
pub(crate) fn add_channels(config: &WebConfig, parts: &mut Parts) -> Result<(), ConfiguredError> {
    parts.alerts = config.alert_channels()?;
    parts.heartbeat = config.alert_heartbeat()?;
    if let Some(mailer) = config.mailer()? {
        parts.mailer = mailer;
    }
    Ok(())
}

/// What this instance is called among those that share a database: where it runs, and where it serves.
fn instance(config: &WebConfig) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let host = if host.is_empty() { "a host without a name" } else { host };
    format!("{host}, process {}, {}", std::process::id(), config.listen)
}

async fn open_database(config: &WebConfig) -> Result<Database, ConfiguredError> {
    let database = match &config.database {
        DatabasePlace::Sqlite(path) => Database::open_sqlite(path, SqliteOptions::default()).await?,
        DatabasePlace::Mysql(server) => Database::open_mysql(server.clone()).await?,
    };
    for warning in database.warnings() {
        tracing::warn!(%warning, "found in the database");
    }
    Ok(database)
}

fn connect_wallets(config: &WebConfig) -> Result<Vec<Arc<Wallet>>, ConfigError> {
    config.wallet_servers().iter().map(|server| Wallet::connect(server).map(Arc::new)).collect()
}

fn connect_daemons(config: &WebConfig) -> Result<Vec<Arc<DaemonClient>>, ConfiguredError> {
    let clients = config.daemon_clients()?;
    clients.into_iter().map(|client| Ok(Arc::new(DaemonClient::new(client)?))).collect()
}

pub(crate) fn options(config: WebConfig) -> WebOptions {
    let captcha = match config.captcha {
        Captcha::None => CaptchaChoice::None,
        Captcha::Own => CaptchaChoice::Own,
        Captcha::Recaptcha { site_key, secret } => CaptchaChoice::Recaptcha { site_key, secret },
    };
    let real_ip = config.real_ip.map(|real_ip| ProxyTrust { header: Some(real_ip.header), proxies: real_ip.trusted });
    WebOptions {
        listen: config.listen,
        listen_access: config.listen_access,
        cookie_secure: config.cookie_secure,
        proxies: real_ip.unwrap_or_default(),
        admission: Admission { addresses: config.admin_ips.into(), status_token: config.status_token },
        explorer: config.explorer_url,
        max_voted_age: config.max_voted_age,
        template_path: config.template_path,
        public_path: config.public_path,
        monitor_listen: config.monitor_listen.map(|listen| listen.tcp_candidates()).unwrap_or_default(),
        captcha,
        security_contact: config.security_contact,
    }
}

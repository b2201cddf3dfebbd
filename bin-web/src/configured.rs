//! From the operator's configuration to a running web application, and the life of the process around it.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use stakepool_config::{Captcha, Database as DatabasePlace, ListenAddress, PeerError, WebConfig, load_web};
use stakepool_core::chain::HdKeyError;
use stakepool_db::{Database, DbError, SqliteOptions};
use stakepool_process::{until_signal, usable_addresses};
use stakepool_rpc::grpc::client::{ClientError, ClientOptions, DaemonClient};
use stakepool_rpc::json::{ConfigError, ServerConfig, Wallet};

use crate::alerts::{Webhook, WebhookError};
use crate::monitoring::Monitoring;
use crate::options::SITE_NAME;
use crate::{Administration, BoundAddress, Listen, ProxyTrust, Services, Web, WebError, WebOptions};
use crate::{CaptchaChoice, PoolTerms, SmtpError, SmtpMailer};
use stakepool_core::secret::Secret;

/// Why the configured web application does not run.
#[derive(Debug, thiserror::Error)]
pub enum ConfiguredError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The configuration names an engine that is not supported.
    #[error("the configured database is not supported; use `database=sqlite:PATH`")]
    Engine,
    /// A wallet's host, password or certificate.
    #[error(transparent)]
    Wallet(#[from] ConfigError),
    /// A daemon's host or certificate.
    #[error(transparent)]
    Daemon(#[from] ClientError),
    /// The token or certificate for the daemons.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The mail server.
    #[error(transparent)]
    Mail(#[from] SmtpError),
    /// Where troubles are told.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// An extended public key.
    #[error(transparent)]
    Key(#[from] HdKeyError),
    /// Where to listen.
    #[error("listen: `{listen}` has no address on this machine: {reason}")]
    Listen {
        /// What was configured.
        listen: String,
        /// Why.
        reason: String,
    },
    /// The application itself.
    #[error(transparent)]
    Web(#[from] WebError),
}

/// Runs the web application as configured, until `shutdown`. `started` is told where it listens.
///
/// # Errors
/// [`ConfiguredError`] where it cannot start, or where no wallet is the pool's.
pub async fn run_configured(
    config: WebConfig,
    started: impl FnOnce(BoundAddress),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ConfiguredError> {
    let database = Arc::new(open_database(&config).await?);
    let terms = PoolTerms {
        network: config.network,
        voting_wallet: config.voting_wallet,
        cold_wallet: config.cold_wallet,
        fee: config.pool_fee,
        max_users: config.max_users,
        min_servers: config.min_servers,
        closed: closed_message(&config),
    };
    let (wallets, daemons) = (connect_wallets(&config)?, connect_daemons(&config)?);
    let mut services = Services::assemble(&terms, database.clone(), wallets, daemons)?;
    if let Some(address) = &config.alert_webhook {
        services.alerts.push(Arc::new(Webhook::new(&Secret::new(address.expose()), SITE_NAME)?));
    }
    if let Some(mail) = &config.mail {
        services.mailer = Arc::new(SmtpMailer::new(mail, SITE_NAME)?);
    }
    let web = Web::bind(options(config).await?, services).await?;
    started(web.address().clone());
    let ended = web.run(shutdown).await;
    database.close().await;
    Ok(ended?)
}

async fn open_database(config: &WebConfig) -> Result<Database, ConfiguredError> {
    let DatabasePlace::Sqlite(path) = &config.database else { return Err(ConfiguredError::Engine) };
    let database = Database::open_sqlite(path, SqliteOptions::default()).await?;
    for warning in database.warnings() {
        tracing::warn!(%warning, "found in the database");
    }
    Ok(database)
}

fn connect_wallets(config: &WebConfig) -> Result<Vec<Arc<Wallet>>, ConfiguredError> {
    let connect = |server: &ServerConfig| Ok(Arc::new(Wallet::connect(server)?));
    config.wallet_servers().iter().map(connect).collect()
}

fn connect_daemons(config: &WebConfig) -> Result<Vec<Arc<DaemonClient>>, ConfiguredError> {
    let connect = |options: ClientOptions| Ok(Arc::new(DaemonClient::new(options)?));
    config.daemon_clients()?.into_iter().map(connect).collect()
}

fn closed_message(config: &WebConfig) -> Option<String> {
    config.close_pool.then(|| config.close_pool_message.clone())
}

async fn options(config: WebConfig) -> Result<WebOptions, ConfiguredError> {
    let secret = |secret: &stakepool_core::secret::Secret| Secret::new(secret.expose());
    let (api, cookie) = (secret(&config.api_secret), secret(&config.cookie_secret));
    let mut options = WebOptions::new(config.network, config.pool_fee, api, cookie);
    options.monitoring = Monitoring::of(&config);
    options.listen = listen(&config.listen).await?;
    options.closed = closed_message(&config);
    options.administration = Administration {
        users: config.admin_ids,
        addresses: config.admin_ips,
        status_token: config.status_token.as_ref().map(secret),
        cold_wallet: Some(config.cold_wallet),
        warnings: config.warnings,
    };
    options.base_url = config.base_url;
    options.pool_email = config.pool_email.unwrap_or_default();
    options.pool_link = config.pool_link.unwrap_or_default();
    options.cookie_secure = config.cookie_secure;
    options.max_voted_age = config.max_voted_age;
    options.admin_totp = config.admin_totp;
    options.captcha = match &config.captcha {
        Captcha::None => CaptchaChoice::None,
        Captcha::Own => CaptchaChoice::Own,
        Captcha::Recaptcha { site_key, secret: hidden } => {
            CaptchaChoice::Recaptcha { site_key: site_key.clone(), secret: secret(hidden) }
        }
    };
    options.template_path = config.template_path;
    options.public_path = config.public_path;
    if let Some(real_ip) = config.real_ip {
        options.proxies = ProxyTrust { header: Some(real_ip.header), proxies: real_ip.trusted };
    }
    Ok(options)
}

async fn listen(address: &ListenAddress) -> Result<Listen, ConfiguredError> {
    if let ListenAddress::Unix(path) = address {
        return Ok(Listen::Unix(path.clone()));
    }
    let failed = |reason| ConfiguredError::Listen { listen: address.to_string(), reason };
    let usable = usable_addresses(address).await.map_err(failed)?;
    usable.first().copied().map(Listen::Tcp).ok_or_else(|| failed("no address".to_owned()))
}

/// The whole process: reads the configuration, runs until SIGINT or SIGTERM, and answers with an exit code: 0 after a
/// clean stop, 1 where it had to stop, 2 for a wrong configuration.
pub async fn main_with_arguments(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let env = |name: &str| std::env::var(name).ok();
    let asked = load_web(arguments, &env, &|path| std::fs::read_to_string(path));
    let version = concat!("stakepool-web ", env!("CARGO_PKG_VERSION"));
    let work = async |config| run_configured(config, |_| stakepool_process::ready(), until_signal()).await;
    stakepool_process::run("stakepool-web", version, asked, work).await
}

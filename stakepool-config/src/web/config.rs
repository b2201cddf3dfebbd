//! The configuration of the web application.

use std::path::PathBuf;
use std::time::Duration;

use stakepool_core::accounts::{Email, UserId};
use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;

use crate::client_certificate::ClientIdentity;
use crate::endpoint::{DaemonEndpoint, RpcEndpoint};
use crate::ip_range::IpRange;
use crate::listen::{ListenAddress, SocketAccess};
use crate::logging::{self, LogFormat};
use crate::place::Need;
use crate::pool_fee::pool_fee;
use crate::reader::Reader;
use crate::sources::Sources;
use crate::value::{MOST_USERS, number, url};

use super::captcha::{self, Captcha};
use super::database::{self, Database};
use super::heartbeat::{self, Heartbeat};
use super::mail::{self, Mail};
use super::servers;
use super::site::{self, RealIp};
use super::vsp::{self, Vsp};

/// The configuration of `stakepool-web`.
#[derive(Clone, Debug, PartialEq)]
pub struct WebConfig {
    /// The network.
    pub network: Network,
    /// The program's home.
    pub home: PathBuf,
    /// Where data lies: a directory of this network.
    pub data_dir: PathBuf,
    /// Where log files lie: a directory of this network.
    pub log_dir: PathBuf,
    /// The filter for `tracing`.
    pub log_filter: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Where users and tickets are stored.
    pub database: Database,
    /// The cold wallet's key, from which the fee addresses come.
    pub cold_wallet: ExtendedPubKey,
    /// The keys of cold wallets before, whose fee addresses count, too.
    pub old_cold_wallets: Vec<ExtendedPubKey>,
    /// The voting wallets' key, from which the pool's half of each multisig comes.
    pub voting_wallet: ExtendedPubKey,
    /// The fee that tickets must pay.
    pub pool_fee: PoolFee,
    /// The highest key index that is given to a user.
    pub max_users: u32,
    /// Whether a database without users may stand before wallets that hold scripts of users.
    pub new_pool: bool,
    /// After how long accounts are removed that were never verified and that nobody used; `None` for never.
    pub unverified_lasts: Option<Duration>,
    /// Whether only who has an invitation makes an account.
    pub invitations_required: bool,
    /// Whether new users and addresses are refused.
    pub close_pool: bool,
    /// What visitors of a closed pool read.
    pub close_pool_message: String,
    /// Where users get help, by mail.
    pub pool_email: Option<String>,
    /// Where users get help, on the web.
    pub pool_link: Option<String>,
    /// Whom to tell of a weakness: an e-mail address, or a URL.
    pub security_contact: Option<String>,
    /// The block explorer to which pages link, without a slash at its end; `None` for no links.
    pub explorer_url: Option<String>,
    /// How many blocks back the tickets page shows voted tickets.
    pub max_voted_age: u32,
    /// The voting wallets, at least as many as [`WebConfig::min_servers`].
    pub wallets: Vec<RpcEndpoint>,
    /// How many voting wallets must agree when an address is registered; at least 1.
    pub min_servers: usize,
    /// The voting daemons; empty only where the operator switched them off.
    pub daemons: Vec<DaemonEndpoint>,
    /// The service for wallets of today; `None` where they are not served.
    pub vsp: Option<Vsp>,
    /// The token that the voting daemons ask of us, where they have none of their own.
    pub rpc_token: Option<Secret>,
    /// The certificate that we show to the voting daemons.
    pub rpc_identity: Option<ClientIdentity>,
    /// Where to serve.
    pub listen: ListenAddress,
    /// Who may connect where that is a unix socket.
    pub listen_access: SocketAccess,
    /// Where to serve metrics and health. TCP only.
    pub monitor_listen: Option<ListenAddress>,
    /// Where the operator is told of troubles: an address of the web, often with a secret in it.
    pub alert_webhook: Option<Secret>,
    /// A watcher elsewhere that gets signs of life; `None` where there is none.
    pub heartbeat: Option<Heartbeat>,
    /// The pool's address as visitors type it, without a slash at its end.
    pub base_url: String,
    /// Signs cookies.
    pub cookie_secret: Secret,
    /// The secret before.
    pub old_cookie_secret: Option<Secret>,
    /// Whether cookies go over HTTPS only.
    pub cookie_secure: bool,
    /// Signs API keys.
    pub api_secret: Secret,
    /// The secret before.
    pub old_api_secret: Option<Secret>,
    /// From where the pool may be administered.
    pub admin_ips: Vec<IpRange>,
    /// Who may administer the pool, beside those whose account says so.
    pub admin_ids: Vec<UserId>,
    /// Whether administrators need a one-time password.
    pub admin_totp: bool,
    /// After how long without a use an administrator's session ends.
    pub admin_idle: Duration,
    /// Lets a monitor read the status page without signing in.
    pub status_token: Option<Secret>,
    /// How a proxy passes on the visitors' addresses; `None` where nobody stands between.
    pub real_ip: Option<RealIp>,
    /// How sign-up is protected from robots.
    pub captcha: Captcha,
    /// The mail server; `None` where no mail is sent.
    pub mail: Option<Mail>,
    /// Templates instead of those that are built in, where they are ours.
    pub template_path: Option<PathBuf>,
    /// Assets instead of those that are built in, where they are ours.
    pub public_path: Option<PathBuf>,
    /// What the operator should know: loud at start, and on the status page.
    pub warnings: Vec<String>,
    /// Where the configuration came from.
    pub sources: Sources,
}

/// An e-mail address, or a URL of a page or form.
fn contact(text: &str) -> Result<String, String> {
    if Email::parse(text).is_ok() {
        return Ok(text.to_owned());
    }
    url(text).map_err(|_| {
        format!("`{text}` is neither an e-mail address nor a web address such as https://pool.example/security")
    })
}

/// The coin's own block explorer.
fn own_explorer(network: Network) -> Option<String> {
    match network {
        Network::Mainnet => Some("https://explorer.excc.co".to_owned()),
        Network::Testnet => Some("https://testnet-explorer.excc.co".to_owned()),
        Network::Simnet => None,
    }
}

/// A block explorer, or `none`.
fn explorer(text: &str) -> Result<Option<String>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    url(text).map(|url| Some(url.trim_end_matches('/').to_owned()))
}

fn invitations(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "off" => Ok(false),
        "required" => Ok(true),
        _ => Err(format!("`{text}` is not known: say off or required")),
    }
}

/// The most days after which an account that was never verified is removed: ten years.
const MOST_DAYS: u32 = 3650;

fn days(number: u32) -> Duration {
    Duration::from_secs(24 * 3600 * u64::from(number))
}

/// The database alone, whatever else is missing.
pub(crate) fn build_database(reader: &mut Reader<'_>) -> Option<Database> {
    let network = reader.network();
    let data_dir = reader.network_dir("datadir", "data", network);
    database::read(reader, &data_dir)
}

/// Reads everything, keeps what is wrong in the reader, and gives the configuration where nothing is.
pub(crate) fn build(reader: &mut Reader<'_>) -> Option<WebConfig> {
    let network = reader.network();
    let data_dir = reader.network_dir("datadir", "data", network);
    let log_dir = reader.network_dir("logdir", "logs", network);
    let log_format = reader.value("logformat", |text| text.parse().map_err(str::to_owned));
    let log_filter = reader.value("debuglevel", |text| logging::filter(text, crate::table::web::TABLE.subsystems));
    let database = database::read(reader, &data_dir);
    let cold_wallet = reader.extended_key("coldwalletextpub", network);
    let old_cold_wallets = reader.extended_keys("oldcoldwalletextpubs", network);
    let voting_wallet = reader.extended_key("votingwalletextpub", network);
    if cold_wallet.is_some() && cold_wallet == voting_wallet {
        reader.warn(
            "coldwalletextpub and votingwalletextpub are the same key: the fees go to a wallet that is always unlocked",
        );
    }
    let pool_fee = pool_fee(reader);
    let max_users = reader.value("maxusers", |text| number(text, 1..=MOST_USERS));
    let max_voted_age = reader.value("maxvotedage", |text| number(text, 0..=u32::MAX));
    let pool_email = reader.text("poolemail");
    if let Some(Err(error)) = pool_email.as_deref().map(Email::parse) {
        reader.warn(format!("poolemail is no e-mail address, so that users cannot write for help: {error}"));
    }
    let pool_link = reader.optional("poollink", url);
    let explorer_url = match reader.optional("explorerurl", explorer) {
        Some(given) => given,
        None => own_explorer(network),
    };
    let security_contact = reader.optional("securitycontact", contact);
    let servers = servers::read(reader, network);
    let cold_wallets: Vec<_> = cold_wallet.iter().chain(&old_cold_wallets).copied().collect();
    let vsp = vsp::read(reader, network, &data_dir, &cold_wallets);
    let site = site::read(reader, network);
    let captcha = captcha::read(reader);
    let mail = mail::read(reader);
    let heartbeat = heartbeat::read(reader);
    let template_path = reader.path("templatepath");
    let public_path = reader.path("publicpath");
    reader.needs("logdir", Need::LogFolder(log_dir.clone()));
    if let Some(Database::Sqlite(path)) = &database {
        reader.needs("database", Need::Database(path.clone()));
    }
    for (key, path) in [("templatepath", &template_path), ("publicpath", &public_path)] {
        if let Some(path) = path {
            reader.needs(key, Need::Extras(path.clone()));
        }
    }
    let new_pool = reader.switch("newpool").unwrap_or(false);
    let unverified_days = reader.value("unverifieddays", |text| number(text, 0..=MOST_DAYS));
    let invitations_required = reader.value("invitations", invitations);
    let close_pool = reader.switch("closepool").unwrap_or(false);
    let close_pool_message = reader.text("closepoolmsg").unwrap_or_default();
    // Nothing is read from here on: what is wrong there would be told only once the rest is right.
    let (database, servers, site) = (database?, servers?, site?);
    Some(WebConfig {
        network,
        home: reader.home.clone(),
        data_dir,
        log_dir,
        log_filter: log_filter?,
        log_format: log_format?,
        database,
        cold_wallet: cold_wallet?,
        old_cold_wallets,
        voting_wallet: voting_wallet?,
        pool_fee: pool_fee?,
        max_users: max_users?,
        new_pool,
        unverified_lasts: Some(unverified_days?).filter(|days| *days > 0).map(days),
        invitations_required: invitations_required?,
        close_pool,
        close_pool_message,
        pool_email,
        pool_link,
        security_contact,
        explorer_url,
        max_voted_age: max_voted_age?,
        wallets: servers.wallets,
        min_servers: servers.min_servers,
        daemons: servers.daemons,
        vsp: vsp?,
        rpc_token: servers.rpc_token,
        rpc_identity: servers.rpc_identity,
        listen: site.listen,
        listen_access: site.listen_access,
        monitor_listen: site.monitor_listen,
        alert_webhook: site.alert_webhook,
        heartbeat,
        base_url: site.base_url,
        cookie_secret: site.cookie_secret,
        old_cookie_secret: site.old_cookie_secret,
        cookie_secure: site.cookie_secure,
        api_secret: site.api_secret,
        old_api_secret: site.old_api_secret,
        admin_ips: site.admin_ips,
        admin_ids: site.admin_ids,
        admin_totp: site.admin_totp,
        admin_idle: site.admin_idle,
        status_token: site.status_token,
        real_ip: site.real_ip,
        captcha: captcha?,
        mail,
        template_path,
        public_path,
        warnings: reader.settings.warnings.clone(),
        sources: reader.sources(),
    })
}

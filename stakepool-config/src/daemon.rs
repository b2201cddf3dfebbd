//! The configuration of the voting daemon.

use std::path::PathBuf;

use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;

use crate::certificate::Certificate;
use crate::client_certificate;
use crate::endpoint::{RpcEndpoint, RpcKeys, rpc_endpoints};
use crate::listen::ListenAddress;
use crate::logging::{self, LogFormat};
use crate::place::Need;
use crate::pool_fee::pool_fee;
use crate::reader::Reader;
use crate::rpc_token;
use crate::sources::Sources;
use crate::value::{MOST_USERS, number};

/// The configuration of `stakepoold`.
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonConfig {
    /// The network.
    pub network: Network,
    /// The program's home.
    pub home: PathBuf,
    /// Where the daemon keeps its state: a directory of this network.
    pub data_dir: PathBuf,
    /// Where log files lie: a directory of this network.
    pub log_dir: PathBuf,
    /// The filter for `tracing`.
    pub log_filter: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// The cold wallet's key, from which the fee addresses come.
    pub cold_wallet: ExtendedPubKey,
    /// The keys of cold wallets before, whose fee addresses count, too.
    pub old_cold_wallets: Vec<ExtendedPubKey>,
    /// The fee that tickets must pay.
    pub pool_fee: PoolFee,
    /// The highest key index of a user, and so of a fee address.
    pub max_users: u32,
    /// The nodes: the first that works is used. Never empty.
    pub nodes: Vec<RpcEndpoint>,
    /// The voting wallets: the first that works is used. Never empty.
    pub wallets: Vec<RpcEndpoint>,
    /// Where to serve gRPC: on each of these. TCP only, never empty.
    pub rpc_listen: Vec<ListenAddress>,
    /// The daemon's certificate; to be made, with its key, where both are missing.
    pub rpc_cert: PathBuf,
    /// The certificate's key.
    pub rpc_key: PathBuf,
    /// The token that is asked of the web. Without it, and without certificates, only the predecessor's service may be
    /// served.
    pub rpc_token: Option<Secret>,
    /// A second token that is taken as well.
    pub rpc_token_next: Option<Secret>,
    /// The certificates of which the web is asked to show one; none where it is not asked.
    pub rpc_clients: Vec<Certificate>,
    /// Whether the predecessor's web is let in although it can show nothing.
    pub old_clients: bool,
    /// Where to serve metrics and health. TCP only.
    pub monitor_listen: Option<ListenAddress>,
    /// What the operator should know: loud at start, and on the status page.
    pub warnings: Vec<String>,
    /// Where the configuration came from.
    pub sources: Sources,
}

const NODE_KEYS: RpcKeys =
    RpcKeys { hosts: "exccdhost", users: "exccduser", passwords: "exccdpassword", certificates: "exccdcert" };
const WALLET_KEYS: RpcKeys =
    RpcKeys { hosts: "wallethost", users: "walletuser", passwords: "walletpassword", certificates: "walletcert" };

/// Reads everything, keeps what is wrong in the reader, and gives the configuration where nothing is.
pub(crate) fn build(reader: &mut Reader<'_>) -> Option<DaemonConfig> {
    let network = reader.network();
    let log_format = reader.value("logformat", |text| text.parse().map_err(str::to_owned));
    let log_filter = reader.value("debuglevel", |text| logging::filter(text, crate::table::daemon::TABLE.subsystems));
    let cold_wallet = reader.extended_key("coldwalletextpub", network);
    let old_cold_wallets = reader.extended_keys("oldcoldwalletextpubs", network);
    let pool_fee = pool_fee(reader);
    let max_users = reader.value("maxusers", |text| number(text, 1..=MOST_USERS));
    let nodes = rpc_endpoints(reader, &NODE_KEYS, network.node_port());
    let wallets = rpc_endpoints(reader, &WALLET_KEYS, network.wallet_port());
    let rpc_listen = rpc_listen(reader, network.daemon_port());
    let rpc_cert = reader.home_path("rpccert", "rpc.cert");
    let rpc_key = reader.home_path("rpckey", "rpc.key");
    let rpc_token = rpc_token::read(reader);
    let rpc_token_next = rpc_token::read_next(reader, rpc_token.as_ref());
    let rpc_clients = client_certificate::asked(reader);
    let old_clients = reader.switch("oldclients").unwrap_or(false);
    let monitor_listen = reader.optional("monitorlisten", |text| ListenAddress::tcp(text, None));
    let data_dir = reader.network_dir("datadir", "data", network);
    let log_dir = reader.network_dir("logdir", "logs", network);
    for address in rpc_listen.iter().cloned() {
        reader.needs("rpclisten", Need::Listen(address));
    }
    reader.needs("rpccert", Need::Pair { certificate: rpc_cert.clone(), key: rpc_key.clone() });
    if let Some(address) = &monitor_listen {
        reader.needs("monitorlisten", Need::Listen(address.clone()));
    }
    reader.needs("datadir", Need::Folder(data_dir.clone()));
    reader.needs("logdir", Need::LogFolder(log_dir.clone()));
    warn(reader, old_clients, rpc_listen.iter().all(ListenAddress::is_local));
    Some(DaemonConfig {
        network,
        home: reader.home.clone(),
        data_dir,
        log_dir,
        log_filter: log_filter?,
        log_format: log_format?,
        cold_wallet: cold_wallet?,
        old_cold_wallets,
        pool_fee: pool_fee?,
        max_users: max_users?,
        nodes,
        wallets,
        rpc_listen,
        rpc_cert,
        rpc_key,
        rpc_token,
        rpc_token_next,
        rpc_clients,
        old_clients,
        monitor_listen,
        warnings: reader.settings.warnings.clone(),
        sources: reader.sources(),
    })
}

fn rpc_listen(reader: &mut Reader<'_>, port: u16) -> Vec<ListenAddress> {
    if reader.switch("norpclisten") == Some(true) {
        reader.refuse(
            "norpclisten",
            "the web sends users and tickets over gRPC and hears of votes over it; a daemon that polls the database \
             instead is not supported: remove the line, and let rpclisten be reached by the web only",
        );
    }
    let listeners = reader.values("rpclisten", |text| ListenAddress::tcp(text, Some(port)));
    if listeners.is_empty() {
        return vec![ListenAddress::Tcp { host: Some("localhost".to_owned()), port }];
    }
    listeners
}

/// Warns of what is likely a mistake. Services that only this computer reaches are open to nobody else.
fn warn(reader: &mut Reader<'_>, old_clients: bool, is_local: bool) {
    if !reader.is_set("poolfees") {
        reader.warn(
            "poolfees is not set: 5 percent is assumed, as by the predecessor; set what the web and the wallets have",
        );
    }
    if reader.text("rpctoken").is_none() && reader.list_length("rpcclientcerts") == 0 {
        let open = if is_local { "" } else { "anyone who reaches rpclisten can change how users vote, and " };
        reader.warn(format!(
            "rpctoken is not set: {open}stakepool-web gets no reports; set the same rpctoken here and in it once \
             stakepool-web runs (until then leave it, or set rpctoken with oldclients=1)"
        ));
    } else if old_clients && !is_local {
        reader.warn(
            "oldclients is on: anyone who reaches rpclisten can change how users vote; remove the line once the web is \
             stakepool-web",
        );
    }
    let database: Vec<&str> =
        ["dbhost", "dbport", "dbname", "dbuser", "dbpassword"].into_iter().filter(|key| reader.is_set(key)).collect();
    if !database.is_empty() {
        let names = database.join(", ");
        reader
            .warn(format!("the daemon gets its users from the web and does not use the database: {names} are ignored"));
    }
}

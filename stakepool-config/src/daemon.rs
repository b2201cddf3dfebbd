//! The configuration of the voting daemon.

use std::path::PathBuf;

use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::ports::DatabaseServer;
use stakepool_core::secret::Secret;
use stakepool_core::ticket::PoolFee;
use stakepool_core::voting::FirstSigner;

use crate::certificate::Certificate;
use crate::client_certificate;
use crate::database_server::{self, Parts};
use crate::endpoint::{RpcEndpoint, RpcKeys, rpc_endpoints};
use crate::listen::ListenAddress;
use crate::logging::{self, LogFormat};
use crate::place::Need;
use crate::pool_fee::pool_fee;
use crate::reader::Reader;
use crate::rpc_token;
use crate::sources::Sources;
use crate::value::{MOST_USERS, number};
use crate::voting_key::{self, SealedVotingKey};

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
    /// The voting wallets' key, where the daemon is to sign users' votes itself.
    pub voting_key: Option<SealedVotingKey>,
    /// Who signs users' votes first where it has that key.
    pub first_signer: FirstSigner,
    /// Where to serve gRPC: on each of these. TCP only; empty where the daemon [polls](Self::polls_database).
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
    /// The pool's database, where users and added tickets are looked up while no web has sent them.
    pub database: Option<DatabaseServer>,
    /// Whether no web reaches this daemon, which looks in the database again and again instead. Then there is one.
    pub polls_database: bool,
    /// What the operator should know: loud at start, and on the status page.
    pub warnings: Vec<String>,
    /// Where the configuration came from.
    pub sources: Sources,
}

/// Keys of the gRPC service, which a daemon that polls the database does not offer.
const SERVICE_KEYS: [&str; 7] =
    ["rpclisten", "rpccert", "rpckey", "rpctoken", "rpctokennext", "rpcclientcerts", "oldclients"];
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
    let nodes = rpc_endpoints(reader, &RpcKeys::NODES, network.node_port());
    let wallets = rpc_endpoints(reader, &WALLET_KEYS, network.wallet_port());
    let polls_database = reader.switch("norpclisten").unwrap_or(false);
    let database = database(reader, polls_database);
    let service = Service::read(reader, network, polls_database);
    let voting_key = voting_key::read(reader);
    let first_signer = voting_key::first_signer(reader);
    let monitor_listen = reader.optional("monitorlisten", |text| ListenAddress::tcp(text, None));
    let data_dir = reader.network_dir("datadir", "data", network);
    let log_dir = reader.network_dir("logdir", "logs", network);
    if let Some(server) = &database {
        reader.needs("dbhost", Need::ReadDatabase(Box::new(server.clone())));
    }
    if let Some(address) = &monitor_listen {
        reader.needs("monitorlisten", Need::Listen(address.clone()));
    }
    reader.needs("datadir", Need::Folder(data_dir.clone()));
    reader.needs("logdir", Need::LogFolder(log_dir.clone()));
    if !reader.is_set("poolfees") {
        reader.warn(
            "poolfees is not set: 5 percent is assumed, as by the predecessor; set what the web and the wallets have",
        );
    }
    if polls_database {
        warn_of_polling(reader);
    } else {
        warn_of_access(reader, &service);
    }
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
        voting_key,
        first_signer: first_signer?,
        rpc_listen: service.listen,
        rpc_cert: service.certificate,
        rpc_key: service.key,
        rpc_token: service.token,
        rpc_token_next: service.token_next,
        rpc_clients: service.clients,
        old_clients: service.old_clients,
        monitor_listen,
        database,
        polls_database,
        warnings: reader.settings.warnings.clone(),
        sources: reader.sources(),
    })
}

/// The gRPC service, and whom it lets in.
struct Service {
    listen: Vec<ListenAddress>,
    certificate: PathBuf,
    key: PathBuf,
    token: Option<Secret>,
    token_next: Option<Secret>,
    clients: Vec<Certificate>,
    old_clients: bool,
}

impl Service {
    /// Reads the keys of the service; it is served nowhere where the daemon polls the database.
    fn read(reader: &mut Reader<'_>, network: Network, polls_database: bool) -> Self {
        let listen = if polls_database { Vec::new() } else { rpc_listen(reader, network.daemon_port()) };
        let certificate = reader.home_path("rpccert", "rpc.cert");
        let key = reader.home_path("rpckey", "rpc.key");
        let token = rpc_token::read(reader);
        let token_next = rpc_token::read_next(reader, token.as_ref());
        let clients = client_certificate::asked(reader);
        let old_clients = reader.switch("oldclients").unwrap_or(false);
        for address in listen.iter().cloned() {
            reader.needs("rpclisten", Need::Listen(address));
        }
        if !polls_database {
            reader.needs("rpccert", Need::Pair { certificate: certificate.clone(), key: key.clone() });
        }
        Self { listen, certificate, key, token, token_next, clients, old_clients }
    }
}

fn rpc_listen(reader: &mut Reader<'_>, port: u16) -> Vec<ListenAddress> {
    let listeners = reader.values("rpclisten", |text| ListenAddress::tcp(text, Some(port)));
    if listeners.is_empty() {
        return vec![ListenAddress::Tcp { host: Some("localhost".to_owned()), port }];
    }
    listeners
}

/// The database that the keys name, which must do where the daemon polls it. Single keys of the predecessor's file may stand
/// there without one.
fn database(reader: &mut Reader<'_>, polls_database: bool) -> Option<DatabaseServer> {
    if database_server::is_named(reader) {
        return database_server::read(reader, &Parts::default());
    }
    if polls_database {
        reader.missing("dbhost");
        return None;
    }
    let set = database_server::keys_set(reader);
    if !set.is_empty() {
        let names = set.join(", ");
        reader.warn(format!("no database is named (dbhost or dbsocket), so these have no effect: {names}"));
    }
    None
}

/// Tells what a pool lacks whose daemon polls the database.
fn warn_of_polling(reader: &mut Reader<'_>) {
    reader.warn(
        "norpclisten is on: users and added tickets come from the database, minutes late, and stakepool-web hears nothing of \
         this daemon's votes, tickets and troubles; remove the line, and let the web reach rpclisten, as soon as it can",
    );
    let set: Vec<&str> = SERVICE_KEYS.into_iter().filter(|key| reader.text(key).is_some()).collect();
    if !set.is_empty() {
        let names = set.join(", ");
        reader.warn(format!("the gRPC service is off (norpclisten), so these have no effect: {names}"));
    }
}

/// Warns of an access that is likely a mistake. Services that only this computer reaches are open to nobody else.
fn warn_of_access(reader: &mut Reader<'_>, service: &Service) {
    let is_local = service.listen.iter().all(ListenAddress::is_local);
    if reader.text("rpctoken").is_none() && reader.list_length("rpcclientcerts") == 0 {
        let open = if is_local { "" } else { "anyone who reaches rpclisten can change how users vote, and " };
        reader.warn(format!(
            "rpctoken is not set: {open}stakepool-web gets no reports; set the same rpctoken here and in it once \
             stakepool-web runs (until then leave it, or set rpctoken with oldclients=1)"
        ));
    } else if service.old_clients && !is_local {
        reader.warn(
            "oldclients is on: anyone who reaches rpclisten can change how users vote; remove the line once the web is \
             stakepool-web",
        );
    }
}

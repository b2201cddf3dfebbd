//! The voting daemon: hears from exccd which tickets won, has exccwallet sign their votes and sends them.
//!
//! [`run`] is the whole program; the binary only reads its configuration. Embedders give [`DaemonOptions`] and end it
//! with a future of their own.

mod backend;
mod config;
mod identity;
mod monitor;
mod options;
mod peers;
mod state_file;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use stakepool_core::chain::{ExtendedPubKey, HdKeyError, KeyIndex, Network};
use stakepool_core::ports::VoteSigner;
use stakepool_core::ticket::{Evaluator, FeeAddresses};
use stakepool_core::time::UnixTime;
use stakepool_core::voting::{Engine, EngineError, EngineParts};
use stakepool_monitor::VoteFigures;
use stakepool_rpc::grpc::server::{self, Access, ServeError};
use stakepool_rpc::json::{ConfigError, Wallet};
use stakepool_rpc::tls::{self, TlsError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use backend::Backend;
use monitor::DaemonMonitor;
use peers::Peers;

pub use config::{ResolveError, main_with_arguments, options_from_config};
pub use options::DaemonOptions;
pub use state_file::DiskStateFile;

/// Why the daemon cannot run, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// A node or wallet is of another network.
    #[error(
        "{node} runs on {found}, but this daemon is configured for {expected}: correct `testnet`/`simnet` or the host"
    )]
    WrongNetwork {
        /// The node or wallet.
        node: String,
        /// Its network.
        found: Network,
        /// The configured network.
        expected: Network,
    },
    /// Two wallets are not made from one seed.
    #[error(
        "the wallets were not made from one seed: {first} has the account key {expected}, but {second} has {found}; \
         restore the wrong one from the pool's seed"
    )]
    OtherKeys {
        /// One wallet.
        first: String,
        /// Its key.
        expected: Box<ExtendedPubKey>,
        /// The other wallet.
        second: String,
        /// Its key.
        found: Box<ExtendedPubKey>,
    },
    /// A host, password or certificate cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Fee addresses cannot be derived.
    #[error("coldwalletextpub: {0}")]
    ColdKey(#[from] HdKeyError),
    /// The service cannot be offered.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The service's certificate cannot be used.
    #[error(
        "rpccert and rpckey cannot be used: {0}. Name files in a folder where this program may write, or remove both \
         files to have a new pair made"
    )]
    Tls(#[from] TlsError),
    /// Monitors cannot be served.
    #[error("monitors cannot be served at {at}: {error}; stop what listens there, or change `monitorlisten`")]
    Monitors {
        /// Where.
        at: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// There is nothing to vote with.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The data directory cannot be used.
    #[error("{path} cannot be used: {reason}; check datadir and its permissions")]
    DataDir {
        /// The file or directory.
        path: String,
        /// Why.
        reason: String,
    },
}

/// Runs the daemon until `shutdown` is ready; votes under way are finished first and the state is saved.
///
/// `started` is told where the service listens, once it does.
///
/// # Errors
/// [`DaemonError`] at the start, or later where a peer turns out to be of another network or seed.
pub async fn run(
    options: DaemonOptions,
    started: impl FnOnce(Vec<SocketAddr>),
    shutdown: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    let id = identity::load_or_make(&options.datadir)?;
    let pair =
        tls::ensure_server_pair(&options.certificate, &options.key, &host_names(&options.listen), SystemTime::now())?;
    let listeners = server::bind(&options.listen).await?;
    let monitors = bind_monitors(&options.monitor_listen).await?;
    let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    let peers = Peers::connect(&options.wallets, &options.nodes)?;
    tokio::pin!(shutdown);
    let engine = tokio::select! {
        engine = make_engine(&options, &peers) => engine?,
        () = &mut shutdown => return Ok(()),
    };
    tracing::info!(%id, network = %options.network, "voting daemon started");
    started(addresses);
    serve(options, id, pair, Listeners { service: listeners, monitors }, peers, engine, shutdown).await
}

/// Where the daemon listens.
struct Listeners {
    service: Vec<TcpListener>,
    monitors: Option<TcpListener>,
}

async fn bind_monitors(listen: &[String]) -> Result<Option<TcpListener>, DaemonError> {
    if listen.is_empty() {
        return Ok(None);
    }
    let failed = |error| DaemonError::Monitors { at: listen.join(" or "), error };
    stakepool_monitor::bind(listen).await.map(Some).map_err(failed)
}

/// Answers monitors in the background, until what it gives is dropped.
fn watch_over(
    listener: TcpListener,
    backend: &Arc<Backend>,
    wallets: &[Arc<Wallet>],
    certificate: &Path,
) -> JoinSet<Infallible> {
    let votes = Arc::new(VoteFigures::default());
    let end = std::fs::read(certificate).ok().and_then(|pem| tls::certificate_end(&pem).ok());
    let seen = DaemonMonitor {
        backend: Arc::clone(backend),
        wallets: wallets.to_vec(),
        nodes: backend.nodes.clone(),
        votes: Arc::clone(&votes),
        certificate_end: end.map(UnixTime::from),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(stakepool_monitor::serve(listener, Arc::new(seen)));
    tasks.spawn(monitor::count_votes(Arc::clone(&backend.engine), votes));
    tasks
}

fn host_names(listen: &[SocketAddr]) -> Vec<String> {
    listen.iter().filter(|address| !address.ip().is_unspecified()).map(|address| address.ip().to_string()).collect()
}

async fn make_engine(options: &DaemonOptions, peers: &Peers) -> Result<Arc<Engine>, DaemonError> {
    let generation = peers.generation(options.network).await?;
    let branch = options.cold_wallet_xpub.external_branch()?;
    let addresses = FeeAddresses::derive(&branch, KeyIndex(options.max_users))?;
    let params = options.network.params(generation);
    let evaluator = Evaluator::new(options.network, params, options.pool_fee, addresses);
    let state_file = Arc::new(DiskStateFile::in_directory(&options.datadir));
    let parts = EngineParts::new(evaluator, peers.as_wallets(), peers.as_nodes(), state_file);
    Ok(Engine::new(parts.check_every(options.check_every))?)
}

async fn serve(
    options: DaemonOptions,
    id: String,
    pair: tls::KeyPair,
    listeners: Listeners,
    peers: Peers,
    engine: Arc<Engine>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    let backend = Arc::new(Backend {
        engine: Arc::clone(&engine),
        id,
        network: options.network,
        cold_wallet_xpub: options.cold_wallet_xpub,
        pool_fee: options.pool_fee,
        nodes: peers.nodes.clone(),
        wallet_names: peers.wallets.iter().map(|wallet| wallet.name().to_owned()).collect(),
        account_keys: Arc::default(),
    });
    let account_keys = Arc::clone(&backend.account_keys);
    let certificate = options.certificate;
    let _monitors = listeners.monitors.map(|listener| watch_over(listener, &backend, &peers.wallets, &certificate));
    let access = Access {
        token: options.token,
        client_certificates: options.client_certificates,
        allow_old_clients: options.allow_old_clients,
    };
    let stop = watch::Sender::new(false);
    let until_stop = || {
        let mut stopping = stop.subscribe();
        async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        }
    };
    let mut voting = tokio::spawn(engine.run(peers.events, until_stop()));
    let serving = tokio::spawn(server::serve(listeners.service, pair, access, backend, until_stop()));
    let result = tokio::select! {
        () = shutdown => Ok(()),
        error = peers::guard(peers.wallets, peers.nodes, options.network, account_keys) => Err(error),
        ended = &mut voting => {
            stop.send_replace(true);
            let _ = serving.await;
            return Err(ended.unwrap_or(Err(EngineError::BrokeDown)).err().unwrap_or(EngineError::BrokeDown).into());
        }
    };
    stop.send_replace(true);
    let (voted, served) = tokio::join!(voting, serving);
    voted.unwrap_or(Err(EngineError::BrokeDown))?;
    if let Ok(Err(error)) = served {
        return Err(error.into());
    }
    tracing::info!("stopped");
    result
}

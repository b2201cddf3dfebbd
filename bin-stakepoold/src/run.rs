//! The daemon at work.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use stakepool_core::chain::KeyIndex;
use stakepool_core::reloadable::Reloadable;
use stakepool_core::ticket::{Evaluator, FeeAddresses};
use stakepool_core::time::UnixTime;
use stakepool_core::voting::{Engine, EngineParts, KeySigner, LocalDaemon};
use stakepool_process::monitor::{Monitored, VoteFigures};
use stakepool_rpc::daemon::{
    self, DataDirOwner, DiskStateFile, OwnerError, Peers, Service, Serving, Starting, lasting_id, own_data_dir,
};
use stakepool_rpc::grpc::server;
use stakepool_rpc::tls;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::certificates::{self, OwnCertificate};
use crate::error::StakepooldError;
use crate::monitor::{self, DaemonMonitor, FromTheStart};
use crate::options::DaemonOptions;

/// Runs the daemon until `shutdown` is ready; votes under way are finished first and the state is saved.
///
/// `started` is called with the addresses of the service, once it listens; with none where it serves nobody.
///
/// # Errors
/// [`StakepooldError`] at the start, or later where a peer turns out to be of another network or seed.
pub async fn run(
    options: DaemonOptions,
    started: impl FnOnce(Vec<SocketAddr>),
    shutdown: impl Future<Output = ()>,
) -> Result<(), StakepooldError> {
    run_renewed(options, async || std::future::pending().await, started, shutdown).await
}

/// As [`run`], and whenever `renewed` gives options again, the certificates are taken from them: those that are expected of
/// wallets and nodes, and the daemon's own, whose files are read again; and the tokens. Nothing else is.
///
/// # Errors
/// As there.
pub async fn run_renewed(
    options: DaemonOptions,
    renewed: impl AsyncFnMut() -> DaemonOptions,
    started: impl FnOnce(Vec<SocketAddr>),
    shutdown: impl Future<Output = ()>,
) -> Result<(), StakepooldError> {
    let Kept { id, _owner, unusable } = keep(&options.datadir)?;
    let offer = Offer::of(&options).await?;
    let monitors = Monitors::bind(&options.monitor_listen).await?;
    let (peers, events) = Peers::connect(&options.wallets, &options.nodes)?;
    // The pool's web hears from the start on what the daemon waits for.
    let starting = Starting::new(options.network, options.max_users as usize + 1, peers.awaited());
    let access = offer.as_ref().map(|offer| offer.service.access());
    let (mut serving, own, addresses) = match offer {
        Some(Offer { service, own, addresses }) => (service.offer(Arc::clone(&starting)), Some(own), addresses),
        None => (Serving::nobody(), None, Vec::new()),
    };
    tokio::pin!(shutdown);
    let engine = tokio::select! {
        engine = make_engine(&options, &peers) => engine?,
        error = serving.ended() => return Err(error.into()),
        () = &mut shutdown => return Ok(serving.stop().await?),
    };
    if let Some(unusable) = unusable {
        engine.problem("datadir", unusable);
    }
    tracing::info!(%id, network = %options.network, "voting daemon started");
    started(addresses);

    let daemon = LocalDaemon::new(engine, &*id, options.cold_wallet_xpub)
        .version(env!("CARGO_PKG_VERSION"))
        .old_cold_wallets(options.old_cold_wallet_xpubs.clone());
    let daemon = Arc::new(daemon);
    starting.started(Arc::clone(&daemon));
    let certificate_end = own.as_ref().map(|own| own.end.clone()).unwrap_or_default();
    let _monitors = monitors.map(|monitors| monitors.watch_over(&daemon, &peers, certificate_end));
    let mut wrong = None;
    let end = async {
        tokio::select! {
            () = shutdown => {}
            error = peers.until_wrong(&daemon) => wrong = Some(error),
            never = certificates::keep(renewed, &peers, own, access) => match never {},
        }
    };
    daemon::run_offered(Arc::clone(&daemon), events, serving, end).await?;
    tracing::info!("stopped");
    wrong.map_or(Ok(()), |error| Err(error.into()))
}

/// What a daemon keeps in its data directory beside its state.
struct Kept {
    id: String,
    _owner: Option<DataDirOwner>,
    /// Why the directory cannot be used.
    unusable: Option<String>,
}

/// Takes the data directory. One that cannot be used costs no votes: it is a problem, and the daemon has another name after
/// the next start. Only one that another daemon has ends this one.
fn keep(datadir: &Path) -> Result<Kept, StakepooldError> {
    let (owner, unusable) = match own_data_dir(datadir) {
        Ok(owner) => (Some(owner), None),
        Err(taken @ OwnerError::Taken { .. }) => return Err(taken.into()),
        Err(unusable) => (None, Some(unusable.to_string())),
    };
    let (id, unusable) = match lasting_id(datadir) {
        Ok(id) => (id, unusable),
        Err(error) => (format!("unkept-{}", std::process::id()), unusable.or(Some(error.to_string()))),
    };
    if let Some(unusable) = &unusable {
        tracing::error!("{unusable}; the daemon votes all the same, but keeps nothing for its next start");
    }
    Ok(Kept { id, _owner: owner, unusable })
}

/// The gRPC services that are to be offered.
struct Offer {
    service: Service,
    own: OwnCertificate,
    addresses: Vec<SocketAddr>,
}

impl Offer {
    /// Listens already; `None` where nothing is to be listened on.
    async fn of(options: &DaemonOptions) -> Result<Option<Self>, StakepooldError> {
        let DaemonOptions { certificate, key, listen, access, .. } = options;
        if listen.is_empty() {
            return Ok(None);
        }
        let pair = tls::ensure_server_pair(certificate, key, &host_names(listen), SystemTime::now())?;
        let listeners = server::bind(listen).await?;
        let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let (pairs, latest) = watch::channel(pair.clone());
        let service = Service::new(listeners, pair, access.clone()).renewed_by(latest);
        let own = OwnCertificate { file: certificate.clone(), key: key.clone(), pairs, end: Reloadable::default() };
        own.note_end();
        Ok(Some(Self { service, own, addresses }))
    }
}

/// Answers monitors in the background until it is dropped, from the start on: a node may be away for long.
struct Monitors {
    seen: Arc<FromTheStart>,
    tasks: JoinSet<Infallible>,
}

impl Monitors {
    async fn bind(listen: &[String]) -> Result<Option<Self>, StakepooldError> {
        if listen.is_empty() {
            return Ok(None);
        }
        let failed = |error| StakepooldError::Monitors { at: listen.join(" or "), error };
        let listener = stakepool_process::monitor::bind(listen).await.map_err(failed)?;
        let (seen, mut tasks) = (Arc::new(FromTheStart::default()), JoinSet::new());
        tasks.spawn(stakepool_process::monitor::serve(listener, Arc::clone(&seen) as Arc<dyn Monitored>));
        Ok(Some(Self { seen, tasks }))
    }

    /// Answers for the daemon, which has started.
    fn watch_over(
        mut self,
        daemon: &Arc<LocalDaemon>,
        peers: &Peers,
        certificate_end: Reloadable<Option<UnixTime>>,
    ) -> Self {
        let votes = Arc::new(VoteFigures::default());
        self.seen.started(DaemonMonitor {
            daemon: Arc::clone(daemon),
            wallets: peers.wallets().to_vec(),
            nodes: peers.nodes().to_vec(),
            votes: Arc::clone(&votes),
            certificate_end,
        });
        self.tasks.spawn(monitor::count_votes(Arc::clone(daemon.engine()), votes));
        self
    }
}

fn host_names(listen: &[SocketAddr]) -> Vec<String> {
    listen.iter().filter(|address| !address.ip().is_unspecified()).map(|address| address.ip().to_string()).collect()
}

async fn make_engine(options: &DaemonOptions, peers: &Peers) -> Result<Arc<Engine>, StakepooldError> {
    let generation = peers.generation(options.network).await?;
    let branch = options.cold_wallet_xpub.external_branch()?;
    let last = KeyIndex(options.max_users);
    let mut addresses = FeeAddresses::derive(&branch, last)?;
    for old in &options.old_cold_wallet_xpubs {
        addresses = addresses.with_old(&old.external_branch()?, last)?;
    }
    let params = options.network.params(generation);
    let evaluator = Evaluator::new(options.network, params, options.pool_fee, addresses);
    let state_file = Arc::new(DiskStateFile::in_directory(&options.datadir));
    let mut parts = EngineParts::new(evaluator, peers.voting_wallets(), peers.voting_nodes(), state_file);
    if let Some(source) = &options.source {
        parts = parts.source(source.clone());
    }
    if let Some((branch, first)) = &options.voting_key {
        let signer = KeySigner::new(options.network, generation, options.network.vote_version(generation));
        parts = parts.signer(signer.with_branch(options.network, branch.clone(), last)?, *first);
    }
    Ok(Engine::new(parts.check_every(options.check_every))?)
}

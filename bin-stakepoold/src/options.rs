//! What a daemon needs to know to run.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use stakepool_core::chain::{ExtendedPrivKey, ExtendedPubKey, Network};
use stakepool_core::ticket::PoolFee;
use stakepool_core::voting::{FirstSigner, SourceReads};
use stakepool_rpc::grpc::server::Access;
use stakepool_rpc::json::ServerConfig;

/// A running daemon's settings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DaemonOptions {
    /// The network.
    pub network: Network,
    /// The cold wallet's account key, to whose addresses fees go.
    pub cold_wallet_xpub: ExtendedPubKey,
    /// The account keys of cold wallets before: fees that go to their addresses count, too.
    pub old_cold_wallet_xpubs: Vec<ExtendedPubKey>,
    /// Highest index of a fee address.
    pub max_users: u32,
    /// The fee that tickets must commit.
    pub pool_fee: PoolFee,
    /// Wallets, the preferred ones first.
    pub wallets: Vec<ServerConfig>,
    /// The external branch of the voting wallets' account, where users' votes are signed by it, too, and who signs first.
    pub voting_key: Option<(ExtendedPrivKey, FirstSigner)>,
    /// Nodes, the preferred ones first.
    pub nodes: Vec<ServerConfig>,
    /// Where users and added tickets are looked up while no web has sent them.
    pub source: Option<SourceReads>,
    /// Where the gRPC service listens; port 0 for any. Without an address there is none, and the daemon needs no certificate.
    pub listen: Vec<SocketAddr>,
    /// The file of the service's certificate; made at the first start.
    pub certificate: PathBuf,
    /// The file of the certificate's key.
    pub key: PathBuf,
    /// Addresses for the monitors' listener, of which the first that works is used; none where there is no listener.
    pub monitor_listen: Vec<String>,
    /// What callers of the gRPC service must show.
    pub access: Access,
    /// Where the state is kept; already of this network.
    pub datadir: PathBuf,
    /// How often live tickets are compared with the node's.
    pub check_every: Duration,
}

impl DaemonOptions {
    /// The highest index of a fee address, where nothing else is asked for.
    pub const MAX_USERS: u32 = 9_999;
    /// How often live tickets are compared with the node's, where nothing else is asked for.
    pub const CHECK_EVERY: Duration = Duration::from_secs(180);

    /// A daemon that keeps everything in one folder, its certificate and key included, and whose service listens on
    /// loopback. It has no peers yet, and its service is closed until [`DaemonOptions::with_access`] says who may call.
    pub fn new(network: Network, cold_wallet_xpub: ExtendedPubKey, pool_fee: PoolFee, datadir: PathBuf) -> Self {
        Self {
            network,
            cold_wallet_xpub,
            old_cold_wallet_xpubs: Vec::new(),
            max_users: Self::MAX_USERS,
            pool_fee,
            wallets: Vec::new(),
            voting_key: None,
            nodes: Vec::new(),
            source: None,
            listen: vec![(Ipv4Addr::LOCALHOST, 0).into()],
            certificate: datadir.join("rpc.cert"),
            key: datadir.join("rpc.key"),
            monitor_listen: Vec::new(),
            access: Access::default(),
            datadir,
            check_every: Self::CHECK_EVERY,
        }
    }

    /// The same with cold wallets before, to which fees may go, too.
    #[must_use]
    pub fn with_old_cold_wallets(mut self, keys: Vec<ExtendedPubKey>) -> Self {
        self.old_cold_wallet_xpubs = keys;
        self
    }

    /// The same with another highest index of a fee address.
    #[must_use]
    pub const fn with_max_users(mut self, max_users: u32) -> Self {
        self.max_users = max_users;
        self
    }

    /// The same with wallets and nodes, the preferred ones first.
    #[must_use]
    pub fn with_peers(mut self, wallets: Vec<ServerConfig>, nodes: Vec<ServerConfig>) -> Self {
        self.wallets = wallets;
        self.nodes = nodes;
        self
    }

    /// The same with a source of users and added tickets, for as long as no web has sent them.
    #[must_use]
    pub fn with_source(mut self, source: SourceReads) -> Self {
        self.source = Some(source);
        self
    }

    /// The same with the external branch of the voting wallets' account, by which users' votes are signed before or after
    /// the wallets.
    #[must_use]
    pub fn with_voting_key(mut self, branch: ExtendedPrivKey, first: FirstSigner) -> Self {
        self.voting_key = Some((branch, first));
        self
    }

    /// The same with a gRPC service that listens elsewhere; port 0 for any, no address for no service.
    #[must_use]
    pub fn with_listen(mut self, listen: Vec<SocketAddr>) -> Self {
        self.listen = listen;
        self
    }

    /// The same with other files of the service's certificate and key, which are made where both are missing.
    #[must_use]
    pub fn with_certificate(mut self, certificate: PathBuf, key: PathBuf) -> Self {
        self.certificate = certificate;
        self.key = key;
        self
    }

    /// The same with other demands on callers of the gRPC service.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The same with a listener for monitors: addresses of which the first that works is used.
    #[must_use]
    pub fn with_monitor_listen(mut self, candidates: Vec<String>) -> Self {
        self.monitor_listen = candidates;
        self
    }

    /// The same with another time between two comparisons of live tickets.
    #[must_use]
    pub const fn with_check_every(mut self, check_every: Duration) -> Self {
        self.check_every = check_every;
        self
    }
}

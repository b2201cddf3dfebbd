//! What a daemon needs to know to run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::ticket::PoolFee;
use stakepool_rpc::grpc::RpcToken;
use stakepool_rpc::json::ServerConfig;

/// A running daemon's settings.
#[derive(Clone, Debug)]
pub struct DaemonOptions {
    /// The network.
    pub network: Network,
    /// The cold wallet's account key, to whose addresses fees go.
    pub cold_wallet_xpub: ExtendedPubKey,
    /// Highest index of a fee address.
    pub max_users: u32,
    /// The fee that tickets must commit.
    pub pool_fee: PoolFee,
    /// Wallets in order of preference.
    pub wallets: Vec<ServerConfig>,
    /// Nodes in order of preference.
    pub nodes: Vec<ServerConfig>,
    /// Where the gRPC service listens; port 0 for any.
    pub listen: Vec<SocketAddr>,
    /// The service's certificate and key; made at the first start.
    pub certificate: PathBuf,
    /// The key of the certificate.
    pub key: PathBuf,
    /// Addresses for the monitors' listener, of which the first that works is used; none where there is no listener.
    pub monitor_listen: Vec<String>,
    /// The token that callers must show.
    pub token: Option<RpcToken>,
    /// Certificates (PEM) of which callers must show one, beside the token where both are set.
    pub client_certificates: Option<Vec<u8>>,
    /// Whether the predecessor's callers may do without token and certificate.
    pub allow_old_clients: bool,
    /// Where the state is kept; already of this network.
    pub datadir: PathBuf,
    /// How often live tickets are compared with the node's.
    pub check_every: Duration,
}

impl DaemonOptions {
    /// How often live tickets are compared with the node's, where nothing else is asked for.
    pub const CHECK_EVERY: Duration = Duration::from_secs(180);
}

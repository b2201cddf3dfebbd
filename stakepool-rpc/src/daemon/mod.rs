//! A voting daemon from the library: what an [`Engine`](stakepool_core::voting::Engine) needs of the world around it.
//!
//! - [`Peers`]: connections to exccwallets and exccds, what the nodes report, and whether they are the right ones;
//! - [`run`]: engine and gRPC services together, until they are stopped; [`run_offered`] with services that are offered before
//!   there is an engine ([`Starting`]);
//! - [`DiskStateFile`] and [`lasting_id`]: what outlives a restart, and [`own_data_dir`]: one daemon a directory.
//!
//! The program `stakepoold` is this module with a configuration file.
//!
//! # A voting daemon on wallets of one's own
//!
//! What signs votes and lists its tickets can vote ([`DaemonWallet`](stakepool_core::ports::DaemonWallet)); the
//! pool's web calls this daemon as it calls any other.
//!
//! ```no_run
//! use std::error::Error;
//! use std::path::Path;
//! use std::sync::Arc;
//! use std::time::SystemTime;
//!
//! use stakepool_core::chain::{ExtendedPubKey, KeyIndex, Network};
//! use stakepool_core::ports::DaemonWallet;
//! use stakepool_core::ticket::{Evaluator, FeeAddresses, PoolFee};
//! use stakepool_core::voting::{Engine, EngineParts, LocalDaemon};
//! use stakepool_rpc::daemon::{self, DiskStateFile, Peers, Service, lasting_id, own_data_dir};
//! use stakepool_rpc::grpc::{RpcToken, server};
//! use stakepool_rpc::json::ServerConfig;
//! use stakepool_rpc::tls::ensure_server_pair;
//!
//! async fn vote(
//!     wallets: Vec<Arc<dyn DaemonWallet>>,
//!     cold_wallet: ExtendedPubKey,
//!     shutdown: impl Future<Output = ()>,
//! ) -> Result<(), Box<dyn Error>> {
//!     let (network, folder) = (Network::Testnet, Path::new("/var/lib/voter"));
//!     let _owner = own_data_dir(folder)?;
//!     let node = ServerConfig::new("127.0.0.1:19109", "user", "password", std::fs::read("exccd.cert")?);
//!     let (peers, events) = Peers::connect(&[], &[node])?;
//!
//!     let params = network.params(peers.generation(network).await?);
//!     let fees = FeeAddresses::derive(&cold_wallet.external_branch()?, KeyIndex(9_999))?;
//!     let evaluator = Evaluator::new(network, params, PoolFee::from_percent(5.0)?, fees);
//!     let state = Arc::new(DiskStateFile::in_directory(folder));
//!     let engine = Engine::new(EngineParts::new(evaluator, wallets, peers.voting_nodes(), state))?;
//!     let daemon = Arc::new(LocalDaemon::new(engine, "voter-1", cold_wallet).id(lasting_id(folder)?));
//!
//!     let (certificate, key) = (folder.join("rpc.cert"), folder.join("rpc.key"));
//!     let pair = ensure_server_pair(&certificate, &key, &["voter-1.example.org".into()], SystemTime::now())?;
//!     let access = server::Access::default().with_token(RpcToken::new("the-secret-of-web-and-daemon")?);
//!     let listeners = server::bind(&["0.0.0.0:9113".parse()?]).await?;
//!     daemon::run(daemon, events, Service::new(listeners, pair, access), shutdown).await?;
//!     Ok(())
//! }
//! ```

mod check;
mod error;
mod id;
mod owner;
mod peers;
mod run;
mod service;
mod starting;
mod state_file;

pub use error::{PeerError, RunError};
pub use id::{IdError, lasting_id};
pub use owner::{DataDirOwner, OwnerError, own_data_dir};
pub use peers::Peers;
pub use run::{run, run_offered};
pub use service::{Service, Serving};
pub use starting::Starting;
pub use state_file::DiskStateFile;

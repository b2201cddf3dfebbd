//! The service for wallets of today on a small pool.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use stakepool::sealed::SealingKey;
use stakepool::vsp::{Vsp, VspParts, VspTerms};
use stakepool_core::chain::Network;
use stakepool_core::ports::SystemClock;
use stakepool_core::secret::Secret;
use stakepool_core::vsp::{FeeTerms, server_version};
use stakepool_db::Database;
use stakepool_rpc::json::NodeClient;
use stakepool_sim::SimNetwork;

use crate::pool_error::PoolStartError;
use crate::secret_file::secret;
use crate::server_config::server_config;

/// How many blocks nodes may lag.
pub(crate) const MAX_LAG: u32 = 3;
/// The `vspkeyfile` with which another process opens what the service seals, in the folder of the pool.
pub(crate) const KEY_FILE: &str = "vsp.key";

/// Opens the service on the network's first node. The fees go to an account of the simulated cold wallet.
pub(crate) async fn open(
    network: &SimNetwork,
    database: &Arc<Database>,
    folder: &Path,
    fee: FeeTerms,
) -> Result<Arc<Vsp>, PoolStartError> {
    let terms = VspTerms {
        network: Network::Simnet,
        fee,
        fee_key: network.vsp_account_xpub(),
        closed: None.into(),
        max_lag: MAX_LAG,
        version: server_version(env!("CARGO_PKG_VERSION")),
    };
    let node = Arc::new(NodeClient::for_calls(&server_config(&network.node().endpoint()))?);
    let parts = VspParts { stores: database.clone().into(), node, clock: Arc::new(SystemClock) };
    let key = SealingKey::of_secret(&Secret::new(secret(folder, "vspsecret")?), "wallets of today")?;
    write_key_file(&folder.join(KEY_FILE), &key)?;
    Ok(Arc::new(Vsp::open(terms, parts, key).await?))
}

fn write_key_file(path: &Path, key: &SealingKey) -> Result<(), PoolStartError> {
    let text = hex::encode(key.to_bytes().as_slice());
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| PoolStartError::File { path: path.to_owned(), error })
}

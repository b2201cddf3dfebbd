//! The service for wallets of today on a small pool.

use std::io;
use std::path::Path;
use std::sync::Arc;

use stakepool::sealed::SealingKey;
use stakepool::vsp::{Vsp, VspParts, VspTerms};
use stakepool_core::chain::Network;
use stakepool_core::ports::SystemClock;
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
    let mut key = [0; 32];
    hex::decode_to_slice(secret(folder, KEY_FILE)?, &mut key)
        .map_err(|error| PoolStartError::File { path: folder.join(KEY_FILE), error: io::Error::other(error) })?;
    Ok(Arc::new(Vsp::open(terms, parts, SealingKey::from_bytes(&key)).await?))
}

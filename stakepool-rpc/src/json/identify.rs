//! What is at an address, for those who only want to know.

use super::client::Client;
use super::config::ServerConfig;
use super::error::RpcError;
use super::identity::Identity;

/// Connects to a server, learns what it is, and leaves it again.
///
/// # Errors
/// [`RpcError`] where the server cannot be reached, refuses the user, or is neither a node nor a wallet.
pub async fn identify(config: &ServerConfig) -> Result<Identity, RpcError> {
    let mut config = config.clone();
    config.limits.wait_for_connection = config.limits.connect;
    let client = Client::connect(&config, None, None)?;
    client.identity().await.map(|identity| Identity::clone(&identity))
}

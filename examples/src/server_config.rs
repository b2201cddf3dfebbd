//! A server of the simulated network as the clients of `stakepool-rpc` want it.

use stakepool_rpc::json::ServerConfig;
use stakepool_sim::Endpoint;

/// How `stakepool_rpc` connects to a simulated server: host, user, password, and its certificate, which is pinned.
///
/// ```no_run
/// use stakepool_rpc::json::NodeClient;
/// use stakepool_sim::SimNetwork;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let sim = SimNetwork::builder().start().await?;
/// let (node, events) = NodeClient::connect(&stakepool_examples::server_config(&sim.node().endpoint()))?;
/// # Ok(())
/// # }
/// ```
pub fn server_config(endpoint: &Endpoint) -> ServerConfig {
    let host = endpoint.host.to_string();
    ServerConfig::new(host, &*endpoint.user, &*endpoint.password, endpoint.certificate_pem.as_bytes())
}

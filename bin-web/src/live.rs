//! What changes in a configured web application while it runs.

use std::convert::Infallible;
use std::sync::Arc;

use stakepool::Pool;
use stakepool_config::{IpRange, WebConfig};
use stakepool_core::ports::{Node as _, VoteSigner as _, VotingDaemon as _};
use stakepool_core::reloadable::Reloadable;
use stakepool_process::monitor::CallsOf;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient};
use stakepool_rpc::json::{NodeClient, Wallet};

use crate::metrics::CallSource;

/// The calls to the wallets and daemons of the configuration.
pub struct ConfiguredCalls {
    /// The voting wallets.
    pub wallets: Vec<Arc<Wallet>>,
    /// The voting daemons.
    pub daemons: Vec<Arc<DaemonClient>>,
    /// The nodes for wallets of today.
    pub nodes: Vec<Arc<NodeClient>>,
}

impl CallSource for ConfiguredCalls {
    fn calls(&self) -> Vec<CallsOf> {
        let wallets = self.wallets.iter().map(|wallet| (wallet.name().to_owned(), wallet.call_figures()));
        let daemons = self.daemons.iter().map(|daemon| (daemon.name().to_owned(), daemon.call_figures()));
        let nodes = self.nodes.iter().map(|node| (node.name().to_owned(), node.call_figures()));
        wallets.chain(daemons).chain(nodes).collect()
    }
}

/// What a configuration that is read again changes.
pub(crate) struct Live {
    pub(crate) pool: Arc<Pool>,
    /// From where the pool may be administered.
    pub(crate) admin_ips: Reloadable<Vec<IpRange>>,
    pub(crate) peers: Arc<ConfiguredCalls>,
}

impl Live {
    /// Takes new configurations, for ever.
    pub(crate) async fn keep(&self, mut reloaded: impl AsyncFnMut() -> WebConfig) -> Infallible {
        loop {
            let config = reloaded().await;
            self.take(&config);
        }
    }

    fn take(&self, config: &WebConfig) {
        self.pool.terms().closed.set_configured(config.closed());
        if let (Some(vsp), Some(configured)) = (self.pool.vsp(), &config.vsp) {
            vsp.terms().closed.set_configured(configured.closed.clone());
        }
        self.pool.settings().administrators.set(config.admin_ids.clone());
        self.pool.settings().invitations_required.set(config.invitations_required);
        self.admin_ips.set(config.admin_ips.clone());
        self.pool.settings().certificates.set(config.certificate_ends());
        // A server that is no longer in the configuration keeps its certificate until the restart that this takes.
        let servers = config.wallet_servers();
        for wallet in &self.peers.wallets {
            let Some(server) = servers.iter().find(|server| server.host == wallet.name()) else { continue };
            if let Err(error) = wallet.expect_certificate(server) {
                tracing::error!(%error, "the old certificate is expected");
            }
        }
        let servers = config.node_servers();
        for node in &self.peers.nodes {
            let Some(server) = servers.iter().find(|server| server.host == node.name()) else { continue };
            if let Err(error) = node.expect_certificate(server) {
                tracing::error!(%error, "the old certificate is expected");
            }
        }
        for daemon in &self.peers.daemons {
            let Some(new) = config.daemons.iter().find(|new| new.host == daemon.name()) else { continue };
            if let Err(error) = daemon.expect_certificate(new.certificate.pem.as_bytes()) {
                tracing::error!(%error, "the old certificate is expected");
            }
        }
        match config.daemon_clients() {
            Ok(clients) => self.show_tokens(&clients),
            Err(error) => tracing::error!(%error, "the daemons are shown the old tokens"),
        }
    }

    fn show_tokens(&self, clients: &[ClientOptions]) {
        for daemon in &self.peers.daemons {
            let Some(new) = clients.iter().find(|new| new.address == daemon.name()) else { continue };
            daemon.show_token(new.token.as_ref());
        }
    }
}

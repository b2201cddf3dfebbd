//! What monitors and alerts are told beside what the application knows of itself.

use std::sync::Arc;

use stakepool_config::WebConfig;
use stakepool_core::ports::{VoteSigner as _, VotingDaemon as _};
use stakepool_core::time::UnixTime;
use stakepool_process::monitor::CallsOf;
use stakepool_rpc::grpc::client::DaemonClient;
use stakepool_rpc::json::Wallet;
use stakepool_rpc::tls::certificate_end;

use crate::metrics::CallSource;

/// The settings of monitors and alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Monitoring {
    /// Addresses for the monitors' listener, of which the first that works is used; none where there is no listener.
    pub listen: Vec<String>,
    /// Whose certificate ends when.
    pub certificates: Vec<(String, UnixTime)>,
    /// How many addresses the pool can give; `None` where that is not known.
    pub max_users: Option<u32>,
}

impl Monitoring {
    /// As configured.
    pub fn of(config: &WebConfig) -> Self {
        let listen = config.monitor_listen.as_ref().map(|listen| listen.tcp_candidates()).unwrap_or_default();
        let wallets = config.wallets.iter().map(|wallet| ("wallet", &wallet.host, &wallet.certificate.pem));
        let daemons = config.daemons.iter().map(|daemon| ("daemon", &daemon.host, &daemon.certificate.pem));
        let ends = wallets.chain(daemons).filter_map(|(kind, host, pem)| {
            // One that cannot be read is refused elsewhere, with its name.
            let end = certificate_end(pem.as_bytes()).ok()?;
            Some((format!("{kind} {host}"), UnixTime::from(end)))
        });
        Self { listen, certificates: ends.collect(), max_users: Some(config.max_users) }
    }
}

/// The calls to the wallets and daemons of the configuration.
pub struct ConfiguredCalls {
    /// The voting wallets.
    pub wallets: Vec<Arc<Wallet>>,
    /// The voting daemons.
    pub daemons: Vec<Arc<DaemonClient>>,
}

impl CallSource for ConfiguredCalls {
    fn calls(&self) -> Vec<CallsOf> {
        let wallets = self.wallets.iter().map(|wallet| (wallet.name().to_owned(), wallet.call_figures()));
        let daemons = self.daemons.iter().map(|daemon| (daemon.name().to_owned(), daemon.call_figures()));
        wallets.chain(daemons).collect()
    }
}

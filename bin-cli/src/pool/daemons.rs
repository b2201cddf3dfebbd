//! The pool's voting daemons, asked all at the same time.

use std::time::Duration;

use futures_util::future::join_all;
use stakepool_config::WebConfig;
use stakepool_core::desired::DesiredState;
use stakepool_core::ports::{DaemonError, VotingDaemon};
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient, DaemonClientLimits};

use crate::error::CliError;

/// A person waits: shorter than the web's limits.
fn limits() -> DaemonClientLimits {
    DaemonClientLimits::default()
        .with_connect(Duration::from_secs(3))
        .with_call(Duration::from_secs(5))
        .with_transfer(Duration::from_secs(30))
        .with_event_wait(Duration::ZERO)
}

/// Voting daemons.
pub(crate) struct Daemons(Vec<DaemonClient>);

impl Daemons {
    /// The daemons of a configuration; nothing is dialled yet.
    pub(crate) fn of(config: &WebConfig) -> Result<Self, CliError> {
        let unusable = |error: &dyn std::error::Error| CliError::Config(error.to_string());
        let options = config.daemon_clients().map_err(|error| unusable(&error))?;
        let client = |options: ClientOptions| DaemonClient::new(options.with_limits(limits()));
        let clients = options.into_iter().map(client).collect::<Result<_, _>>();
        clients.map(Self).map_err(|error| unusable(&error))
    }

    /// The daemons, in the order of the configuration.
    pub(crate) fn all(&self) -> Vec<&dyn VotingDaemon> {
        self.0.iter().map(|daemon| daemon as &dyn VotingDaemon).collect()
    }

    /// Asks all daemons; the answers come in the order of the configuration.
    pub(crate) async fn ask<T>(&self, question: impl AsyncFn(&DaemonClient) -> T) -> Vec<T> {
        join_all(self.0.iter().map(|daemon| question(daemon))).await
    }

    /// Gives all daemons the wanted state; the errors of those that did not take it.
    pub(super) async fn tell(&self, wanted: &DesiredState) -> Vec<DaemonError> {
        let told = self.ask(async |daemon| daemon.put_desired(wanted).await).await;
        told.into_iter().filter_map(Result::err).collect()
    }
}

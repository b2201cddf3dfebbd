//! The pool's wallets and daemons, as the web's configuration names them.

use std::sync::Arc;
use std::time::Duration;

use stakepool::wallets::VotingWallet;
use stakepool_config::WebConfig;
use stakepool_rpc::grpc::client::{ClientOptions, DaemonClient, DaemonClientLimits};
use stakepool_rpc::json::{CallLimits, ServerConfig, Wallet};

use crate::error::CliError;

// A person waits: shorter than the web's limits.
const CONNECT: Duration = Duration::from_secs(3);
const CALL: Duration = Duration::from_secs(5);
/// How long a daemon may take for an answer that carries everything.
pub(crate) const TRANSFER: Duration = Duration::from_secs(30);

/// The wallets. Connections begin at once, on the runtime that is entered.
pub(super) fn wallets(config: &WebConfig) -> Result<Vec<Arc<dyn VotingWallet>>, CliError> {
    let limits = CallLimits::default().with_connect(CONNECT).with_wait_for_connection(CONNECT).with_call(CALL);
    wallets_with(config, limits)
}

/// The same with the web's limits, for work that takes wallets long.
pub(super) fn patient_wallets(config: &WebConfig) -> Result<Vec<Arc<dyn VotingWallet>>, CliError> {
    wallets_with(config, CallLimits::default().with_wait_for_connection(CONNECT))
}

fn wallets_with(config: &WebConfig, limits: CallLimits) -> Result<Vec<Arc<dyn VotingWallet>>, CliError> {
    let connect = |server: ServerConfig| {
        let wallet = Wallet::connect(&server.with_limits(limits)).map_err(unusable)?;
        Ok(Arc::new(wallet) as Arc<dyn VotingWallet>)
    };
    config.wallet_servers().into_iter().map(connect).collect()
}

/// The daemons, in the order of the configuration. Nothing is dialled yet.
pub(super) fn daemons(config: &WebConfig) -> Result<Vec<Arc<DaemonClient>>, CliError> {
    let options = config.daemon_clients().map_err(unusable)?.into_iter();
    options.map(|options| DaemonClient::new(impatient(options)).map(Arc::new).map_err(unusable)).collect()
}

/// How to reach a daemon while a person waits.
pub(crate) fn impatient(options: ClientOptions) -> ClientOptions {
    let limits = DaemonClientLimits::default()
        .with_connect(CONNECT)
        .with_call(CALL)
        .with_transfer(TRANSFER)
        .with_event_wait(Duration::ZERO);
    options.with_limits(limits)
}

fn unusable<E: std::error::Error>(error: E) -> CliError {
    CliError::Config(error.to_string())
}

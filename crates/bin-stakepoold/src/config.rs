//! From the operator's configuration to the daemon's options, and the life of the process around them.

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::process::ExitCode;

use stakepool_config::{DaemonConfig, ListenAddress, RpcEndpoint, load_daemon};
use stakepool_rpc::grpc::{RpcToken, TokenError};
use stakepool_rpc::json::ServerConfig;
use tokio::net::lookup_host;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{DaemonOptions, run};

/// Exit code for a wrong configuration.
const BAD_CONFIGURATION: u8 = 2;

/// Why a configuration that reads well cannot be used on this machine.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// A name has no address.
    #[error("rpclisten: `{listen}` has no address on this machine: {reason}")]
    Listen {
        /// What was configured.
        listen: String,
        /// Why.
        reason: String,
    },
    /// The token cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// The options that a configuration asks for.
///
/// # Errors
/// [`ResolveError`] names the key.
pub async fn options_from_config(config: DaemonConfig) -> Result<DaemonOptions, ResolveError> {
    let mut listen = Vec::new();
    for address in &config.rpc_listen {
        listen.extend(resolve(address).await?);
    }
    let token = config.rpc_token.map(|token| RpcToken::new(token.expose())).transpose()?;
    Ok(DaemonOptions {
        network: config.network,
        cold_wallet_xpub: config.cold_wallet,
        max_users: config.max_users,
        pool_fee: config.pool_fee,
        wallets: config.wallets.iter().map(server).collect(),
        nodes: config.nodes.iter().map(server).collect(),
        listen,
        monitor_listen: config.monitor_listen.map(|listen| listen.tcp_candidates()).unwrap_or_default(),
        certificate: config.rpc_cert,
        key: config.rpc_key,
        token,
        client_certificates: None,
        allow_old_clients: false,
        datadir: config.data_dir,
        check_every: DaemonOptions::CHECK_EVERY,
    })
}

fn server(endpoint: &RpcEndpoint) -> ServerConfig {
    let password = endpoint.password.expose();
    ServerConfig::new(&endpoint.host, &endpoint.user, password, endpoint.certificate.pem.as_bytes())
}

async fn resolve(address: &ListenAddress) -> Result<Vec<SocketAddr>, ResolveError> {
    let mut reason = "gRPC is served over TCP only".to_owned();
    for candidate in address.tcp_candidates() {
        match lookup_host(&candidate).await {
            Ok(found) => {
                // A machine may know `localhost` as an IPv6 address that it cannot listen on.
                let usable = |found: &SocketAddr| std::net::TcpListener::bind((found.ip(), 0)).is_ok();
                let usable: Vec<_> = found.filter(usable).collect();
                if !usable.is_empty() {
                    return Ok(usable);
                }
                reason = "none of its addresses can be listened on".to_owned();
            }
            Err(error) => reason = error.to_string(),
        }
    }
    Err(ResolveError::Listen { listen: address.to_string(), reason })
}

/// The whole process: reads the configuration, runs until SIGINT or SIGTERM, and answers with an exit code: 0 after a
/// clean stop, 1 where it had to stop, 2 for a wrong configuration.
pub async fn main_with_arguments(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let env = |name: &str| std::env::var(name).ok();
    let version = concat!("stakepoold ", env!("CARGO_PKG_VERSION"));
    let invocation = match load_daemon(arguments, &env, &|path| std::fs::read_to_string(path)) {
        Ok(invocation) => invocation,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let config = match invocation.run_or_show(version, &mut io::stdout()) {
        Ok(Some(config)) => *config,
        Ok(None) => return ExitCode::SUCCESS,
        Err(_) => return ExitCode::FAILURE,
    };
    let filter = EnvFilter::try_new(&config.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let options = match options_from_config(config).await {
        Ok(options) => options,
        Err(error) => {
            eprintln!("stakepoold: {error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let started = |addresses: Vec<SocketAddr>| {
        tracing::info!(?addresses, "gRPC is served");
    };
    match run(options, started, until_signal()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            eprintln!("stakepoold: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ready at the first SIGINT or SIGTERM.
async fn until_signal() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

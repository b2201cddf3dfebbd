//! From the operator's configuration to the daemon's options, and the life of the process around them.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use stakepool::voting_key::{VotingKeyError, open_voting_branch_of};
use stakepool_config::{Certificate, DaemonConfig, Invocation, Problem, SealedVotingKey, load_daemon};
use stakepool_core::chain::{ExtendedPrivKey, Network};
use stakepool_core::secret::Secret;
use stakepool_core::voting::{FirstSigner, SourceReads};
use stakepool_db::PredecessorTables;
use stakepool_process::{NoAddress, Reloads, until_signal, usable_addresses};
use stakepool_rpc::grpc::server::Access;
use stakepool_rpc::grpc::{RpcToken, RpcTokenError};
use stakepool_rpc::json::ServerConfig;

use crate::check;
use crate::error::StakepooldError;
use crate::options::DaemonOptions;
use crate::run::run_renewed;

/// How often the database is polled, as by the predecessor.
const POLL: Duration = Duration::from_secs(240);

/// The flag by which nothing but a check is asked for.
const CHECK: &str = "--check-config";

/// Why a configuration that reads well cannot be used on this machine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// There is nowhere to listen.
    #[error("rpclisten: {0}")]
    Listen(#[from] NoAddress),
    /// The token cannot be used.
    #[error("rpctoken or rpctokennext: {0}")]
    Token(#[from] RpcTokenError),
    /// The voting wallets' key cannot be used.
    #[error("votingkey {}: {error}. Check votingkeypass, or make the file again with `stakepoolctl chain voting-key`", path.display())]
    VotingKey {
        /// The file.
        path: PathBuf,
        /// Why.
        error: VotingKeyError,
    },
}

/// The options that a configuration asks for.
///
/// # Errors
/// [`ResolveError`] names the key.
pub async fn options_from_config(config: DaemonConfig) -> Result<DaemonOptions, ResolveError> {
    let listen = listen_addresses(&config).await?;
    let voting_key = voting_key(&config)?;
    Ok(with_voting_key(options_at(config, listen)?, voting_key))
}

/// The voting wallets' key, and who signs first, where the configuration names the key.
fn voting_key(config: &DaemonConfig) -> Result<Option<(ExtendedPrivKey, FirstSigner)>, ResolveError> {
    let opened = |network: Network, SealedVotingKey { path, sealed, passphrase }: &SealedVotingKey| {
        open_voting_branch_of(sealed, passphrase, network)
            .map_err(|error| ResolveError::VotingKey { path: path.clone(), error })
    };
    let branch = config.voting_key.as_ref().map(|key| opened(config.network, key)).transpose()?;
    Ok(branch.map(|branch| (branch, config.first_signer)))
}

fn with_voting_key(options: DaemonOptions, key: Option<(ExtendedPrivKey, FirstSigner)>) -> DaemonOptions {
    match key {
        Some((branch, first)) => options.with_voting_key(branch, first),
        None => options,
    }
}

async fn listen_addresses(config: &DaemonConfig) -> Result<Vec<SocketAddr>, NoAddress> {
    let mut listen = Vec::new();
    for address in &config.rpc_listen {
        listen.extend(usable_addresses(address).await?);
    }
    Ok(listen)
}

/// The options of a daemon that listens on these addresses already.
fn options_at(config: DaemonConfig, listen: Vec<SocketAddr>) -> Result<DaemonOptions, ResolveError> {
    let token = |token: Option<Secret>| token.map(|token| RpcToken::new(token.expose())).transpose();
    // A file of the predecessor's knows no token, and its web shows none.
    let asks_nothing = config.rpc_token.is_none() && config.rpc_token_next.is_none() && config.rpc_clients.is_empty();
    let access = Access::default()
        .with_token(token(config.rpc_token)?)
        .with_next_token(token(config.rpc_token_next)?)
        .with_client_certificates((!config.rpc_clients.is_empty()).then(|| all_pem(&config.rpc_clients)))
        .with_old_clients(config.old_clients || asks_nothing);
    let options = DaemonOptions::new(config.network, config.cold_wallet, config.pool_fee, config.data_dir)
        .with_max_users(config.max_users)
        .with_old_cold_wallets(config.old_cold_wallets)
        .with_peers(
            config.wallets.iter().map(ServerConfig::from).collect(),
            config.nodes.iter().map(ServerConfig::from).collect(),
        )
        .with_listen(listen)
        .with_certificate(config.rpc_cert, config.rpc_key)
        .with_monitor_listen(config.monitor_listen.map(|listen| listen.tcp_candidates()).unwrap_or_default())
        .with_access(access);
    let Some(server) = config.database else { return Ok(options) };
    let tables = Arc::new(PredecessorTables::new(server));
    let polls = config.polls_database;
    Ok(options.with_source(if polls { SourceReads::polled(tables, POLL) } else { SourceReads::at_start(tables) }))
}

fn all_pem(certificates: &[Certificate]) -> Vec<u8> {
    certificates.iter().flat_map(|certificate| [certificate.pem.as_bytes(), b"\n"].concat()).collect()
}

/// Why the configured daemon does not run.
#[derive(Debug, thiserror::Error)]
enum ConfiguredError {
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Daemon(#[from] StakepooldError),
}

async fn run_configured(config: DaemonConfig, mut reloads: Reloads<DaemonConfig>) -> Result<(), ConfiguredError> {
    let listen = listen_addresses(&config).await.map_err(ResolveError::from)?;
    // Opened once, which takes its time: when the certificates are taken anew, it is not.
    let voting_key = voting_key(&config)?;
    let options = with_voting_key(options_at(config, listen.clone())?, voting_key);
    let started = |addresses: Vec<SocketAddr>| {
        if addresses.is_empty() {
            tracing::info!("the database is polled, and no gRPC is served");
        } else {
            tracing::info!(?addresses, "gRPC is served");
        }
        stakepool_process::ready();
    };
    let renewed = async || loop {
        // Where it listens is not asked again: a name that cannot be resolved now changes nothing.
        match options_at(reloads.next().await, listen.clone()) {
            Ok(options) => return options,
            Err(error) => tracing::error!(%error, "the new configuration is not used; the old one is kept"),
        }
    };
    Ok(run_renewed(options, renewed, started, until_signal()).await?)
}

/// The whole process: reads the configuration, runs until a signal stops it, and answers with an exit code: 0 after a
/// clean stop, 1 where it had to stop, 2 for a wrong configuration.
pub async fn main_with_arguments(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let env = |name: &str| std::env::var(name).ok();
    let arguments: Vec<OsString> = arguments.collect();
    let load = || load_daemon(arguments.iter().cloned(), &env, &|path| std::fs::read(path));
    let checked = stakepool_process::check_config(load(), async |places| {
        // The configuration with which it would run.
        let others: Vec<OsString> = arguments.iter().filter(|argument| *argument != CHECK).cloned().collect();
        let key = match load_daemon(others.into_iter(), &env, &|path| std::fs::read(path)) {
            Ok(Invocation::Run(config)) => voting_key(&config).map(drop),
            _ => Ok(()),
        };
        let mut found = check::machine(places).await;
        found.problems.extend(key.err().map(|error| Problem::Conflict(error.to_string())));
        found
    });
    if let Some(code) = checked.await {
        return code;
    }
    let version = concat!("stakepoold ", env!("CARGO_PKG_VERSION"));
    stakepool_process::run("stakepoold", version, load, run_configured).await
}

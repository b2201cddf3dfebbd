//! Why a pool does not start.

use std::io;
use std::path::PathBuf;

use stakepool::SetupError;
use stakepool::sealed::SealError;
use stakepool::vsp::VspError;
use stakepool::wallets::WalletsError;
use stakepool_core::accounts::{EmailError, InvalidApiKey, PasswordError};
use stakepool_core::chain::HdKeyError;
use stakepool_core::ports::StoreError;
use stakepool_db::DbError;
use stakepool_rpc::grpc::RpcTokenError;
use stakepool_rpc::grpc::client::ClientError;
use stakepool_rpc::json::ConfigError;
use stakepoold::StakepooldError;

/// Why a pool does not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each case is one crate's error, told in that crate's words")]
pub enum PoolStartError {
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Daemon(#[from] StakepooldError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Wallet(#[from] ConfigError),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Wallets(#[from] WalletsError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Token(#[from] RpcTokenError),
    #[error(transparent)]
    Key(#[from] HdKeyError),
    #[error(transparent)]
    Email(#[from] EmailError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    ApiKey(#[from] InvalidApiKey),
    #[error(transparent)]
    Vsp(#[from] VspError),
    #[error(transparent)]
    Seal(#[from] SealError),
}

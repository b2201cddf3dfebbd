//! Why a wallet of today does not get on with a pool.

use stakepool_core::chain::Amount;

use crate::error::SimError;

/// Why a wallet of today does not get on with a pool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VspClientError {
    /// The pool cannot be reached.
    #[error("the pool cannot be reached: {0}")]
    Unreachable(String),
    /// It answers with a status that wallets take for a pool that is away.
    #[error("{command}: http {status}")]
    Http {
        /// What was asked.
        command: &'static str,
        /// The status.
        status: u16,
    },
    /// Its answer is not signed by the key that the wallet has configured.
    #[error("{0}: the answer is not signed by the pool's key")]
    NotSigned(&'static str),
    /// Its answer is none to this request.
    #[error("{0}: the answer is not one to this request")]
    OtherRequest(&'static str),
    /// Its answer lacks a field, or cannot be read.
    #[error("{command}: the answer has no `{field}`")]
    Unreadable {
        /// What was asked.
        command: &'static str,
        /// What is missing.
        field: &'static str,
    },
    /// It refuses.
    #[error("{command}: {message} (code {code})")]
    Refused {
        /// What was asked.
        command: &'static str,
        /// The code.
        code: u64,
        /// Its words.
        message: String,
    },
    /// It asks for more than the wallet pays.
    #[error("the pool's fee is too high: {asked} > {most}")]
    TooDear {
        /// What it asks.
        asked: Amount,
        /// The most that the wallet pays.
        most: Amount,
    },
    /// The wallet has no such ticket.
    #[error("the wallet has no such ticket, or it vanished unmined")]
    UnknownTicket,
    /// The tickets or the fee cannot be bought.
    #[error(transparent)]
    Purchase(#[from] SimError),
}

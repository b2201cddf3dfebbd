//! What can go wrong with a call, before it is known whether a wallet or a node was called.

use std::time::Duration;

use stakepool_core::ports::{NodeError, WalletError};
use stakepool_core::sanitize::one_line;

use super::config::ConfigError;
use super::message::ServerError;

/// Why a server did not do what was asked. The server's name is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The configuration is unusable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no connection, or it broke before the answer.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The server refuses the user or the password.
    #[error("refuses the user name or password")]
    Unauthorized,
    /// The node takes the user for a limited one.
    #[error("takes the user for a limited one; use the full `rpcuser`")]
    LimitedUser,
    /// No answer in time. What was asked may have been done.
    #[error("did not answer `{method}` within {} ms", limit.as_millis())]
    Timeout {
        /// The call.
        method: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// An answer that says no.
    #[error("answered `{method}` with error {code}: {message}")]
    Rpc {
        /// The call.
        method: &'static str,
        /// The JSON-RPC code.
        code: i64,
        /// The server's words.
        message: String,
    },
    /// An answer that cannot be understood, or one of a server of another kind.
    #[error("answered `{method}` with something unexpected: {reason}")]
    Unexpected {
        /// The call.
        method: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl RpcError {
    pub(super) fn unexpected(method: &'static str, reason: impl ToString) -> Self {
        Self::Unexpected { method, reason: brief(&reason.to_string()) }
    }

    /// What a server answered to a call in the place of a result.
    pub(super) fn said(method: &'static str, error: &ServerError) -> Self {
        Self::Rpc { method, code: error.code, message: brief(&error.message) }
    }

    /// Whether it is an answer that the caller asked for as much as for any other: that a vote is with the node already, that
    /// there is no such block or transaction, that there are no agendas.
    pub(super) fn is_an_answer(&self) -> bool {
        let Self::Rpc { method, code, message } = self else { return false };
        match *method {
            "sendrawtransaction" => SENT_BEFORE.iter().any(|words| message.contains(words)),
            "getblockhash" => *code == OUT_OF_RANGE,
            "getblock" | "getrawtransaction" => *code == UNKNOWN,
            "getvoteinfo" => says_there_are_no_agendas(*code, message),
            _ => false,
        }
    }

    /// The error of a wallet. Words that have a meaning of their own get their own variant.
    pub(super) fn for_wallet(self, wallet: &str) -> WalletError {
        let wallet = wallet.to_owned();
        match self {
            Self::Config(error) => WalletError::Unreachable { wallet, reason: error.to_string() },
            Self::Unreachable(reason) => WalletError::Unreachable { wallet, reason },
            Self::Unauthorized => WalletError::Unauthorized { wallet },
            Self::LimitedUser => WalletError::Unexpected {
                wallet,
                method: "version".to_owned(),
                reason: "this is a node that takes the user for a limited one; check wallethost(s)".to_owned(),
            },
            Self::Timeout { method, limit } => {
                WalletError::Timeout { wallet, method: method.to_owned(), millis: millis(limit) }
            }
            Self::Rpc { code, message, .. } if is_locked(code, &message) => WalletError::Locked { wallet },
            Self::Rpc { code: WALLET_ERROR, message, .. } if message.contains("VSP features are disabled") => {
                WalletError::PoolFeaturesDisabled { wallet }
            }
            Self::Rpc { method: "generatevote", message, .. } if is_unknown_ticket(&message) => {
                WalletError::UnknownTicket { wallet, message }
            }
            Self::Rpc { code: NOT_CONNECTED, message, .. } => {
                WalletError::Unreachable { wallet, reason: format!("it is not connected to its node ({message})") }
            }
            Self::Rpc { method, code, message } => {
                WalletError::Rpc { wallet, method: method.to_owned(), code, message }
            }
            Self::Unexpected { method, reason } => {
                WalletError::Unexpected { wallet, method: method.to_owned(), reason }
            }
        }
    }

    /// The error of a node.
    pub(super) fn for_node(self, node: &str) -> NodeError {
        let node = node.to_owned();
        match self {
            Self::Config(error) => NodeError::Unreachable { node, reason: error.to_string() },
            Self::Unreachable(reason) => NodeError::Unreachable { node, reason },
            Self::Unauthorized => NodeError::Unauthorized { node },
            Self::LimitedUser => NodeError::LimitedUser { node },
            Self::Timeout { method, limit } => {
                NodeError::Timeout { node, method: method.to_owned(), millis: millis(limit) }
            }
            Self::Rpc { method, code, message } => NodeError::Rpc { node, method: method.to_owned(), code, message },
            Self::Unexpected { method, reason } => NodeError::Unexpected { node, method: method.to_owned(), reason },
        }
    }
}

/// One line of a length that can be read: the words are the server's, and errors of decoding can repeat a whole answer.
pub(super) fn brief(reason: &str) -> String {
    const LONGEST: usize = 400;
    one_line(reason, LONGEST)
}

/// The very same vote waits in the node's memory, or is in a block already: another daemon was faster.
pub(super) const SENT_BEFORE: [&str; 2] = ["already have transaction", "transaction already exists"];

/// A node's codes: a height out of range, and unknown blocks and transactions.
pub(super) const OUT_OF_RANGE: i64 = -1;
pub(super) const UNKNOWN: i64 = -5;

/// Whether a refusal of `getvoteinfo` says that the version has no agendas. The codes mean other things, too, so that the
/// words count.
pub(super) fn says_there_are_no_agendas(code: i64, message: &str) -> bool {
    match code {
        -8 => message.contains("unrecognized vote version"),
        -32603 => message.contains("stake version") && message.contains("does not exist"),
        _ => false,
    }
}

/// A wallet's error of no particular kind.
const WALLET_ERROR: i64 = -4;
/// A wallet's error where a call needs its node, which is away.
const NOT_CONNECTED: i64 = -9;
/// A wallet's error where a call needs it unlocked.
const UNLOCK_NEEDED: i64 = -13;

fn is_locked(code: i64, message: &str) -> bool {
    code == UNLOCK_NEEDED || (code == WALLET_ERROR && message.contains("address manager is locked"))
}

/// How the generations say that they do not know a ticket; the codes mean other things, too.
fn is_unknown_ticket(message: &str) -> bool {
    ["item does not exist", "ticket purchase transaction not found"].iter().any(|words| message.contains(words))
}

fn millis(limit: Duration) -> u64 {
    limit.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wallet_error(code: i64, message: &str) -> WalletError {
        RpcError::Rpc { method: "generatevote", code, message: message.to_owned() }.for_wallet("w")
    }

    #[test]
    fn a_wallets_words_become_errors_that_can_be_told_apart() {
        let wallet = "w".to_owned();
        assert_eq!(wallet_error(-4, "address manager is locked"), WalletError::Locked { wallet: wallet.clone() });
        assert_eq!(wallet_error(-13, "wallet or account locked"), WalletError::Locked { wallet: wallet.clone() });
        assert_eq!(
            wallet_error(-4, "wallet.StakePoolUserInfo: invalid operation: VSP features are disabled"),
            WalletError::PoolFeaturesDisabled { wallet }
        );
        assert!(wallet_error(-9, "disconnected from consensus RPC").is_transient());
        for words in
            ["wallet.GenerateVoteTx: item does not exist: tx 00ab not found", "ticket purchase transaction not found"]
        {
            assert!(matches!(wallet_error(-4, words), WalletError::UnknownTicket { .. }), "{words}");
        }
        assert!(matches!(wallet_error(-4, "checksum mismatch"), WalletError::Rpc { code: -4, .. }));
    }

    #[test]
    fn what_a_caller_asks_to_learn_is_no_failure_of_the_call() {
        let said = |method, code, message: &str| RpcError::Rpc { method, code, message: message.to_owned() };
        for answer in [
            said("sendrawtransaction", -40, "rejected transaction: already have transaction 00ab"),
            said("getblockhash", -1, "Block number out of range"),
            said("getblock", -5, "Block not found"),
            said("getrawtransaction", -5, "No information available about transaction"),
            said("getvoteinfo", -8, "unrecognized vote version"),
        ] {
            assert!(answer.is_an_answer(), "{answer}");
        }
        for failure in [
            said("sendrawtransaction", -1, "rejected transaction"),
            said("getblock", -1, "internal"),
            said("gettickets", -5, "no"),
            RpcError::Unreachable("refused".to_owned()),
        ] {
            assert!(!failure.is_an_answer(), "{failure}");
        }
    }

    #[test]
    fn a_reason_does_not_repeat_a_whole_answer() {
        let RpcError::Unexpected { reason, .. } = RpcError::unexpected("getblock", "ü".repeat(1000)) else {
            panic!("unexpected")
        };
        assert_eq!(reason.chars().count(), 201);
    }

    #[test]
    fn a_servers_words_forge_no_line_of_the_log() {
        let error = ServerError { code: -1, message: format!("no\nINFO voted\u{1b}[2J{}", "x".repeat(1000)) };
        let text = RpcError::said("getblock", &error).for_node("n").to_string();
        assert!(text.contains("error -1: no\\nINFO voted\\u{1b}[2Jxxx") && text.len() < 500, "{text}");
    }

    #[test]
    fn a_nodes_words_stay_as_they_are() {
        let error = RpcError::Rpc { method: "getblock", code: -5, message: "Block not found".to_owned() }.for_node("n");
        assert_eq!(error.to_string(), "node n answered `getblock` with error -5: Block not found");
        let error = RpcError::Timeout { method: "getblock", limit: Duration::from_secs(2) }.for_node("n");
        assert_eq!(error.to_string(), "node n did not answer `getblock` within 2000 ms");
    }
}

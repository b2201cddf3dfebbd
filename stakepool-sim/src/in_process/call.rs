//! A call within this process, and what can be in its way.

use std::time::Duration;

use stakepool_core::ports::{NodeError, WalletError};
use tokio::time::timeout;

use crate::faults::Injected;
use crate::program::{NoEntry, Program};

/// How long an answer may take, as the clients of real programs have it.
const ANSWER: Duration = Duration::from_secs(10);
/// How long looking through the chain again may take.
const RESCAN: Duration = Duration::from_secs(3600);

/// Why a program did not come to answer a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    NoEntry(NoEntry),
    /// The connection broke while the call was under way.
    Broke,
    Timeout(Duration),
    /// A test made it fail.
    Injected(Injected),
}

/// Waits until a program has taken a call and comes to answer it.
///
/// # Errors
/// [`Unanswered`] where it does not.
pub(super) async fn reach(program: &Program, method: &str) -> Result<(), Unanswered> {
    let mut broken = program.breaker();
    program.entry().map_err(Unanswered::NoEntry)?;
    let limit = if method == "rescanwallet" { RESCAN } else { ANSWER };
    tokio::select! {
        biased;
        _ = broken.changed() => Err(Unanswered::Broke),
        taken = timeout(limit, program.receive(method)) => match taken {
            Ok(taken) => taken.map_err(Unanswered::Injected),
            Err(_) => Err(Unanswered::Timeout(limit)),
        },
    }
}

const STOPPED: &str = "it does not run";
const UNAVAILABLE: &str = "it answers 503 Service Unavailable";
const BROKE: &str = "the connection broke";

fn millis(limit: Duration) -> u64 {
    limit.as_millis().try_into().unwrap_or(u64::MAX)
}

impl Unanswered {
    /// The error of a node.
    pub(super) fn of_node(self, node: &str, method: &str) -> NodeError {
        let (node, method) = (node.to_owned(), method.to_owned());
        match self {
            Self::NoEntry(NoEntry::Stopped) => NodeError::Unreachable { node, reason: STOPPED.to_owned() },
            Self::NoEntry(NoEntry::Unavailable) => NodeError::Unreachable { node, reason: UNAVAILABLE.to_owned() },
            Self::NoEntry(NoEntry::Unauthorized) => NodeError::Unauthorized { node },
            Self::NoEntry(NoEntry::LimitedUser) => NodeError::LimitedUser { node },
            Self::Broke => NodeError::Unreachable { node, reason: BROKE.to_owned() },
            Self::Timeout(limit) => NodeError::Timeout { node, method, millis: millis(limit) },
            Self::Injected(Injected { code, message }) => NodeError::Rpc { node, method, code, message },
        }
    }

    /// The error of a wallet, which has no limited users.
    pub(super) fn of_wallet(self, wallet: &str, method: &str) -> WalletError {
        let (wallet, method) = (wallet.to_owned(), method.to_owned());
        match self {
            Self::NoEntry(NoEntry::Stopped) => WalletError::Unreachable { wallet, reason: STOPPED.to_owned() },
            Self::NoEntry(NoEntry::Unavailable) => WalletError::Unreachable { wallet, reason: UNAVAILABLE.to_owned() },
            Self::NoEntry(NoEntry::Unauthorized | NoEntry::LimitedUser) => WalletError::Unauthorized { wallet },
            Self::Broke => WalletError::Unreachable { wallet, reason: BROKE.to_owned() },
            Self::Timeout(limit) => WalletError::Timeout { wallet, method, millis: millis(limit) },
            Self::Injected(Injected { code, message }) => WalletError::Rpc { wallet, method, code, message },
        }
    }
}

//! How the pool is: one judge of wallets, daemons and settings, for every front end.

mod advice;
mod closing;
mod comparison;
mod daemon;
mod finding;
mod judge;
mod key_indexes;
mod lag;
mod mail;
mod now;
mod pairs;
#[cfg(test)]
mod tests;
mod trouble;
mod unknown;
#[cfg(feature = "vsp")]
mod vsp;
mod wallet;

pub use advice::Severity;
pub use closing::ClosingReport;
pub use comparison::ComparedWallet;
pub use daemon::{DaemonCondition, DaemonReport, OwnProblem};
pub use finding::Finding;
pub use judge::{Overall, PoolStatus, Seen};
pub use trouble::{OpenTrouble, Trouble};
pub use unknown::{Reporter, UnknownAddressReport};
pub use wallet::{WalletCondition, WalletReport};

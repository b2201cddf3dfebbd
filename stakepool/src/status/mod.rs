//! How the pool is: one judge of wallets, daemons and settings, for every front end.

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
mod unknown;
#[cfg(feature = "vsp")]
mod vsp;
mod wallet;

pub use closing::ClosingReport;
pub use comparison::ComparedWallet;
pub use daemon::{DaemonCondition, DaemonReport, OwnProblem};
pub use finding::Finding;
pub use judge::{Overall, PoolStatus, Seen};
pub use unknown::{Reporter, UnknownAddressReport};
pub use wallet::{WalletCondition, WalletReport};

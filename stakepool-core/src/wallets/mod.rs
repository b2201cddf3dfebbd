//! The pool's voting wallets as a group: quorum, health and recovery.

mod agreement;
mod census;
mod comparison;
mod error;
mod group;
mod heights;
mod import;
mod member;
mod missing;
mod probe;
mod reads;
mod recovery;
mod writes;

pub use agreement::Agreement;
pub use census::{ScriptCensus, UnknownScript};
pub use comparison::{MissingScript, WalletComparison, WalletSync};
pub use error::GroupError;
pub use group::WalletGroup;
pub use heights::RecentHeights;
pub use member::{Health, MemberStatus, PendingRepairs};
pub use recovery::{BroughtOver, Progress};

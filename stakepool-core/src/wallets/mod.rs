//! The pool's voting wallets as a group: quorum, health and recovery.

mod agreement;
mod group;
mod import;
mod member;
mod recovery;

pub use agreement::Agreement;
pub use group::{GroupError, WalletGroup};
pub use member::{Health, MemberStatus, PendingRepairs};

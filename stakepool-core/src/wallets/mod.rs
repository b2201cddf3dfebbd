//! The pool's voting wallets as a group: quorum, health and recovery.

mod group;
mod import;
mod member;
mod recovery;

pub use group::{Agreement, GroupError, WalletGroup};
pub use member::{Health, MemberStatus, PendingRepairs};

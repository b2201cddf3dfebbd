//! The pool's stores: the traits of `stakepool_core::ports` on a database.
//!
//! [`Database::open_sqlite`] opens a file, or makes it. What a rule is, and not how an engine stores it, stands in
//! `stakepool_core::store_rules`, and the conformance suite of `stakepool_core::testkit` runs for every engine.

mod error;
mod sqlite;
mod warning;

pub use error::DbError;
pub use sqlite::{AuditLine, Database, Existing, Health, LostUser, Restorable, SetAside, Since, SqliteOptions};
pub use warning::Warning;

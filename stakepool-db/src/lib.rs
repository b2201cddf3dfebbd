//! The pool's stores: the traits of `stakepool_core::ports` on a database.
//!
//! [`Database::open_sqlite`] opens a file, or makes it. What a rule is, and not how an engine stores it,
//! stands outside of the engine's folder, and the conformance suite in `tests/db` runs for every engine.

mod email;
mod error;
mod merge;
mod sqlite;
mod warning;

pub use error::DbError;
pub use sqlite::{Database, Health, SqliteOptions};
pub use warning::Warning;

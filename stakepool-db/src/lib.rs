#![doc = include_str!("../README.md")]

mod adopt;
mod changed;
mod copy_mark;
mod copying;
mod database;
mod engine;
mod error;
mod gaps;
mod health;
mod inspection;
mod layout;
mod mysql;
mod purpose;
mod restoring;
mod retries;
mod sql;
mod sqlite;
mod stores;
mod takeover;
mod warning;

pub use copying::{Copied, CopiedTable, CopyEnd, Meanwhile, Progress, Step as CopyStep, back_up_server, copy};
pub use database::Database;
pub use error::DbError;
pub use health::DatabaseHealth;
pub use inspection::{Configured, Defect, Inspection, Severity};
pub use mysql::PredecessorTables;
pub use restoring::{AuditLine, LostUser, Restorable, SetAside, Since};
pub use sqlite::{Existing, SqliteOptions, Verified};
pub use takeover::Takeover;
pub use warning::Warning;

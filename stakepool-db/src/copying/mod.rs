//! A pool goes from one database to another, of whichever engine.
//!
//! The source is read in one transaction, so that it is of one moment, and never written. The target is written in pieces, each
//! a transaction: what was cut off anywhere goes on behind the last piece. It is marked as unfinished until every table was
//! compared, and no program serves from it before.

mod backup;
mod copy_end;
mod fingerprint;
mod in_use;
mod rows;
mod run;
mod source;
mod target;

pub use self::backup::back_up_server;
pub use self::copy_end::CopyEnd;
pub use self::in_use::Meanwhile;
pub(crate) use self::run::copy_as;
pub use self::run::{Copied, CopiedTable, Progress, Step, copy};

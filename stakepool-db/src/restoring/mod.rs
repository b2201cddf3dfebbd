//! A backup of an SQLite file takes the file's place.

mod restore;
mod since;

pub use self::restore::{Restorable, SetAside};
pub use self::since::{AuditLine, LostUser, Since};

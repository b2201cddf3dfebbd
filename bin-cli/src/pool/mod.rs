//! The pool that is administered: its database, wallets and daemons, found by the web application's configuration.

mod config;
mod open;
mod peers;
mod user;

pub(crate) use self::config::PoolArguments;
pub(crate) use self::open::{ACTOR, Absent, OpenPool, open_database};
pub(crate) use self::peers::{TRANSFER, impatient};
pub(crate) use self::user::find_user;

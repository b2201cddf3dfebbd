//! A database on a server of MySQL or MariaDB.
//!
//! Transactions read what is committed (READ COMMITTED), and writers that must not come between each other go one after the
//! other by a row of `turns`. Whatever a server does to a transaction that another one in its place would survive (a
//! deadlock, a lost connection, a node that leaves its cluster), it begins again.

mod choice;
mod connect;
mod desired;
mod failure;
mod health;
mod host;
mod hosts;
mod inspect;
mod jitter;
mod open;
mod operation;
mod schema;
mod server;

pub use self::desired::PredecessorTables;
pub(crate) use self::failure::text_of;
pub(crate) use self::health::health;
pub(crate) use self::inspect::{inspect, other_sessions};
pub(crate) use self::open::{check, open, open_once, open_once_ready, open_ready};
pub(crate) use self::operation::Operation;
pub(crate) use self::schema::{drop_indexes, layouts, make_indexes, unindexed};
pub(crate) use self::server::{Begun, Server};

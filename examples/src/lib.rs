//! How to put a pool together from the crates: voting daemons, wallets, the database and the pool, in one process, on a
//! simulated network; and the web application on top.
//!
//! [`SmallPool`] is what `cargo run --release --example demo` and the tests across crates run on. On a real network
//! only the endpoints differ, and daemons run beside their wallets, each in a process of its own.

mod daemon;
mod pool;
mod server_config;
mod web;
mod web_config;

pub use daemon::PoolDaemon;
pub use pool::{PoolOptions, PoolStartError, SmallPool};
pub use server_config::server_config;
pub use web::{SmallWeb, web_options};
pub use web_config::write_web_config;

//! How to put a pool together from the crates: voting daemons, wallets, the database and the pool, in one process, on a
//! simulated network; and the web application on top.
//!
//! [`SmallPool`] is what `cargo run --release --example demo` and the tests across crates run on. On a real network
//! only the endpoints differ, and daemons run beside their wallets, each in a process of its own.
//!
//! Small programs, each for one question, which `cargo run -p stakepool-examples --example NAME` runs to their end:
//!
//! | name | shows |
//! | --- | --- |
//! | `ticket` | the address of a user and the verdict on a ticket, by computing alone |
//! | `voter` | a voting daemon on a wallet of one's own |
//! | `registration` | registration over three wallets, one of which disagrees at first |
//! | `store` | a store of one's own among those of a pool, and the tests that it must pass |
//! | `axum` | the pool under another web framework |
//! | `client` | a gRPC client of a voting daemon |
//! | `simulated` | tests on the simulated network |

mod daemon;
mod place;
mod pool;
mod pool_error;
mod secret_file;
mod server_config;
mod vsp;
mod web;
mod web_config;

pub use daemon::PoolDaemon;
pub use place::{Place, PlaceError};
pub use pool::{PoolOptions, SmallPool};
pub use pool_error::PoolStartError;
pub use server_config::server_config;
pub use web::{SmallWeb, web_options};
pub use web_config::write_web_config;

//! Domain and orchestration of an EXCC stake pool, without any I/O.
//!
//! Everything that the outside must provide (wallets, a node, stores, time) stands behind the traits of [`ports`];
//! everything that the pool knows by itself is computed in [`chain`] and [`ticket`].

pub mod accounts;
pub mod alert;
pub mod audit;
pub mod chain;
pub mod desired;
pub mod log_throttle;
pub mod ports;
pub mod reports;
pub mod sanitize;
pub mod secret;
pub mod single_flight;
pub mod ticket;
pub mod time;
pub mod voting;
pub mod wallets;

pub use secp256k1;

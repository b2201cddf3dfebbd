//! Domain and orchestration of an EXCC stake pool, without any I/O.
//!
//! Everything that the outside must provide (wallets, a node, stores, time) stands behind the traits of [`ports`];
//! everything that the pool knows by itself is computed in [`chain`] and [`ticket`].

#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod accounts;
pub mod alert;
pub mod audit;
#[cfg(feature = "chain")]
pub mod chain;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod desired;
pub mod log_throttle;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod ports;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod reports;
pub mod sanitize;
pub mod secret;
#[cfg(any(feature = "accounts", feature = "engine"))]
pub mod single_flight;
#[cfg(feature = "chain")]
mod spread;
#[cfg(feature = "testkit")]
pub mod testkit;
#[cfg(feature = "chain")]
pub mod ticket;
pub mod time;
#[cfg(feature = "engine")]
pub mod voting;
#[cfg(all(feature = "accounts", feature = "engine"))]
pub mod wallets;

#[cfg(feature = "chain")]
pub use secp256k1;

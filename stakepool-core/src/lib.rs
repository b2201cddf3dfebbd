//! Domain and orchestration of an EXCC stake pool, without any I/O.
//!
//! Everything that the outside must provide (wallets, a node, stores, time) stands behind the traits of [`ports`];
//! everything that the pool knows by itself is computed in [`chain`] and [`ticket`].

pub mod accounts;
pub mod alerts;
pub mod audit;
pub mod chain;
pub mod low_fee;
pub mod ports;
pub mod registration;
pub mod seldom;
pub mod text;
pub mod ticket;
pub mod time;
pub mod voting;
pub mod wallets;

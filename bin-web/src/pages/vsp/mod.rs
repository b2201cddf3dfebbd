//! Pages for owners of tickets that wallets of today register: without an account.

pub mod buying;
pub mod claims;
mod refused;
pub mod ticket;

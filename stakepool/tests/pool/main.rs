//! Tests of a pool as its users see it, on fake wallets.

#![allow(clippy::unwrap_used)]

mod wallets;

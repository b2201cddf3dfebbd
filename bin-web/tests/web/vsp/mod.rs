//! Wallets of today: the API v3 over a scripted node.

mod claims;
mod limits;
mod pages;
mod replay;
mod scene;
mod tickets;
mod transport;

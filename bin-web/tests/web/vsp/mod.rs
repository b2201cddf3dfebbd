//! Wallets of today: the API v3 over a scripted node.

mod limits;
mod replay;
mod scene;
mod transport;

//! A wallet of today, as far as it asks a pool (the API v3): it buys tickets, registers them, pays their fees and looks after
//! them with the pauses of exccwallet.

mod asking;
mod client;
mod error;
mod http;
mod kept;
mod server;

pub use client::VspClient;
pub use error::VspClientError;
pub use http::HttpVspServer;
pub use kept::FeeStage;
pub use server::VspServer;

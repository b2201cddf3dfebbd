//! Programs as servers: TLS, authentication, HTTPS POST and websockets.

mod context;
mod endpoint;
mod http;
mod listener;
mod node;
mod switches;
mod tls;
mod wallet;
mod websocket;

pub use endpoint::Endpoint;
pub use node::NodeServer;
pub use switches::Server;
pub use wallet::WalletServer;

//! Where a server is, and who may talk to it.

use std::net::SocketAddr;

/// How to reach a server.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Address and port.
    pub host: SocketAddr,
    /// The full user of its JSON-RPC.
    pub user: String,
    /// That user's password.
    pub password: String,
    /// The certificate that it shows, to be pinned.
    pub certificate_pem: String,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.host).field("user", &self.user).finish_non_exhaustive()
    }
}

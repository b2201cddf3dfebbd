//! A node's server, with the switches that only nodes have.

use std::ops::Deref;

use super::switches::Server;

/// The server of a node.
#[derive(Clone)]
pub struct NodeServer {
    server: Server,
}

impl Deref for NodeServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl NodeServer {
    pub(crate) const fn new(server: Server) -> Self {
        Self { server }
    }

    /// Takes the user for a limited one, who may not subscribe to tickets.
    pub fn limited_user(&self, on: bool) {
        self.server.set(|faults| faults.limited_user = on);
    }

    /// Sends every notification twice.
    pub fn duplicate_notifications(&self, on: bool) {
        self.server.set(|faults| faults.duplicate_notifications = on);
    }

    /// Sends the notifications of a block in reverse order.
    pub fn disorder_notifications(&self, on: bool) {
        self.server.set(|faults| faults.disorder_notifications = on);
    }
}

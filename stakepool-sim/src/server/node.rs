//! A node's server, with the switches that only nodes have.

use std::ops::Deref;
use std::sync::Arc;

use super::switches::Server;
use crate::in_process::SimNode;

/// A node, with the switches that only nodes have; those of [`Server`] come with it.
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

    /// The node within this process, without TLS or a socket: for what takes a
    /// [`Node`](stakepool_core::ports::Node). All of them are the same node.
    pub fn in_process(&self) -> Arc<SimNode> {
        Arc::new(SimNode::new(Arc::clone(self.server.program())))
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

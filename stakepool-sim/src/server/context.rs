//! What the connections of a server share.

use std::sync::Arc;

use stakepool_core::chain::sha256;

use crate::program::Program;

/// A program and who may talk to it.
pub(super) struct ServerContext {
    pub program: Arc<Program>,
    pub user: String,
    pub password: String,
}

impl ServerContext {
    /// A server of a program. User and password follow from its name.
    pub(super) fn new(program: Arc<Program>) -> Self {
        let user = program.name().to_owned();
        let digest = sha256(user.as_bytes());
        Self { program, password: hex::encode(&digest[..12]), user }
    }

    /// Whether these are the right credentials, at the moment.
    pub(super) fn knows(&self, user: &str, password: &str) -> bool {
        !self.program.faults().refuse_credentials && user == self.user && password == self.password
    }
}

//! The switches that every server has.

use std::sync::Arc;
use std::time::Duration;

use super::context::ServerContext;
use super::endpoint::Endpoint;
use super::listener::Listener;
use crate::error::SimError;
use crate::faults::{FaultSet, Injected};
use crate::program::Program;

/// A node or wallet of the network, with its switches. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Server {
    context: Arc<ServerContext>,
    /// `None` where it serves within this process only.
    listener: Option<Arc<Listener>>,
}

impl Server {
    /// Starts a program and serves it on a free port of the loopback interface.
    pub(crate) async fn listening(program: Arc<Program>) -> Result<Self, SimError> {
        let context = Arc::new(ServerContext::new(program));
        let listener = Listener::bind(context.program.name().to_owned(), Arc::clone(&context)).await?;
        context.program.start();
        Ok(Self { context, listener: Some(Arc::new(listener)) })
    }

    /// Starts a program that is reached within this process only.
    pub(crate) fn in_process_only(program: Arc<Program>) -> Self {
        let context = Arc::new(ServerContext::new(program));
        context.program.start();
        Self { context, listener: None }
    }

    /// How to reach the server over TLS.
    ///
    /// # Panics
    /// In a network [without servers](crate::SimNetworkBuilder::without_servers): a mistake of the test.
    pub fn endpoint(&self) -> Endpoint {
        let Some(listener) = &self.listener else {
            panic!("{} has no address: the network was made without servers", self.program().name())
        };
        Endpoint {
            host: listener.address(),
            user: self.context.user.clone(),
            password: self.context.password.clone(),
            certificate_pem: listener.certificate_pem().to_owned(),
        }
    }

    /// Stops the server: its port refuses connections, and the open ones break. With the last node that stops, the
    /// votes and revocations are lost that wait to be mined, as nodes keep them in memory only.
    pub async fn stop(&self) {
        if let Some(listener) = &self.listener {
            listener.stop().await;
        }
        self.program().stop();
    }

    /// Stops the server without waiting for its port to be free.
    pub(crate) fn abort(&self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
        self.program().stop();
    }

    /// Starts the server again, on the same port and with the same certificate. Nothing happens while it runs.
    ///
    /// # Errors
    /// [`SimError::Listen`] where the port was taken by another program.
    pub async fn start(&self) -> Result<(), SimError> {
        if let Some(listener) = &self.listener {
            listener.start(&self.context).await?;
        }
        self.program().start();
        Ok(())
    }

    /// Breaks all open connections; new ones are welcome.
    pub fn drop_connections(&self) {
        self.program().drop_connections();
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut FaultSet)) {
        self.program().change_faults(change);
    }

    /// Makes the server fall silent like a stopped process: it accepts connections and requests, but answers nothing,
    /// pings included, and sends nothing, until it hears again.
    pub fn deaf(&self, on: bool) {
        self.program().set_deaf(on);
    }

    /// Delays every answer to a method; `"*"` stands for all that have no delay of their own.
    pub fn slow(&self, method: &str, delay: Duration) {
        self.set(|faults| {
            faults.delays.insert(method.to_owned(), delay);
        });
    }

    /// Ends all delays.
    pub fn fast(&self) {
        self.set(|faults| faults.delays.clear());
    }

    /// Answers 503 to everything, as a node does beyond its limits.
    pub fn unavailable(&self, on: bool) {
        self.set(|faults| faults.unavailable = on);
    }

    /// Refuses the right credentials, as after a change of the password.
    pub fn refuse_credentials(&self, on: bool) {
        self.set(|faults| faults.refuse_credentials = on);
    }

    /// Answers a method with this JSON-RPC error from now on.
    pub fn fail(&self, method: &str, code: i64, message: &str) {
        self.set(|faults| {
            faults.failures.insert(method.to_owned(), Injected { code, message: message.to_owned() });
        });
    }

    /// Ends what [`Server::fail`] began, for all methods.
    pub fn heal(&self) {
        self.set(|faults| faults.failures.clear());
    }

    /// How many requests for a method the server has received since it was made.
    pub fn calls(&self, method: &str) -> usize {
        self.program().faults().calls.get(method).copied().unwrap_or(0)
    }

    pub(crate) fn program(&self) -> &Arc<Program> {
        &self.context.program
    }
}

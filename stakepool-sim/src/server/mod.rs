//! The servers: TLS, authentication, HTTPS POST and websockets, and the faults of each.

mod faults;
mod http;
mod listener;
mod tls;
mod wallet;
mod websocket;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stakepool_core::chain::{Generation, sha256};
use tokio::sync::watch;

use crate::error::SimError;
use crate::network::Shared;
use crate::sync::lock;

pub(crate) use faults::FaultSet;
use listener::Listener;
pub use wallet::WalletServer;

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A node with its number.
    Node(usize),
    /// A wallet with its number.
    Wallet(usize),
}

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

/// What the tasks of a server share.
pub(crate) struct ServerContext {
    pub role: Role,
    pub shared: Arc<Shared>,
    pub user: String,
    pub password: String,
    pub faults: Arc<Mutex<FaultSet>>,
    /// False while the server is deaf.
    pub hearing: watch::Sender<bool>,
}

impl ServerContext {
    /// Whether the program is one of today's.
    pub(crate) fn is_todays(&self) -> bool {
        self.shared.read(|state| state.chain.generation == Generation::Today)
    }

    /// Waits until the server is not deaf.
    pub(crate) async fn hear(&self) {
        // The sender lives as long as the context, so that waiting cannot fail.
        let _ = self.hearing.subscribe().wait_for(|hearing| *hearing).await;
    }
}

/// A server of the network, with its switches. Cheap to clone; all clones are the same server.
#[derive(Clone)]
pub struct Server {
    context: Arc<ServerContext>,
    listener: Arc<Listener>,
}

impl Server {
    /// Makes a server and starts it on a free port of the loopback interface.
    pub(crate) async fn start_new(role: Role, shared: Arc<Shared>) -> Result<Self, SimError> {
        let name = match role {
            Role::Node(number) => format!("node{number}"),
            Role::Wallet(number) => format!("wallet{number}"),
        };
        let digest = sha256(name.as_bytes());
        let context = Arc::new(ServerContext {
            role,
            shared,
            password: hex::encode(&digest[..12]),
            faults: Arc::new(Mutex::new(FaultSet::default())),
            user: name.clone(),
            hearing: watch::Sender::new(true),
        });
        let listener = Arc::new(Listener::bind(name, Arc::clone(&context)).await?);
        let server = Self { context, listener };
        server.note_start();
        Ok(server)
    }

    /// How to reach the server.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            host: self.listener.address(),
            user: self.context.user.clone(),
            password: self.context.password.clone(),
            certificate_pem: self.listener.certificate_pem().to_owned(),
        }
    }

    /// Stops the server: its port refuses connections, and the open ones break. With the last node that stops, the
    /// votes and revocations are lost that wait to be mined, as nodes keep them in memory only.
    pub async fn stop(&self) {
        self.listener.stop().await;
        if let Role::Node(number) = self.context.role {
            self.context.shared.write(|state| state.node_stopped(number));
        }
    }

    fn note_start(&self) {
        if let Role::Node(number) = self.context.role {
            self.context.shared.write(|state| state.node_started(number));
        }
    }

    /// Starts the server again, on the same port and with the same certificate. Nothing happens while it runs.
    ///
    /// # Errors
    /// [`SimError::Listen`] where the port was taken by another program.
    pub async fn start(&self) -> Result<(), SimError> {
        self.listener.start(&self.context).await?;
        self.note_start();
        Ok(())
    }

    /// Breaks all open connections; new ones are welcome.
    pub fn drop_connections(&self) {
        self.listener.drop_connections();
    }

    fn set(&self, change: impl FnOnce(&mut FaultSet)) {
        change(&mut lock(&self.context.faults));
    }

    /// Makes the server fall silent like a stopped process: it accepts connections and requests, but answers nothing,
    /// pings included, and tells nothing, until it hears again.
    pub fn deaf(&self, on: bool) {
        self.context.hearing.send_replace(!on);
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

    /// Takes the user for a limited one, who may not subscribe to tickets.
    pub fn limited_user(&self, on: bool) {
        self.set(|faults| faults.limited_user = on);
    }

    /// Answers a method with this JSON-RPC error from now on.
    pub fn fail(&self, method: &str, code: i64, message: &str) {
        self.set(|faults| {
            faults.failures.insert(method.to_owned(), (code, message.to_owned()));
        });
    }

    /// Ends what [`Server::fail`] began, for all methods.
    pub fn heal(&self) {
        self.set(|faults| faults.failures.clear());
    }

    /// Sends every notification twice.
    pub fn duplicate_notifications(&self, on: bool) {
        self.set(|faults| faults.duplicate_notifications = on);
    }

    /// Sends the notifications of a block in reverse order.
    pub fn disorder_notifications(&self, on: bool) {
        self.set(|faults| faults.disorder_notifications = on);
    }

    /// How many requests for a method the server has received since it was made.
    pub fn calls(&self, method: &str) -> usize {
        lock(&self.context.faults).calls.get(method).copied().unwrap_or(0)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.context.shared
    }
}

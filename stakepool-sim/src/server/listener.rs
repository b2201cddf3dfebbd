//! Accepting connections, and breaking them on demand.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::context::ServerContext;
use super::http;
use super::tls::Identity;
use crate::error::SimError;
use crate::sync::lock;

/// A port that is served while the task runs.
pub(super) struct Listener {
    name: String,
    address: SocketAddr,
    identity: Identity,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Listener {
    /// Takes a free port and serves it.
    pub(super) async fn bind(name: String, context: Arc<ServerContext>) -> Result<Self, SimError> {
        let identity = Identity::generate()?;
        let failed = |source| SimError::Listen { server: name.clone(), source };
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let listener = Self { name, address, identity, task: Mutex::new(None) };
        listener.serve(socket, context);
        Ok(listener)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn certificate_pem(&self) -> &str {
        &self.identity.certificate_pem
    }

    fn serve(&self, socket: TcpListener, context: Arc<ServerContext>) {
        let task = tokio::spawn(accept(socket, self.identity.acceptor.clone(), context));
        *lock(&self.task) = Some(task);
    }

    /// Serves the same port again, unless it is served.
    pub(super) async fn start(&self, context: &Arc<ServerContext>) -> Result<(), SimError> {
        if lock(&self.task).is_some() {
            return Ok(());
        }
        let failed = |source| SimError::Listen { server: self.name.clone(), source };
        let socket = TcpListener::bind(self.address).await.map_err(failed)?;
        self.serve(socket, Arc::clone(context));
        Ok(())
    }

    /// Frees the port soon. Connections last until the program breaks them.
    pub(super) fn abort(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    /// Frees the port. Connections last until the program breaks them.
    pub(super) async fn stop(&self) {
        let task = lock(&self.task).take();
        if let Some(task) = task {
            task.abort();
            // The port is free once the task is gone.
            let _ = task.await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.abort();
    }
}

async fn accept(socket: TcpListener, acceptor: TlsAcceptor, context: Arc<ServerContext>) {
    loop {
        let Ok((stream, _)) = socket.accept().await else { continue };
        let mut broken = context.program.breaker();
        let (acceptor, context) = (acceptor.clone(), Arc::clone(&context));
        tokio::spawn(async move {
            let until_broken = broken.clone();
            tokio::select! {
                () = serve_connection(stream, acceptor, context, until_broken) => {}
                _ = broken.changed() => {}
            }
        });
    }
}

async fn serve_connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    context: Arc<ServerContext>,
    broken: watch::Receiver<u64>,
) {
    // A small answer must not wait for more to send.
    let _ = stream.set_nodelay(true);
    match acceptor.accept(stream).await {
        Ok(stream) => http::serve(stream, context, broken).await,
        Err(error) => tracing::debug!(%error, "a TLS handshake with the simulator failed"),
    }
}

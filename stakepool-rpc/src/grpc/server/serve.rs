//! The loop that takes connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{SelectAll, select_all};
use stakepool_core::reloadable::Reloadable;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::Routes;

use super::access::Access;
use super::backend::DaemonBackend;
use super::connection::{self, Gate};
use super::listen::ServeError;
use super::{old, own};
use crate::grpc::generated::pool_daemon::pool_daemon_server::PoolDaemonServer;
use crate::grpc::generated::stakepoolrpc::stakepoold_service_server::StakepooldServiceServer;
use crate::grpc::generated::stakepoolrpc::version_service_server::VersionServiceServer;
use crate::grpc::wire::{ALPN_HTTP2, MAX_MESSAGE};
use crate::tls::{self, KeyPair};

/// Connections at a time; a pool has a handful of web instances.
const MAX_CONNECTIONS: usize = 512;
/// Most connections of one address.
const MAX_OF_ADDRESS: usize = 64;
/// How long calls under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait after a failed accept (no file descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves both services on all listeners until `shutdown` is ready; then calls under way have five seconds, and
/// those that only wait for events are ended at once.
///
/// ```no_run
/// use std::path::Path;
/// use std::sync::Arc;
/// use std::time::SystemTime;
///
/// use stakepool_rpc::grpc::RpcToken;
/// use stakepool_rpc::grpc::server::{Access, DaemonBackend, bind, serve};
/// use stakepool_rpc::tls::ensure_server_pair;
///
/// async fn offer(
///     daemon: Arc<dyn DaemonBackend>,
///     shutdown: impl Future<Output = ()> + Send,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let listeners = bind(&["127.0.0.1:9113".parse()?]).await?;
///     let pair = ensure_server_pair(Path::new("rpc.cert"), Path::new("rpc.key"), &[], SystemTime::now())?;
///     let access = Access::default().with_token(RpcToken::new("the-secret-of-web-and-daemon")?);
///     Ok(serve(listeners, pair, access, daemon, shutdown).await?)
/// }
/// ```
///
/// # Errors
/// [`ServeError`] at the start; later failures concern single connections and are logged.
pub async fn serve(
    listeners: Vec<TcpListener>,
    pair: KeyPair,
    access: Access,
    backend: Arc<dyn DaemonBackend>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    serve_renewed(listeners, watch::channel(pair).1, access.into(), backend, shutdown).await
}

/// As [`serve`], with a certificate that may be renewed meanwhile: connections are made with the latest pair. Of `access` the
/// tokens may be changed meanwhile: they count for the next call.
///
/// # Errors
/// As there.
pub(crate) async fn serve_renewed(
    listeners: Vec<TcpListener>,
    mut pairs: watch::Receiver<KeyPair>,
    access: Reloadable<Access>,
    backend: Arc<dyn DaemonBackend>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    if listeners.is_empty() {
        return Err(ServeError::NoListener);
    }
    let clients = access.get().client_certificates.clone();
    let accept = |pair: KeyPair| {
        let mut tls = tls::server_config(pair, clients.as_deref())?;
        tls.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
        Ok::<_, ServeError>(TlsAcceptor::from(Arc::new(tls)))
    };
    let first = pairs.borrow_and_update().clone();
    let mut acceptor = accept(first)?;
    access.get().warn_if_open();

    let (stop, stopping) = watch::channel(false);
    let most_users = backend.most_users();
    let gate = Gate::new(routes(backend, stopping.clone()), access, most_users);
    let mut incoming: SelectAll<_> = select_all(listeners.into_iter().map(TcpListenerStream::new));
    let mut connections = JoinSet::new();
    // The address of each: silent connections from one address must not keep the pool's web out.
    let mut peers = HashMap::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Ok(()) = pairs.changed() => {
                let renewed = pairs.borrow_and_update().clone();
                match accept(renewed) {
                    Ok(renewed) => acceptor = renewed,
                    Err(error) => tracing::error!(%error, "the renewed certificate is not used"),
                }
            }
            Some(ended) = connections.join_next_with_id() => {
                peers.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
            }
            Some(accepted) = incoming.next(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok(stream) => {
                    let Ok(peer) = stream.peer_addr().map(|peer| peer.ip()) else { continue };
                    if peers.values().filter(|other| **other == peer).count() >= MAX_OF_ADDRESS {
                        tracing::debug!(%peer, "too many gRPC connections of one address");
                        continue;
                    }
                    let talk = connection::converse(stream, acceptor.clone(), gate.clone(), stopping.clone());
                    peers.insert(connections.spawn(talk).id(), peer);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a gRPC connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(incoming);
    stop.send_replace(true);
    if timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await.is_err() {
        tracing::warn!(connections = connections.len(), "gRPC calls are still under way; ending them");
    }
    // What is left ends with the set.
    Ok(())
}

fn routes(backend: Arc<dyn DaemonBackend>, stopping: watch::Receiver<bool>) -> Routes {
    let old = old::OldService::new(backend.clone());
    let old = StakepooldServiceServer::new(old).max_decoding_message_size(MAX_MESSAGE);
    let own = own::OwnService::new(backend, stopping);
    let own = PoolDaemonServer::new(own).max_decoding_message_size(MAX_MESSAGE);
    Routes::new(old).add_service(VersionServiceServer::new(old::Version)).add_service(own)
}

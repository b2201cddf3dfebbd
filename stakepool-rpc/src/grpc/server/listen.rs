//! Where the services are offered.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::tls::TlsError;

/// Why the services cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} (rpclisten): {reason}; stop what listens there, or change rpclisten")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
    /// There is nothing to listen on.
    #[error("no address to listen on; name one at least")]
    NoListener,
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The services ended by themselves: a defect of ours.
    #[error("the gRPC services broke down; restart the daemon, and report what the log says above")]
    BrokeDown,
}

/// Listens on addresses, all or none.
///
/// # Errors
/// [`ServeError::Listen`] names the first that is not to be had.
pub async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, ServeError> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for &address in addresses {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| ServeError::Listen { address, reason: error.to_string() })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

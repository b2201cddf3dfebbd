//! Which certificate a server shows, whatever is expected of it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::peer_address::PeerAddress;
use crate::tls::{self, TlsError};

/// The name that is asked for. Servers of a pool have one certificate, whatever they are called.
const SERVER_NAME: &str = "localhost";

/// Why it is not known which certificate a server shows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PresentedError {
    /// The address cannot be dialled.
    #[error("`{0}` is no address of a server: host and port are expected, such as localhost:9113")]
    Address(String),
    /// It cannot be reached, or does not speak TLS.
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    /// It took too long.
    #[error("it did not agree on TLS within {0} seconds")]
    TimedOut(u64),
    /// It shows none, or none that can be read.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The certificate (DER) that a server at `HOST:PORT` shows. Nothing is sent to it, since any is taken.
///
/// # Errors
/// [`PresentedError`].
pub async fn presented_certificate(address: &str, limit: Duration) -> Result<Vec<u8>, PresentedError> {
    let peer = PeerAddress::parse(address).ok_or_else(|| PresentedError::Address(address.to_owned()))?;
    let connector = TlsConnector::from(Arc::new(tls::any_client_config()?));
    let shake = async {
        let stream = peer.connect().await?;
        let name = ServerName::try_from(SERVER_NAME).map_err(io::Error::other)?;
        connector.connect(name, stream).await
    };
    let stream = timeout(limit, shake).await.map_err(|_| PresentedError::TimedOut(limit.as_secs()))??;
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    Ok(shown.ok_or(TlsError::NoCertificate)?.to_vec())
}

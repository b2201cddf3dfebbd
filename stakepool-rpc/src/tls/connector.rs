//! Clients whose pinned certificates can be replaced.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ClientConfig;
use tokio_rustls::TlsConnector;

/// Makes TLS connections. What is replaced counts for those that are made from then on; clones are the same connector.
#[derive(Clone)]
pub(crate) struct Connector(Arc<RwLock<TlsConnector>>);

impl Connector {
    pub(crate) fn new(config: ClientConfig) -> Self {
        Self(Arc::new(RwLock::new(TlsConnector::from(Arc::new(config)))))
    }

    pub(crate) fn get(&self) -> TlsConnector {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, config: ClientConfig) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = TlsConnector::from(Arc::new(config));
    }
}

//! What the configuration says of voting wallets and daemons, as options of the clients that talk to them.
//!
//! The web and the command line reach the same programs with the same rights: both take their clients' options from
//! here.

use stakepool_rpc::grpc::client::ClientOptions;
use stakepool_rpc::grpc::{RpcToken, RpcTokenError};
use stakepool_rpc::json::ServerConfig;
use stakepool_rpc::tls::{KeyPair, TlsError};

use crate::client_certificate::ClientIdentity;

use super::config::WebConfig;

/// Why the voting daemons cannot be talked to as configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// The token.
    #[error("rpctoken: {0}")]
    Token(#[source] RpcTokenError),
    /// The certificate that is shown to the daemons, or its key.
    #[error("rpcclientcert and rpcclientkey cannot be used: {0}")]
    Identity(#[source] TlsError),
}

impl WebConfig {
    /// How to reach each voting wallet, in the order of `wallethosts`, with the default limits.
    pub fn wallet_servers(&self) -> Vec<ServerConfig> {
        self.wallets.iter().map(ServerConfig::from).collect()
    }

    /// How to reach each voting daemon, in the order of `stakepooldhosts`, with the default limits: with the token and
    /// the client certificate, where they are configured.
    ///
    /// # Errors
    /// [`PeerError`] where no daemon would take the token or the certificate.
    pub fn daemon_clients(&self) -> Result<Vec<ClientOptions>, PeerError> {
        let token = self.rpc_token.as_ref().map(|token| RpcToken::new(token.expose())).transpose();
        let token = token.map_err(PeerError::Token)?;
        let identity = self.rpc_identity.as_ref().map(key_pair).transpose().map_err(PeerError::Identity)?;
        let client = |address: &str, certificate: &str| {
            ClientOptions::new(address, certificate.as_bytes())
                .with_token(token.clone())
                .with_identity(identity.clone())
        };
        Ok(self.daemons.iter().map(|daemon| client(&daemon.host, &daemon.certificate.pem)).collect())
    }
}

fn key_pair(shown: &ClientIdentity) -> Result<KeyPair, TlsError> {
    KeyPair::from_pem(shown.certificate.pem.as_bytes(), shown.key.expose().as_bytes())
}

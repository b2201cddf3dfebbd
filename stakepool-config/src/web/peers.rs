//! What the configuration says of voting wallets and daemons, as options of the clients that talk to them.
//!
//! The web and the command line reach the same programs with the same rights: both take their clients' options from
//! here.

use stakepool_rpc::grpc::client::ClientOptions;
use stakepool_rpc::grpc::{RpcToken, RpcTokenError};
use stakepool_rpc::json::ServerConfig;
use stakepool_rpc::tls::{KeyPair, TlsError};

use crate::client_certificate::ClientIdentity;
use crate::endpoint::DaemonEndpoint;

use super::config::WebConfig;

/// Why the voting daemons cannot be talked to as configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeersError {
    /// A token.
    #[error("rpctoken or rpctokens: {0}")]
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

    /// How to reach each node for wallets of today, in the order of `exccdhost`, with the default limits. None where these are
    /// not served.
    pub fn node_servers(&self) -> Vec<ServerConfig> {
        self.vsp.iter().flat_map(|vsp| &vsp.nodes).map(ServerConfig::from).collect()
    }

    /// How to reach each voting daemon, in the order of `stakepooldhosts`, with the default limits: with its own token, or
    /// the one for all, and the client certificate, where they are configured.
    ///
    /// # Errors
    /// [`PeersError`] where no daemon would take the token or the certificate.
    pub fn daemon_clients(&self) -> Result<Vec<ClientOptions>, PeersError> {
        let identity = self.rpc_identity.as_ref().map(key_pair).transpose().map_err(PeersError::Identity)?;
        let client = |daemon: &DaemonEndpoint| {
            let token = daemon.token.as_ref().or(self.rpc_token.as_ref());
            let token = token.map(|token| RpcToken::new(token.expose())).transpose().map_err(PeersError::Token)?;
            let certificate = daemon.certificate.pem.as_bytes();
            Ok(ClientOptions::new(&daemon.host, certificate).with_token(token).with_identity(identity.clone()))
        };
        self.daemons.iter().map(client).collect()
    }
}

fn key_pair(shown: &ClientIdentity) -> Result<KeyPair, TlsError> {
    KeyPair::from_pem(shown.certificate.pem.as_bytes(), shown.key.expose().as_bytes())
}

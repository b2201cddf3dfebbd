//! Certificates and tokens that are renewed while the daemon runs.

use std::convert::Infallible;
use std::path::PathBuf;

use stakepool_core::ports::{Node as _, VoteSigner as _};
use stakepool_core::reloadable::Reloadable;
use stakepool_core::time::UnixTime;
use stakepool_rpc::daemon::Peers;
use stakepool_rpc::grpc::server::Access;
use stakepool_rpc::json::{ConfigError, ServerConfig};
use stakepool_rpc::tls::{self, KeyPair};
use tokio::sync::watch;

use crate::options::DaemonOptions;

/// The daemon's own certificate.
pub(crate) struct OwnCertificate {
    pub(crate) file: PathBuf,
    pub(crate) key: PathBuf,
    /// Where the service takes it from.
    pub(crate) pairs: watch::Sender<KeyPair>,
    /// When the one in the file ends.
    pub(crate) end: Reloadable<Option<UnixTime>>,
}

impl OwnCertificate {
    pub(crate) fn note_end(&self) {
        let end = std::fs::read(&self.file).ok().and_then(|pem| tls::certificate_end(&pem).ok());
        self.end.set(end.map(UnixTime::from));
    }

    /// Reads the files again. What cannot be used is logged, and the old pair goes on.
    fn renew(&self) {
        match KeyPair::load(&self.file, &self.key) {
            Ok(pair) => {
                self.pairs.send_replace(pair);
                self.note_end();
            }
            Err(error) => tracing::error!(%error, "rpccert and rpckey cannot be used; the old certificate is shown"),
        }
    }
}

/// Takes renewed certificates and tokens, for ever.
pub(crate) async fn keep(
    mut renewed: impl AsyncFnMut() -> DaemonOptions,
    peers: &Peers,
    own: Option<OwnCertificate>,
    access: Option<Reloadable<Access>>,
) -> Infallible {
    loop {
        let options = renewed().await;
        if let Some(own) = &own {
            own.renew();
        }
        if let Some(access) = &access {
            take_tokens(access, &options.access);
        }
        let wallets = peers.wallets().iter().map(|wallet| {
            expect(&options.wallets, wallet.name(), |server| wallet.expect_certificate(server));
        });
        let nodes = peers.nodes().iter().map(|node| {
            expect(&options.nodes, node.name(), |server| node.expect_certificate(server));
        });
        wallets.chain(nodes).for_each(drop);
    }
}

/// Takes the tokens of a new configuration. That a daemon asks for none any more, or for the first time, needs the restart
/// that also closes or opens it to the predecessor's web.
fn take_tokens(access: &Reloadable<Access>, new: &Access) {
    let now = access.get();
    if now.asks_token() && new.asks_token() {
        access.set(now.with_tokens_of(new));
    } else if now.asks_token() != new.asks_token() {
        tracing::error!(
            "rpctoken was added or removed: restart the daemon; until then it asks for what it asked before"
        );
    }
}

/// Has the certificate of the server with a name expected. One that is no longer in the configuration keeps the old one
/// until the restart that this takes.
fn expect(servers: &[ServerConfig], name: &str, expect: impl Fn(&ServerConfig) -> Result<(), ConfigError>) {
    let Some(server) = servers.iter().find(|server| server.host == name) else { return };
    if let Err(error) = expect(server) {
        tracing::error!(%error, "the old certificate is expected");
    }
}

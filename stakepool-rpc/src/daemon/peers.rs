//! The wallets and nodes of a daemon.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::chain::{Generation, Network};
use stakepool_core::ports::{DaemonWallet, Node, NodeEvent};
use stakepool_core::voting::{EVENTS_AHEAD, LocalDaemon, TaggedEvent};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::check::{self, PAUSE, wrong_network};
use super::error::PeerError;
use crate::json::{ConfigError, NodeClient, ServerConfig, Wallet};

/// How long a daemon waits for a node before it starts without one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connected wallets and nodes, the preferred ones first.
pub struct Peers {
    wallets: Vec<Arc<Wallet>>,
    nodes: Vec<Arc<NodeClient>>,
}

impl Peers {
    /// Begins to connect to all, in the background. Of the wallets there may be none, for a daemon that signs with
    /// wallets of its own. The second value is what the nodes report, for [`run`](super::run) or
    /// [`Engine::run`](stakepool_core::voting::Engine::run). Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ConfigError`] where no attempt can succeed. A peer that is away is no error.
    pub fn connect(
        wallets: &[ServerConfig],
        nodes: &[ServerConfig],
    ) -> Result<(Self, mpsc::Receiver<TaggedEvent>), ConfigError> {
        let wallets = wallets.iter().map(|config| Wallet::connect(config).map(Arc::new));
        let wallets = wallets.collect::<Result<_, _>>()?;
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        let mut connected = Vec::with_capacity(nodes.len());
        for (index, config) in nodes.iter().enumerate() {
            let (node, from_node) = NodeClient::connect(config)?;
            tokio::spawn(tag(index, from_node, sender.clone()));
            connected.push(Arc::new(node));
        }
        Ok((Self { wallets, nodes: connected }, events))
    }

    /// The wallets.
    pub fn wallets(&self) -> &[Arc<Wallet>] {
        &self.wallets
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Arc<NodeClient>] {
        &self.nodes
    }

    /// The wallets as an engine takes them.
    pub fn voting_wallets(&self) -> Vec<Arc<dyn DaemonWallet>> {
        self.wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn DaemonWallet>).collect()
    }

    /// The nodes as an engine takes them.
    pub fn voting_nodes(&self) -> Vec<Arc<dyn Node>> {
        self.nodes.iter().map(|node| Arc::clone(node) as Arc<dyn Node>).collect()
    }

    /// The generation of the network, as the first node to answer says. Simnet's consensus parameters depend on it,
    /// so there a node is waited for; elsewhere today's is the answer where no node has answered for five seconds.
    ///
    /// # Errors
    /// [`PeerError::WrongNetwork`] where that node is of another network.
    pub async fn generation(&self, network: Network) -> Result<Generation, PeerError> {
        let began = Instant::now();
        let mut warned = false;
        loop {
            for node in &self.nodes {
                match node.info().await {
                    Ok(info) if info.network == network => return Ok(info.generation),
                    Ok(info) => return Err(wrong_network(node.name(), info.network, network)),
                    Err(error) if !warned => tracing::warn!(%error, "waiting for a node"),
                    Err(_) => {}
                }
            }
            warned = true;
            if network != Network::Simnet && began.elapsed() > PATIENCE {
                return Ok(Generation::Today);
            }
            sleep(PAUSE).await;
        }
    }

    /// What a daemon waits for that knows the [generation](Peers::generation) not yet, for people.
    pub fn awaited(&self) -> impl Fn() -> String + Send + Sync + 'static + use<> {
        let nodes = self.nodes.clone();
        move || {
            let errors: Vec<_> = nodes.iter().filter_map(|node| node.last_error()).map(|it| it.to_string()).collect();
            let why = if errors.is_empty() { "none has answered yet".to_owned() } else { errors.join("; ") };
            format!("it waits for its node: {why}")
        }
    }

    /// Waits until a peer turns out to be the wrong one, also one that was away before; meanwhile `daemon` learns the
    /// account keys of these wallets, which must be those of its engine, for its status. It does not return while all
    /// peers are right. A wallet that changes its key later ends nothing: the pool's web reports it, and the wallet's
    /// votes are unsigned.
    pub async fn until_wrong(&self, daemon: &Arc<LocalDaemon>) -> PeerError {
        check::until_wrong(&self.wallets, &self.nodes, daemon).await
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wallets, nodes) = (self.wallets.len(), self.nodes.len());
        f.debug_struct("Peers").field("wallets", &wallets).field("nodes", &nodes).finish()
    }
}

async fn tag(node: usize, mut from: mpsc::Receiver<NodeEvent>, to: mpsc::Sender<TaggedEvent>) {
    while let Some(event) = from.recv().await {
        if to.send(TaggedEvent { node, arrived: Instant::now(), event }).await.is_err() {
            return;
        }
    }
}

//! The wallets and nodes of a daemon, and whether they are the right ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use stakepool_core::chain::{ExtendedPubKey, Generation, Network};
use stakepool_core::ports::{Node, NodeEvent, ScriptWallet, VoteSigner, VotingWallet};
use stakepool_core::voting::TaggedEvent;
use stakepool_rpc::json::{NodeClient, ServerConfig, Wallet};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::DaemonError;

/// Pause between two tries to ask a peer that is away.
const PAUSE: Duration = Duration::from_millis(500);
/// How often the wallets' keys are asked for again.
const KEYS_AGAIN: Duration = Duration::from_secs(20);
/// How long the daemon waits for a node before it starts without one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connected wallets and nodes.
pub(crate) struct Peers {
    pub(crate) wallets: Vec<Arc<Wallet>>,
    pub(crate) nodes: Vec<Arc<NodeClient>>,
    pub(crate) events: mpsc::UnboundedReceiver<TaggedEvent>,
}

impl Peers {
    /// Begins to connect to all, in the background.
    pub(crate) fn connect(wallets: &[ServerConfig], nodes: &[ServerConfig]) -> Result<Self, DaemonError> {
        let wallets = wallets.iter().map(|config| Wallet::connect(config).map(Arc::new));
        let wallets = wallets.collect::<Result<_, _>>()?;
        let (sender, events) = mpsc::unbounded_channel();
        let mut connected = Vec::with_capacity(nodes.len());
        for (index, config) in nodes.iter().enumerate() {
            let (node, from_node) = NodeClient::connect(config)?;
            tokio::spawn(tag(index, from_node, sender.clone()));
            connected.push(Arc::new(node));
        }
        Ok(Self { wallets, nodes: connected, events })
    }

    pub(crate) fn as_wallets(&self) -> Vec<Arc<dyn VotingWallet>> {
        self.wallets.iter().map(|wallet| Arc::clone(wallet) as Arc<dyn VotingWallet>).collect()
    }

    pub(crate) fn as_nodes(&self) -> Vec<Arc<dyn Node>> {
        self.nodes.iter().map(|node| Arc::clone(node) as Arc<dyn Node>).collect()
    }

    /// The generation of the network, as the first node to answer says. Simnet's consensus parameters depend on it,
    /// so there a node is waited for; elsewhere the daemon starts without.
    pub(crate) async fn generation(&self, network: Network) -> Result<Generation, DaemonError> {
        let began = Instant::now();
        let mut told = false;
        loop {
            for node in &self.nodes {
                match node.info().await {
                    Ok(info) if info.network == network => return Ok(info.generation),
                    Ok(info) => return Err(wrong_network(node.name(), info.network, network)),
                    Err(error) if !told => tracing::warn!(%error, "waiting for a node"),
                    Err(_) => {}
                }
            }
            told = true;
            if network != Network::Simnet && began.elapsed() > PATIENCE {
                return Ok(Generation::Today);
            }
            sleep(PAUSE).await;
        }
    }
}

fn wrong_network(node: &str, found: Network, expected: Network) -> DaemonError {
    DaemonError::WrongNetwork { node: node.to_owned(), found, expected }
}

async fn tag(node: usize, mut from: mpsc::UnboundedReceiver<NodeEvent>, to: mpsc::UnboundedSender<TaggedEvent>) {
    while let Some(event) = from.recv().await {
        if to.send(TaggedEvent { node, arrived: Instant::now(), event }).is_err() {
            return;
        }
    }
}

/// The account keys that the wallets told last, by the wallets' places.
#[derive(Debug, Default)]
pub(crate) struct AccountKeys(Mutex<BTreeMap<usize, ExtendedPubKey>>);

impl AccountKeys {
    /// The key of wallet `index`, once it has told it.
    pub(crate) fn of(&self, index: usize) -> Option<ExtendedPubKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&index).copied()
    }

    fn note(&self, index: usize, key: ExtendedPubKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(index, key);
    }
}

/// Watches, for as long as the daemon runs, whether peers that were away turn out to be the wrong ones, and notes the
/// wallets' keys. A wallet that changes its key later ends nothing: the web tells of it, and its votes are unsigned.
pub(crate) async fn guard(
    wallets: Vec<Arc<Wallet>>,
    nodes: Vec<Arc<NodeClient>>,
    network: Network,
    keys: Arc<AccountKeys>,
) -> DaemonError {
    let mut checks = JoinSet::new();
    for node in nodes {
        checks.spawn(async move {
            let info = loop {
                match node.info().await {
                    Ok(info) => break info,
                    Err(_) => sleep(PAUSE).await,
                }
            };
            (info.network != network).then(|| wrong_network(node.name(), info.network, network))
        });
    }
    let first: Arc<OnceLock<(String, ExtendedPubKey)>> = Arc::default();
    for (index, wallet) in wallets.into_iter().enumerate() {
        let (first, keys) = (Arc::clone(&first), Arc::clone(&keys));
        checks.spawn(async move {
            let found = account_key(&wallet).await;
            keys.note(index, found);
            if let Some(wrong) = wrong_key(&wallet, found, network, &first) {
                return Some(wrong);
            }
            loop {
                sleep(KEYS_AGAIN).await;
                keys.note(index, account_key(&wallet).await);
            }
        });
    }
    while let Some(checked) = checks.join_next().await {
        if let Ok(Some(wrong)) = checked {
            return wrong;
        }
    }
    std::future::pending().await
}

/// The wallet's account key, however long it is away.
async fn account_key(wallet: &Wallet) -> ExtendedPubKey {
    loop {
        match wallet.master_pubkey().await {
            Ok(found) => return found,
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// What is wrong with a wallet's key beside the network and the key of the `first` wallet that told one.
fn wrong_key(
    wallet: &Wallet,
    found: ExtendedPubKey,
    network: Network,
    first: &OnceLock<(String, ExtendedPubKey)>,
) -> Option<DaemonError> {
    if found.network() != network {
        return Some(wrong_network(wallet.name(), found.network(), network));
    }
    let (name, expected) = first.get_or_init(|| (wallet.name().to_owned(), found));
    (*expected != found).then(|| DaemonError::OtherKeys {
        first: name.clone(),
        expected: Box::new(*expected),
        second: wallet.name().to_owned(),
        found: Box::new(found),
    })
}

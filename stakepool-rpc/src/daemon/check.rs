//! Whether wallets and nodes are the right ones, found out while the daemon runs.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use stakepool_core::chain::{ExtendedPubKey, Network};
use stakepool_core::ports::{Node, ScriptWallet, VoteSigner};
use stakepool_core::voting::LocalDaemon;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::error::PeerError;
use crate::json::{NodeClient, Wallet};

/// Pause between two tries to ask a peer that is away.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// How often the wallets' keys are asked for again.
const KEYS_AGAIN: Duration = Duration::from_secs(20);

pub(super) fn wrong_network(peer: &str, found: Network, expected: Network) -> PeerError {
    PeerError::WrongNetwork { peer: peer.to_owned(), found, expected }
}

/// Asks every peer until it has answered, and the wallets again and again for their keys, at once where their connection was
/// renewed.
pub(super) async fn until_wrong(
    wallets: &[Arc<Wallet>],
    nodes: &[Arc<NodeClient>],
    daemon: &Arc<LocalDaemon>,
) -> PeerError {
    let network = daemon.network();
    let mut checks = JoinSet::new();
    for node in nodes {
        let node = Arc::clone(node);
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
    for (index, wallet) in wallets.iter().enumerate() {
        let (wallet, first, daemon) = (Arc::clone(wallet), Arc::clone(&first), Arc::clone(daemon));
        checks.spawn(async move {
            let found = account_key(&wallet).await;
            daemon.note_account_key(index, found);
            if let Some(wrong) = wrong_key(&wallet, found, network, &first) {
                return Some(wrong);
            }
            loop {
                // Behind a new connection there may be a wallet of another seed.
                let connections = wallet.connections();
                daemon.note_account_key(index, account_key(&wallet).await);
                tokio::select! {
                    () = wallet.connected_again(connections) => {}
                    () = sleep(KEYS_AGAIN) => {}
                }
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

/// What is wrong with a wallet's key beside the network and the key of the `first` wallet that answered.
fn wrong_key(
    wallet: &Wallet,
    found: ExtendedPubKey,
    network: Network,
    first: &OnceLock<(String, ExtendedPubKey)>,
) -> Option<PeerError> {
    if found.network() != network {
        return Some(wrong_network(wallet.name(), found.network(), network));
    }
    let (name, expected) = first.get_or_init(|| (wallet.name().to_owned(), found));
    (*expected != found).then(|| PeerError::OtherKeys {
        first: name.clone(),
        expected: Box::new(*expected),
        second: wallet.name().to_owned(),
        found: Box::new(found),
    })
}

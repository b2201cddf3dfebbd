//! What a wallet is asked to learn how it is. Nothing changes in it.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::heights::RecentHeights;
use super::member::{Health, MemberStatus, PendingRepairs};
use crate::chain::{BlockHeight, ExtendedPubKey};
use crate::ports::{PoolWallet, RescanStore, WalletError, WalletInfo};

/// How long a probe or a write may take before the wallet counts as unreachable.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// What a wallet answers to a probe.
pub(super) struct Probed {
    /// What it says of itself.
    pub(super) info: WalletInfo,
    /// Its best height.
    pub(super) height: BlockHeight,
    /// How long the answers took.
    pub(super) latency: Duration,
}

/// Asks a wallet for its state and its best height.
pub(super) async fn probe(wallet: &dyn PoolWallet) -> Result<Probed, Health> {
    let began = Instant::now();
    let calls = async { Ok::<_, WalletError>((wallet.info().await?, wallet.best_block().await?)) };
    match timeout(LIMIT, calls).await {
        Ok(Ok((info, (_, height)))) => Ok(Probed { info, height, latency: began.elapsed() }),
        Ok(Err(error)) => Err(unreachable(&error)),
        Err(_) => Err(does_not_answer(wallet)),
    }
}

/// Whether a wallet has the pool's account key.
pub(super) async fn check_key(wallet: &dyn PoolWallet, ours: &ExtendedPubKey) -> Result<(), Health> {
    match timeout(LIMIT, wallet.master_pubkey()).await {
        Ok(Ok(found)) => other_key(&found, ours).map_or(Ok(()), |how| Err(Health::Disagrees { how })),
        Ok(Err(error)) => Err(unreachable(&error)),
        Err(_) => Err(does_not_answer(wallet)),
    }
}

/// What is wrong with an account key that is not the pool's, and what to do.
pub(super) fn other_key(found: &ExtendedPubKey, ours: &ExtendedPubKey) -> Option<String> {
    if found == ours {
        return None;
    }
    let what = if found.network() == ours.network() {
        "it is of another seed than votingwalletextpub".to_owned()
    } else {
        format!("it runs on {}, but the pool on {}", found.network(), ours.network())
    };
    Some(format!(
        "{what} (its account key is {found}, but votingwalletextpub is {ours}): restore it from the pool's seed, or take it \
         out of wallethosts"
    ))
}

fn does_not_answer(wallet: &dyn PoolWallet) -> Health {
    unreachable(&format!("wallet {} does not answer; restart it", wallet.name()))
}

/// A wallet that cannot be worked with, for this reason.
pub(super) fn unreachable(error: &impl ToString) -> Health {
    Health::Unreachable { error: error.to_string() }
}

/// How a wallet is, for one who does not keep it in service: as a probe finds it. A rescan that the store knows of is
/// under way or to come, so that the wallet is not yet back.
pub(super) async fn look(wallet: &dyn PoolWallet, ours: &ExtendedPubKey, rescans: &dyn RescanStore) -> MemberStatus {
    let rescan_from = rescans.owed_rescan(wallet.name()).await.unwrap_or_default();
    let unknown = MemberStatus {
        name: wallet.name().to_owned(),
        health: Health::Unknown,
        info: None,
        height: None,
        heights: RecentHeights::default(),
        pending: PendingRepairs { scripts: None, rescan_from },
        census: None,
    };
    let asked = Instant::now();
    let Probed { info, height, .. } = match probe(wallet).await {
        Ok(probed) => probed,
        Err(health) => return MemberStatus { health, ..unknown },
    };
    let mut heights = RecentHeights::default();
    heights.note(asked, Instant::now(), height);
    let health = match check_key(wallet, ours).await {
        Ok(()) if rescan_from.is_some() => Health::Recovering { done: 0, total: 0 },
        Ok(()) => Health::Healthy,
        Err(health) => health,
    };
    MemberStatus { health, info: Some(info), height: Some(height), heights, ..unknown }
}

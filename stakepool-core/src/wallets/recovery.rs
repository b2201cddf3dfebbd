//! Bringing a wallet up to date: it was away, restored from its seed, or is new.

use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::accounts::{Registration, User};
use crate::chain::BlockHeight;
use crate::ports::{PoolWallet, RescanStore, StoreError, WalletError};

/// Calls to one wallet at the same time.
const AT_ONCE: usize = 8;

/// Why a wallet could not be brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RecoveryError {
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it took the script of {0}, but does not know it afterwards")]
    NotTaken(String),
}

/// How far a recovery is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Scripts brought over.
    pub(super) done: usize,
    /// Scripts in all.
    pub(super) total: usize,
    /// From where the wallet must look through the chain afterwards, where that is known to be so.
    pub(super) rescan_from: Option<BlockHeight>,
}

/// Compares the wallet's scripts with the users' and imports those that are missing, then rescans once from the
/// registration of the oldest of them. Every step can be repeated without harm; a rescan that was cut off is owed, and
/// made up for when no script is missing any more.
pub(super) async fn bring_over(
    wallet: &dyn PoolWallet,
    users: &[User],
    rescans: &dyn RescanStore,
    progress: impl Fn(Progress),
) -> Result<(), RecoveryError> {
    let registrations: Vec<_> = users.iter().filter_map(|user| user.registration.as_ref()).collect();
    if let Some(highest) = registrations.iter().map(|registration| registration.key_index).max() {
        wallet.sync_address_index(highest).await?;
    }
    let missing = missing_scripts(wallet, &registrations).await?;
    if let Some(oldest) = missing.iter().map(|registration| registration.registered_at).min() {
        // Before the first import: afterwards nothing would show that the rescan is missing.
        rescans.owe_rescan(wallet.name(), oldest).await?;
        let rescan_from = rescans.owed_rescan(wallet.name()).await?;
        import(wallet, &missing, |done| progress(Progress { done, total: missing.len(), rescan_from })).await?;
    }
    if let Some(from) = rescans.owed_rescan(wallet.name()).await? {
        progress(Progress { done: missing.len(), total: missing.len(), rescan_from: Some(from) });
        wallet.rescan(from).await?;
        rescans.rescan_done(wallet.name(), from).await?;
    }
    match missing_scripts(wallet, &missing).await?.first() {
        Some(registration) => Err(RecoveryError::NotTaken(registration.address.to_string())),
        None => Ok(()),
    }
}

async fn import(
    wallet: &dyn PoolWallet,
    missing: &[&Registration],
    progress: impl Fn(usize),
) -> Result<(), WalletError> {
    for (done, registration) in missing.iter().enumerate() {
        progress(done);
        wallet.import_script(&registration.script).await?;
    }
    Ok(())
}

async fn missing_scripts<'a>(
    wallet: &dyn PoolWallet,
    registrations: &[&'a Registration],
) -> Result<Vec<&'a Registration>, WalletError> {
    let mut checks = Vec::with_capacity(registrations.len());
    for registration in registrations {
        checks.push(check(wallet, registration));
    }
    let checked: Vec<_> = stream::iter(checks).buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(checked.into_iter().filter_map(|(registration, known)| (!known).then_some(registration)).collect())
}

async fn check<'a>(
    wallet: &dyn PoolWallet,
    registration: &'a Registration,
) -> Result<(&'a Registration, bool), WalletError> {
    Ok((registration, wallet.has_script(&registration.address).await?))
}

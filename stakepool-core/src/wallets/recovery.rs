//! Bringing a wallet up to date: it was away, restored from its seed, or is new.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::missing::missing_scripts;
use crate::accounts::{Registration, User};
use crate::chain::BlockHeight;
use crate::ports::{PoolWallet, RescanStore, StoreError, WalletError};

/// Calls to one wallet at the same time.
const AT_ONCE: usize = 8;
/// Calls that are made ready at once: each holds kilobytes until it is made.
const MADE_AT_ONCE: usize = 256;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Scripts brought over.
    pub done: usize,
    /// Scripts in all.
    pub total: usize,
    /// From where the wallet must look through the chain afterwards, where that is known to be so.
    pub rescan_from: Option<BlockHeight>,
}

/// What was brought over to a wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BroughtOver {
    /// How many scripts it lacked.
    pub scripts: usize,
    /// From where it looked through the chain again, if it did.
    pub rescanned_from: Option<BlockHeight>,
}

/// Compares the wallet's scripts with the users' and imports those that are missing, then rescans once from the
/// registration of the oldest of them. Every step can be repeated without harm, also by two programs at once; a rescan that
/// was cut off is owed, and made up for when no script is missing any more.
pub(super) async fn bring_over(
    wallet: &dyn PoolWallet,
    users: &[User],
    rescans: &dyn RescanStore,
    progress: impl Fn(Progress),
) -> Result<BroughtOver, RecoveryError> {
    let registrations: Vec<_> = users.iter().filter_map(|user| user.registration.as_ref()).collect();
    if let Some(highest) = registrations.iter().map(|registration| registration.key_index).max() {
        wallet.sync_address_index(highest).await?;
    }
    let missing = missing_scripts(wallet, &registrations).await?;
    let oldest = missing.iter().map(|registration| registration.registered_at).min();
    if let Some(oldest) = oldest {
        // Before the first import: afterwards nothing would show that the rescan is missing.
        rescans.owe_rescan(wallet.name(), oldest).await?;
        let rescan_from = rescans.owed_rescan(wallet.name()).await?;
        import(wallet, &missing, |done| progress(Progress { done, total: missing.len(), rescan_from })).await?;
    }
    // Another program that repairs the same wallet may have settled the note meanwhile, with a rescan from before these imports.
    let owed = rescans.owed_rescan(wallet.name()).await?;
    let rescanned_from = owed.into_iter().chain(oldest).min();
    if let Some(from) = rescanned_from {
        rescans.owe_rescan(wallet.name(), from).await?;
        progress(Progress { done: missing.len(), total: missing.len(), rescan_from: Some(from) });
        wallet.rescan(from).await?;
        rescans.rescan_done(wallet.name(), from).await?;
    }
    match missing_scripts(wallet, &missing).await?.first() {
        Some(registration) => Err(RecoveryError::NotTaken(registration.address.to_string())),
        None => Ok(BroughtOver { scripts: missing.len(), rescanned_from }),
    }
}

async fn import(
    wallet: &dyn PoolWallet,
    missing: &[&Registration],
    progress: impl Fn(usize),
) -> Result<(), WalletError> {
    progress(0);
    let mut done = 0;
    for part in missing.chunks(MADE_AT_ONCE) {
        let mut imports = Vec::with_capacity(part.len());
        for registration in part {
            imports.push(wallet.import_script(&registration.script));
        }
        let mut imported = stream::iter(imports).buffer_unordered(AT_ONCE);
        while imported.try_next().await?.is_some() {
            done += 1;
            progress(done);
        }
    }
    Ok(())
}

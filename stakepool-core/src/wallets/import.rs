//! One wallet checks and imports the script of a registration.

use std::time::Duration;

use tokio::time::timeout;

use super::agreement::Agreement;
use super::probe::other_key;
use crate::chain::{ExtendedPubKey, Network, PubKeyAddress};
use crate::ports::{PoolWallet, WalletError};

/// Why a wallet did not take a script.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It failed.
    Failed(WalletError),
    /// It has another key or makes another script: how, with both values, and what to do.
    Differs(String),
}

impl From<WalletError> for Refusal {
    fn from(error: WalletError) -> Self {
        Self::Failed(error)
    }
}

/// Has a wallet make the key and the script itself, and import the script where both are the pool's; `ours` is the account
/// key that it must have.
pub(super) async fn import(
    wallet: &dyn PoolWallet,
    network: Network,
    ours: &ExtendedPubKey,
    agreement: &Agreement,
    limit: Duration,
) -> Result<(), Refusal> {
    timeout(limit, steps(wallet, network, ours, agreement)).await.unwrap_or_else(|_| {
        let millis = limit.as_millis().try_into().unwrap_or(u64::MAX);
        Err(WalletError::Timeout { wallet: wallet.name().to_owned(), method: "importscript".to_owned(), millis }.into())
    })
}

async fn steps(
    wallet: &dyn PoolWallet,
    network: Network,
    ours: &ExtendedPubKey,
    agreement: &Agreement,
) -> Result<(), Refusal> {
    let pool_key = agreement.script.pool_address(network);
    wallet.sync_address_index(agreement.index).await?;
    match wallet.own_pubkey(&pool_key.to_pubkey_hash()).await? {
        Some(found) if found == pool_key => {}
        found => return Err(Refusal::Differs(why_no_key(wallet, ours, agreement, found, pool_key).await?)),
    }
    let user_key = agreement.script.user_address(network);
    let (_, made) = wallet.create_multisig(&pool_key, &user_key).await?;
    if made != agreement.script {
        return Err(Refusal::Differs(format!(
            "for user index {} it makes the script {made}, but the pool makes {}: run a version of exccwallet that the pool \
             supports, and restart it",
            agreement.index, agreement.script
        )));
    }
    Ok(wallet.import_script(&agreement.script).await?)
}

/// Why a wallet does not have the pool's key of a user: what the operator is told. Mostly it is of another seed.
async fn why_no_key(
    wallet: &dyn PoolWallet,
    ours: &ExtendedPubKey,
    agreement: &Agreement,
    found: Option<PubKeyAddress>,
    pool_key: PubKeyAddress,
) -> Result<String, WalletError> {
    if let Some(how) = other_key(&wallet.master_pubkey().await?, ours) {
        return Ok(how);
    }
    let index = agreement.index;
    Ok(match found {
        Some(found) => format!(
            "its key for user index {index} is {found}, but the pool's is {pool_key}, though both have the same account \
             key: run a version of exccwallet that the pool supports, and restart it"
        ),
        None => format!(
            "it does not know its own key for user index {index} ({pool_key}), though it was asked to watch its keys up to \
             there: restart it, or restore it from the pool's seed"
        ),
    })
}

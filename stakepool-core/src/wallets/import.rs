//! One wallet checks and imports the script of a registration.

use std::time::Duration;

use tokio::time::timeout;

use super::agreement::Agreement;
use crate::chain::Network;
use crate::ports::{PoolWallet, WalletError};

/// Why a wallet did not take a script.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It failed.
    Failed(WalletError),
    /// It has another key or makes another script: how, with both values.
    Differs(String),
}

impl From<WalletError> for Refusal {
    fn from(error: WalletError) -> Self {
        Self::Failed(error)
    }
}

/// Has a wallet make the key and the script itself, and import the script where both are the pool's.
pub(super) async fn import(
    wallet: &dyn PoolWallet,
    network: Network,
    agreement: &Agreement,
    limit: Duration,
) -> Result<(), Refusal> {
    timeout(limit, steps(wallet, network, agreement)).await.unwrap_or_else(|_| {
        let millis = limit.as_millis().try_into().unwrap_or(u64::MAX);
        Err(WalletError::Timeout { wallet: wallet.name().to_owned(), method: "importscript".to_owned(), millis }.into())
    })
}

async fn steps(wallet: &dyn PoolWallet, network: Network, agreement: &Agreement) -> Result<(), Refusal> {
    let differs = |what: &str, found: String, expected: String| {
        Err(Refusal::Differs(format!(
            "for user index {} it has {what} {found}, but the pool {expected}",
            agreement.index
        )))
    };
    let pool_key = agreement.script.pool_address(network);
    wallet.sync_address_index(agreement.index).await?;
    match wallet.own_pubkey(&pool_key.to_pubkey_hash()).await? {
        Some(found) if found == pool_key => {}
        Some(found) => return differs("the key", found.to_string(), pool_key.to_string()),
        None => return differs("no key; the pool's is", "missing".to_owned(), pool_key.to_string()),
    }
    let user_key = agreement.script.user_address(network);
    let (_, made) = wallet.create_multisig(&pool_key, &user_key).await?;
    if made != agreement.script {
        return differs("the script", made.to_string(), agreement.script.to_string());
    }
    Ok(wallet.import_script(&agreement.script).await?)
}

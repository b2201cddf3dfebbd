//! Which users' scripts a wallet lacks.

use std::collections::HashSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::accounts::Registration;
use crate::chain::ScriptAddress;
use crate::ports::{PoolWallet, WalletError};

/// Calls to one wallet at the same time.
const AT_ONCE: usize = 8;
/// Calls that are made ready at once: each holds kilobytes until it is made.
const MADE_AT_ONCE: usize = 256;

/// The registrations whose scripts a wallet lacks. What it lists counts at once; for the others it is asked one by one.
pub(super) async fn missing_scripts<'a>(
    wallet: &dyn PoolWallet,
    registrations: &[&'a Registration],
) -> Result<Vec<&'a Registration>, WalletError> {
    if registrations.is_empty() {
        return Ok(Vec::new());
    }
    let listed = listed(wallet).await?;
    let unlisted: Vec<&Registration> =
        registrations.iter().copied().filter(|registration| !listed.contains(&registration.address)).collect();
    let mut missing = Vec::new();
    for part in unlisted.chunks(MADE_AT_ONCE) {
        let mut checks = Vec::with_capacity(part.len());
        for registration in part {
            checks.push(check(wallet, registration));
        }
        let checked: Vec<_> = stream::iter(checks).buffered(AT_ONCE).try_collect().await?;
        missing.extend(checked.into_iter().filter_map(|(registration, known)| (!known).then_some(registration)));
    }
    Ok(missing)
}

/// The addresses of the scripts that a wallet lists; none where it cannot.
async fn listed(wallet: &dyn PoolWallet) -> Result<HashSet<ScriptAddress>, WalletError> {
    match wallet.script_addresses().await {
        Ok(listed) => Ok(listed.unwrap_or_default().into_iter().collect()),
        Err(error) if error.is_transient() => Err(error),
        Err(_) => Ok(HashSet::new()),
    }
}

async fn check<'a>(
    wallet: &dyn PoolWallet,
    registration: &'a Registration,
) -> Result<(&'a Registration, bool), WalletError> {
    Ok((registration, wallet.has_script(&registration.address).await?))
}

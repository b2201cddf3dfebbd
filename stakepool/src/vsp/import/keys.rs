//! The server's key and the fee keys: what becomes of them.

use std::cmp::Reverse;

use data_encoding::BASE64;
use stakepool_core::chain::{Address, ExtendedPubKey, KeyIndex};
use stakepool_core::ports::{FeeKeyStore, SealedStore};
use stakepool_core::vsp::{AnswerSigner as _, FeeKey};
use stakepool_core::vspd::{VspdDatabase, VspdFeeKey};

use super::error::ImportError;
use crate::vsp::server_key::ServerKey;
use crate::vsp::vault::Vault;

/// The last index that a public key has: those above are of private keys alone.
const LAST_INDEX: u32 = u32::MAX >> 1;

/// What becomes of the server's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerKeyStep {
    /// The pool has the same.
    Same,
    /// The pool has none yet, and takes it.
    Taken,
    /// The pool has one that no ticket's wallet knows, and takes this in its place.
    Replaced,
}

/// What becomes of a fee key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeKeyStep {
    /// The key, as the pool has it afterwards.
    pub after: FeeKey,
    /// As the pool has it now, where it knows it.
    pub before: Option<FeeKey>,
}

impl FeeKeyStep {
    /// Whether anything changes.
    pub fn is_change(&self) -> bool {
        self.before != Some(self.after)
    }
}

/// What becomes of the server's key. `has_tickets` says whether any ticket is registered.
pub(super) async fn server_key_step(
    store: &dyn SealedStore,
    vault: &Vault,
    theirs: &ServerKey,
    has_tickets: bool,
) -> Result<ServerKeyStep, ImportError> {
    let Some(ours) = vault.kept_server_key(store).await? else { return Ok(ServerKeyStep::Taken) };
    if ours.public_key() == theirs.public_key() {
        return Ok(ServerKeyStep::Same);
    }
    if has_tickets {
        let [ours, theirs] = [&ours, theirs].map(|key| BASE64.encode(&key.public_key()));
        return Err(ImportError::OtherServerKey { ours, theirs });
    }
    Ok(ServerKeyStep::Replaced)
}

/// What becomes of the fee keys: no index is given again that vspd has given, be it noted or seen at a ticket.
pub(super) async fn fee_key_steps(
    store: &dyn FeeKeyStore,
    database: &VspdDatabase,
) -> Result<Vec<FeeKeyStep>, ImportError> {
    let mut steps = Vec::new();
    for theirs in &database.fee_keys {
        let before = store.fee_key(&theirs.key).await?;
        let next = next_index(database, theirs)?.max(before.map_or(KeyIndex(0), |ours| ours.next()));
        let retired = before.map_or(theirs.retired, |ours| ours.is_retired());
        steps.push(FeeKeyStep { after: FeeKey::restore(theirs.key, next, retired), before });
    }
    Ok(steps)
}

/// The index that is given next. One that a ticket names counts only where the ticket's fee address is that of the index: a single
/// bad row must not use up the key.
fn next_index(database: &VspdDatabase, key: &VspdFeeKey) -> Result<KeyIndex, ImportError> {
    if key.last.0 > LAST_INDEX {
        return Err(ImportError::FeeKeyIndex { key: key.id, index: key.last });
    }
    let of_key = database.tickets.iter().filter(|ticket| ticket.fee_key == key.id);
    let mut seen: Vec<_> = of_key.map(|ticket| &ticket.fee_address).filter(|given| given.index > key.last).collect();
    seen.sort_by_key(|given| Reverse(given.index));
    let real = seen.into_iter().find(|given| is_of(&key.key, given.index, &given.address));
    let last = real.map_or(key.last, |given| given.index);
    Ok(KeyIndex(last.0.saturating_add(1)))
}

/// Whether an address is that of an index of a key.
pub(super) fn is_of(key: &ExtendedPubKey, index: KeyIndex, address: &Address) -> bool {
    if index.0 > LAST_INDEX {
        return false;
    }
    let derived = key.external_branch().and_then(|branch| branch.address(index));
    derived.is_ok_and(|derived| derived.to_pubkey_hash() == *address)
}

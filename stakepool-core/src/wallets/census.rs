//! The scripts that a wallet holds beside those of the users: of users whom the database does not know.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use tokio::sync::OnceCell;

use crate::accounts::{User, UserId};
use crate::chain::{ExtendedPubKey, ExternalBranch, KeyIndex, PoolKey, RedeemScript, ScriptAddress};
use crate::ports::{PoolWallet, StoreError, UserStore, WalletError};

/// Calls to one wallet at the same time.
const AT_ONCE: usize = 8;
/// Of so many unknown scripts the tickets are asked for, where they decide nothing. One with many tickets takes a wallet seconds.
const ASKED_FOR: usize = 100;
/// The highest key index that a script is recognised by: as high as the predecessor and its wallets know.
const LAST_INDEX: KeyIndex = KeyIndex(10_000);

/// A script of the pool that a wallet holds for a user whom the database does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownScript {
    /// The multisig address.
    pub address: ScriptAddress,
    /// The key index of its user.
    pub index: KeyIndex,
    /// How many of its tickets may still vote; `None` where the wallet was not asked, or could not say.
    pub tickets: Option<usize>,
}

/// The pool's scripts that a wallet holds, beside the users that the database has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScriptCensus {
    /// Scripts of users of the database, and of others.
    pub scripts: usize,
    /// Users of the database with an address.
    pub users: usize,
    /// Scripts of users whom the database does not know, by their key index.
    pub unknown: Vec<UnknownScript>,
}

impl ScriptCensus {
    /// How many tickets of unknown users may still vote, as far as the wallet said.
    pub fn unknown_tickets(&self) -> usize {
        self.unknown.iter().filter_map(|script| script.tickets).sum()
    }
}

/// Why the scripts were not counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CensusError {
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The wallet did not say whether a script has tickets whose key index may be given to somebody else, then.
    #[error("it is open whether somebody uses key index {index}: {error}")]
    Undecided { index: KeyIndex, error: WalletError },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Recognises the pool's scripts, and remembers what it has recognised.
pub(super) struct PoolScripts {
    voting: Option<ExternalBranch>,
    /// Made when the first script is to be recognised, since thousands of keys are derived for it.
    indexes: OnceCell<HashMap<PoolKey, KeyIndex>>,
    known: Mutex<HashMap<ScriptAddress, Option<KeyIndex>>>,
}

impl PoolScripts {
    /// Those of the account key `ours`.
    pub(super) fn new(ours: &ExtendedPubKey) -> Self {
        Self { voting: ours.external_branch().ok(), indexes: OnceCell::new(), known: Mutex::default() }
    }

    async fn indexes(&self) -> &HashMap<PoolKey, KeyIndex> {
        let derive = || async {
            let Some(voting) = self.voting else { return HashMap::new() };
            let derived = tokio::task::spawn_blocking(move || voting.addresses(LAST_INDEX)).await;
            let keys = derived.ok().and_then(Result::ok).unwrap_or_default();
            keys.into_iter().map(|key| PoolKey(*key.public_key())).zip((0..).map(KeyIndex)).collect()
        };
        self.indexes.get_or_init(derive).await
    }

    /// The key index by which the pool's half of a script was made; `None` where it is none of the pool's.
    pub(super) async fn index_of_script(&self, script: &RedeemScript) -> Option<KeyIndex> {
        self.indexes().await.get(&script.pool_key()).copied()
    }

    /// The key index of the user whose script an address belongs to; `None` where it is none of the pool's.
    async fn index_of(
        &self,
        wallet: &dyn PoolWallet,
        address: &ScriptAddress,
    ) -> Result<Option<KeyIndex>, WalletError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(address).copied();
        if let Some(index) = known {
            return Ok(index);
        }
        let index = match wallet.script(address).await? {
            Some(script) => self.index_of_script(&script).await,
            None => None,
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(*address, index);
        Ok(index)
    }
}

/// Counts a wallet's scripts; `None` where the wallet cannot list them. Nothing changes.
///
/// A script whose index is reserved for a user of the database is that user's, from a registration that did not come to its
/// end, unless it has tickets.
pub(super) async fn count(
    wallet: &dyn PoolWallet,
    users: &Arc<dyn UserStore>,
    pool: &PoolScripts,
) -> Result<Option<ScriptCensus>, CensusError> {
    // Before the users are read: a registration has the script imported, and is stored afterwards.
    let Some(held) = wallet.script_addresses().await? else { return Ok(None) };
    let registered = users.registered().await?;
    let (known, others) = apart(held, &registered);
    let mut census = ScriptCensus { scripts: known, users: registered.len(), unknown: Vec::new() };
    if others.is_empty() {
        return Ok(Some(census));
    }
    let mut checks = Vec::with_capacity(others.len());
    for address in others {
        checks.push(async move { Ok::<_, WalletError>((address, pool.index_of(wallet, &address).await?)) });
    }
    let indexed: Vec<_> = stream::iter(checks).buffer_unordered(AT_ONCE).try_collect().await?;
    let mut scripts: Vec<(KeyIndex, ScriptAddress)> =
        indexed.into_iter().filter_map(|(address, index)| Some((index?, address))).collect();
    scripts.sort_by_key(|(index, address)| (*index, address.to_string()));
    census.scripts += scripts.len();
    let given = users.key_indexes().await?;
    census.unknown = unknown(wallet, scripts, &given).await?;
    Ok(Some(census))
}

/// How many of the addresses are users', and those that are not.
fn apart(held: Vec<ScriptAddress>, users: &[User]) -> (usize, Vec<ScriptAddress>) {
    let of_users: HashSet<ScriptAddress> =
        users.iter().filter_map(|user| user.registration.as_ref()).map(|registration| registration.address).collect();
    let (known, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|address| of_users.contains(address));
    (known.len(), others)
}

async fn unknown(
    wallet: &dyn PoolWallet,
    scripts: Vec<(KeyIndex, ScriptAddress)>,
    given: &BTreeMap<KeyIndex, Option<UserId>>,
) -> Result<Vec<UnknownScript>, CensusError> {
    // Those first whose tickets decide whether they are unknown.
    let is_reserved = |index: &KeyIndex| matches!(given.get(index), Some(Some(_)));
    let (reserved, free): (Vec<_>, Vec<_>) = scripts.into_iter().partition(|(index, _)| is_reserved(index));
    let (mut unknown, mut asked) = (Vec::new(), 0);
    for ((index, address), decisive) in
        reserved.into_iter().map(|script| (script, true)).chain(free.into_iter().map(|script| (script, false)))
    {
        let found = if decisive || asked < ASKED_FOR { Some(wallet.user_tickets(&address).await) } else { None };
        asked += 1;
        let found = match found {
            Some(Err(error)) if decisive => return Err(CensusError::Undecided { index, error }),
            found => found.and_then(Result::ok),
        };
        let has_any = found.as_ref().is_some_and(|found| !found.tickets.is_empty() || !found.invalid.is_empty());
        if decisive && !has_any {
            continue;
        }
        let may_vote = |status: &str| matches!(status, "immature" | "live");
        let tickets = found.map(|found| found.tickets.iter().filter(|ticket| may_vote(&ticket.status)).count());
        unknown.push(UnknownScript { address, index, tickets });
    }
    unknown.sort_by_key(|script| script.index);
    Ok(unknown)
}

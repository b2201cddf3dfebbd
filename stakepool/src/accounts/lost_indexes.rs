//! Key indexes of users whom the database does not know, but the ledger or a voting daemon: after a restore of an older backup
//! nobody else is given them. Those that wallets know are withheld while the wallets are kept in service.

use std::collections::{BTreeMap, HashSet};

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{KeyIndex, ScriptAddress};
use stakepool_core::ports::StoreError;

use crate::pool::Pool;
use crate::registration::RegistrationError;

/// How the names of the notes begin that say which indexes were withheld for an address, which follows.
const WITHHELD: &str = "unknown/index/";

/// An address that is no user's, with the number that its user had, where that is known.
type Lost = BTreeMap<String, (ScriptAddress, Option<UserId>)>;

impl Pool {
    /// Withholds the key indexes of lost users, each once. Where a wallet has the script, the index is known. Where none has it,
    /// it must be guessed: the predecessor gave users their number, and this program the smallest index that is free; both are
    /// withheld then.
    pub(super) async fn withhold_lost_indexes(&self) -> Result<(), RegistrationError> {
        let mut lost = self.lost_addresses().await?;
        if lost.is_empty() {
            return Ok(());
        }
        for (name, _) in self.parts.upkeep.notes(WITHHELD).await? {
            lost.remove(name.trim_start_matches(WITHHELD));
        }
        // Those that are known first: what is guessed then is another.
        let mut unplaced = Vec::new();
        for (address, user) in lost.into_values() {
            let known = match &self.parts.wallets {
                Some(wallets) => wallets.group.key_index_of(&address).await?,
                None => None,
            };
            match known {
                Some(index) => self.withhold_for(&address, &[index]).await?,
                None => unplaced.push((address, user)),
            }
        }
        for (address, user) in unplaced {
            self.withhold_for(&address, &self.guessed_indexes(user).await?).await?;
        }
        Ok(())
    }

    async fn withhold_for(&self, address: &ScriptAddress, indexes: &[KeyIndex]) -> Result<(), StoreError> {
        self.parts.users.withhold_indexes(indexes).await?;
        let text = indexes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        tracing::warn!(%address, indexes = text, "withheld for an address that is no user's of the database");
        self.parts.upkeep.set_note(&format!("{WITHHELD}{address}"), &text).await
    }

    /// Addresses that the ledger has tickets of, or that voting daemons know, and that are no user's.
    async fn lost_addresses(&self) -> Result<Lost, StoreError> {
        let mut lost = Lost::new();
        for (address, user) in self.parts.ledger.lost_addresses().await? {
            lost.insert(address.to_string(), (address, Some(user)));
        }
        for status in self.reconciler.views().into_values().filter_map(|view| view.status) {
            for unknown in &status.check.unknown {
                lost.entry(unknown.address.to_string()).or_insert((unknown.address, None));
            }
            for missing in &status.check.missing {
                lost.insert(missing.address.to_string(), (missing.address, Some(missing.user)));
            }
        }
        if !lost.is_empty() {
            let users = self.parts.users.registered().await?;
            let here: HashSet<_> =
                users.into_iter().filter_map(|user| user.registration).map(|it| it.address).collect();
            lost.retain(|_, (address, _)| !here.contains(address) && address.network() == self.terms.network);
        }
        Ok(lost)
    }

    /// The indexes that a lost user may have had, as far as nobody was given them.
    async fn guessed_indexes(&self, user: Option<UserId>) -> Result<Vec<KeyIndex>, StoreError> {
        let given = self.parts.users.key_indexes().await?;
        let is_free = |index: &KeyIndex| !given.contains_key(index);
        let mut free = (1..=self.terms.max_users).map(KeyIndex).filter(is_free);
        let number = user.and_then(|user| u32::try_from(user.0).ok()).map(KeyIndex);
        let number = number.filter(|index| (1..=self.terms.max_users).contains(&index.0) && is_free(index));
        let mut indexes: Vec<_> = free.next().into_iter().chain(number).collect();
        indexes.dedup();
        Ok(indexes)
    }
}

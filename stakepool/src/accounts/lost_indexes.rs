//! Key indexes of users whom the database does not know, but the ledger or a voting daemon: after a restore of an older backup
//! nobody else is given them. Those that wallets know are withheld while the wallets are kept in service.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::chain::{KeyIndex, ScriptAddress};
use stakepool_core::ports::StoreError;

use crate::pool::Pool;
use crate::registration::{BeforeIndex, RegistrationError};
use crate::unknown_notes::{Withheld, WithheldIndexes, note_withheld, read_withheld, withhold_guess};

/// How many daemons must know an address before an index is guessed for it, where the pool has so many: one alone may be
/// mistaken, and indexes are not without end.
const CONFIRMED: usize = 2;
/// How many of the addresses that fewer daemons know the wallets are asked about at a registration.
const ASKED: usize = 200;
/// Which part of all key indexes may be withheld by guess.
const GUESSED_PART: u32 = 10;
/// How often a guess is made anew where another instance of the pool gave the index away meanwhile.
const GUESSES: usize = 10;

/// The key indexes that were given, and to whom.
type Given = BTreeMap<KeyIndex, Option<UserId>>;

/// Withholds the key indexes of lost users before one is given.
pub(super) struct LostIndexes<'a>(pub(super) &'a Pool);

#[async_trait]
impl BeforeIndex for LostIndexes<'_> {
    async fn prepare(&self) -> Result<(), RegistrationError> {
        let withheld = self.0.withhold_lost_indexes().await;
        self.0.guesses_are_used_up.store(is_used_up(&withheld), Ordering::Relaxed);
        withheld
    }
}

fn is_used_up(withheld: &Result<(), RegistrationError>) -> bool {
    matches!(withheld, Err(RegistrationError::TooManyLost(_)))
}

/// An address that is no user's.
struct Lost {
    address: ScriptAddress,
    /// The number that its user had, where that is known.
    user: Option<UserId>,
    /// The pool's daemons that know it.
    daemons: BTreeSet<String>,
}

impl Pool {
    /// Whether nobody can register, since more users are lost than key indexes may be guessed for. Where a registration was
    /// refused for that, it is looked at again: users may be back, or indexes released.
    pub(crate) async fn are_guesses_used_up(&self) -> bool {
        if self.guesses_are_used_up.load(Ordering::Relaxed) {
            let again = self.withhold_lost_indexes().await;
            self.guesses_are_used_up.store(is_used_up(&again), Ordering::Relaxed);
        }
        self.guesses_are_used_up.load(Ordering::Relaxed)
    }

    /// Withholds the key indexes of lost users, each once. Where a wallet has the script, the index is known. Where none has it,
    /// it must be guessed: the predecessor gave users their number, and this program the smallest index that is free; both are
    /// withheld then.
    async fn withhold_lost_indexes(&self) -> Result<(), RegistrationError> {
        let mut lost = self.lost_addresses().await?;
        if lost.is_empty() {
            return Ok(());
        }
        let noted = read_withheld(self.parts.upkeep.as_ref()).await?;
        for withheld in &noted {
            lost.remove(&withheld.address.to_string());
        }
        let enough = self.parts.daemons.len().clamp(1, CONFIRMED);
        let (confirmed, others): (Vec<_>, Vec<_>) = lost.into_values().partition(|lost| lost.daemons.len() >= enough);
        for lost in others.iter().take(ASKED) {
            self.withhold_known(lost).await?;
        }
        // Those that are known first: what is guessed then is another.
        let mut unplaced = Vec::new();
        for lost in confirmed {
            if !self.withhold_known(&lost).await? {
                unplaced.push(lost);
            }
        }
        let mut guessed: usize =
            noted.iter().filter(|noted| noted.why == Withheld::Guessed).map(|noted| noted.indexes.len()).sum();
        let mut given = if unplaced.is_empty() { Given::new() } else { self.parts.users.key_indexes().await? };
        for lost in unplaced {
            guessed = self.withhold_guessed(&lost, &mut given, guessed).await?;
        }
        Ok(())
    }

    /// Whether a wallet knows the index of an address, which is withheld then.
    async fn withhold_known(&self, lost: &Lost) -> Result<bool, RegistrationError> {
        let Some(wallets) = &self.parts.wallets else { return Ok(false) };
        let Some(index) = wallets.group.key_index_of(&lost.address).await? else { return Ok(false) };
        self.parts.users.withhold_indexes(&[index]).await?;
        let withheld = WithheldIndexes { address: lost.address, indexes: vec![index], why: Withheld::Known };
        log(&withheld);
        note_withheld(self.parts.upkeep.as_ref(), &withheld).await?;
        Ok(true)
    }

    /// Withholds the indexes that an address may have had, beside those that are `given`; how many are guessed then, of `guessed`
    /// before.
    async fn withhold_guessed(
        &self,
        lost: &Lost,
        given: &mut Given,
        guessed: usize,
    ) -> Result<usize, RegistrationError> {
        let most = self.terms.max_users.div_ceil(GUESSED_PART);
        for _ in 0..GUESSES {
            let indexes = self.guessed_indexes(lost.user, given);
            let then = guessed + indexes.len();
            if indexes.is_empty() {
                return Ok(guessed);
            }
            if then > most as usize {
                return Err(RegistrationError::TooManyLost(most));
            }
            let withheld = WithheldIndexes { address: lost.address, indexes, why: Withheld::Guessed };
            if withhold_guess(self.parts.users.as_ref(), &withheld).await? {
                log(&withheld);
                given.extend(withheld.indexes.into_iter().map(|index| (index, None)));
                return Ok(then);
            }
            // Another instance was quicker: with this address, or with an index.
            let noted = read_withheld(self.parts.upkeep.as_ref()).await?;
            if noted.iter().any(|noted| noted.address == lost.address) {
                return Ok(then);
            }
            *given = self.parts.users.key_indexes().await?;
        }
        Err(StoreError::Backend("other instances of the pool give key indexes at the same time".to_owned()).into())
    }

    /// Addresses that the ledger has tickets of, or that voting daemons know, and that are no user's.
    async fn lost_addresses(&self) -> Result<BTreeMap<String, Lost>, StoreError> {
        let mut lost = BTreeMap::new();
        let mut add = |address: ScriptAddress, user: Option<UserId>, daemon: &str| {
            let new = || Lost { address, user: None, daemons: BTreeSet::new() };
            let lost = lost.entry(address.to_string()).or_insert_with(new);
            lost.user = user.or(lost.user);
            // The ledger names daemons of earlier days, too, and one that was renamed would confirm itself.
            if self.parts.daemons.iter().any(|ours| ours.name() == daemon) {
                lost.daemons.insert(daemon.to_owned());
            }
        };
        for of_ledger in self.parts.ledger.lost_addresses().await? {
            add(of_ledger.address, Some(of_ledger.user), &of_ledger.daemon);
        }
        for (daemon, view) in self.reconciler.views() {
            let Some(status) = view.status else { continue };
            for unknown in &status.check.unknown {
                add(unknown.address, None, &daemon);
            }
            for missing in &status.check.missing {
                add(missing.address, Some(missing.user), &daemon);
            }
        }
        if !lost.is_empty() {
            let users = self.parts.users.registered().await?;
            let here: HashSet<_> =
                users.into_iter().filter_map(|user| user.registration).map(|it| it.address).collect();
            lost.retain(|_, lost| !here.contains(&lost.address) && lost.address.network() == self.terms.network);
        }
        Ok(lost)
    }

    /// The indexes that a lost user may have had, as far as nobody was given them.
    fn guessed_indexes(&self, user: Option<UserId>, given: &Given) -> Vec<KeyIndex> {
        let is_free = |index: &KeyIndex| !given.contains_key(index);
        let mut free = (1..=self.terms.max_users).map(KeyIndex).filter(is_free);
        let number = user.and_then(|user| u32::try_from(user.0).ok()).map(KeyIndex);
        let number = number.filter(|index| (1..=self.terms.max_users).contains(&index.0) && is_free(index));
        let mut indexes: Vec<_> = free.next().into_iter().chain(number).collect();
        indexes.dedup();
        indexes
    }
}

fn log(WithheldIndexes { address, indexes, why }: &WithheldIndexes) {
    tracing::warn!(%address, ?indexes, ?why, "withheld for an address that is no user's of the database");
}

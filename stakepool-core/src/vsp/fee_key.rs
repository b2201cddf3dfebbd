//! The keys whose addresses take fees.

use serde::{Deserialize, Serialize};

use crate::chain::{Address, ExtendedPubKey, HdKeyError, KeyIndex};

/// Children in a row that do not exist before something else must be wrong.
const MOST_INVALID: u32 = 3;
/// The first index that is given; the predecessor's server never gave 0.
const FIRST: KeyIndex = KeyIndex(1);

/// An account's key and how far its addresses were given. One that is retired gives no more of them, but is kept, so
/// that fees to its addresses are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeKey {
    key: ExtendedPubKey,
    next: KeyIndex,
    retired: bool,
}

/// An address that takes one ticket's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeAddress {
    /// Its number on the external branch.
    pub index: KeyIndex,
    /// The address.
    pub address: Address,
}

/// Why a key gives no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeeKeyError {
    /// It was retired.
    #[error("this fee key was retired: set vspfeexpub to a new one, and restart the web")]
    Retired,
    /// No address can be derived.
    #[error("the fee key gives no address: {0}; set vspfeexpub to the key of another account")]
    Derivation(#[from] HdKeyError),
    /// The users' fee addresses come from the same key.
    #[error(
        "vspfeexpub is the key of the cold wallet (coldwalletextpub), whose addresses are the users': use the key of \
         another account, since otherwise a ticket's fee and a user's would go to one address"
    )]
    ColdWallet,
}

impl FeeKey {
    /// A key of which no address was given yet.
    pub const fn new(key: ExtendedPubKey) -> Self {
        Self { key, next: FIRST, retired: false }
    }

    /// A key as it was kept: the index that is next, and whether it was retired.
    pub const fn restore(key: ExtendedPubKey, next: KeyIndex, retired: bool) -> Self {
        Self { key, next, retired }
    }

    /// The key.
    pub const fn key(&self) -> &ExtendedPubKey {
        &self.key
    }

    /// The index that was not given yet. Those from 1 on below it may have been.
    pub const fn next(&self) -> KeyIndex {
        self.next
    }

    /// The last index that may have been given; `None` where none was.
    pub fn last_given(&self) -> Option<KeyIndex> {
        self.next.0.checked_sub(1).filter(|last| *last > 0).map(KeyIndex)
    }

    /// Whether it gives no addresses any more.
    pub const fn is_retired(&self) -> bool {
        self.retired
    }

    /// Gives no addresses from now on.
    pub const fn retire(&mut self) {
        self.retired = true;
    }

    /// Gives nothing below `next` from now on. False where it would not have, either.
    pub fn pass_over(&mut self, next: KeyIndex) -> bool {
        let is_ahead = next > self.next;
        self.next = self.next.max(next);
        is_ahead
    }

    /// Insists that the key is not the cold wallet's, whose addresses have the same indexes.
    ///
    /// # Errors
    /// [`FeeKeyError::ColdWallet`].
    pub fn require_other_than(&self, cold: &ExtendedPubKey) -> Result<(), FeeKeyError> {
        if self.key.public_key() == cold.public_key() { Err(FeeKeyError::ColdWallet) } else { Ok(()) }
    }

    /// The next address. The index must be kept before the address is used. Children that do not exist (one in 2^127) are
    /// passed over.
    ///
    /// # Errors
    /// [`FeeKeyError`] where the key was retired, has no index left, or is no proper key.
    pub fn give(&mut self) -> Result<FeeAddress, FeeKeyError> {
        if self.retired {
            return Err(FeeKeyError::Retired);
        }
        let mut result = self.address(self.next);
        for _ in 1..MOST_INVALID {
            if !matches!(result, Err(HdKeyError::NoSuchChild(_))) {
                break;
            }
            self.next = KeyIndex(self.next.0.saturating_add(1));
            result = self.address(self.next);
        }
        let given = result?;
        self.next = KeyIndex(self.next.0.saturating_add(1));
        Ok(given)
    }

    fn address(&self, index: KeyIndex) -> Result<FeeAddress, HdKeyError> {
        let address = self.key.external_branch()?.address(index)?.to_pubkey_hash();
        Ok(FeeAddress { index, address })
    }

    /// The index of an address among those that may have been given. Takes time in proportion to these.
    pub fn index_of(&self, address: &Address) -> Option<KeyIndex> {
        let branch = self.key.external_branch().ok()?;
        let is_it = |index: &KeyIndex| branch.address(*index).is_ok_and(|found| found.to_pubkey_hash() == *address);
        (FIRST.0..self.next.0).map(KeyIndex).find(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cold wallet of the simulation network, whose key the recorded server had.
    const KEY: &str = "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";

    fn key() -> FeeKey {
        FeeKey::new(KEY.parse().unwrap())
    }

    #[test]
    fn addresses_are_given_from_index_1_on_each_once() {
        let mut key = key();
        let given: Vec<_> = (0..3).map(|_| key.give().unwrap()).collect();
        assert_eq!(given.iter().map(|given| given.index.0).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(given[0].address.to_string(), "SsZCEU4RYALXMEquCTWyR5QJzPXSQsjgdt5");
        assert_eq!(key.next(), KeyIndex(4));
        let mut restored = FeeKey::restore(*key.key(), key.next(), false);
        assert_eq!(restored.give().unwrap().index, KeyIndex(4));
    }

    #[test]
    fn indexes_that_were_passed_over_are_not_given() {
        let mut key = key();
        assert!(key.pass_over(KeyIndex(9)) && !key.pass_over(KeyIndex(4)));
        assert_eq!(key.give().unwrap().index, KeyIndex(9));
    }

    #[test]
    fn a_retired_key_gives_nothing_and_knows_its_addresses() {
        let mut key = key();
        let given = key.give().unwrap();
        key.retire();
        assert_eq!(key.give(), Err(FeeKeyError::Retired));
        assert_eq!(key.index_of(&given.address), Some(given.index));
        let not_given = FeeKey::new(*key.key()).key().external_branch().unwrap().address(KeyIndex(2)).unwrap();
        assert_eq!(key.index_of(&not_given.to_pubkey_hash()), None);
    }

    #[test]
    fn the_cold_wallets_key_is_refused() {
        let cold: ExtendedPubKey = KEY.parse().unwrap();
        assert_eq!(key().require_other_than(&cold), Err(FeeKeyError::ColdWallet));
        assert_eq!(key().require_other_than(&cold.child(KeyIndex(7)).unwrap()), Ok(()));
    }

    #[test]
    fn the_last_index_is_not_passed() {
        let mut key = FeeKey::restore(KEY.parse().unwrap(), KeyIndex(u32::MAX >> 1), false);
        assert!(key.give().is_ok());
        assert!(matches!(key.give(), Err(FeeKeyError::Derivation(HdKeyError::Hardened(_)))));
    }
}

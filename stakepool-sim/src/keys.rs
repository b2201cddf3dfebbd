//! The keys of a wallet's first account.

use std::collections::HashMap;
use std::sync::Mutex;

use secp256k1::PublicKey;
use stakepool_core::chain::{
    CoinType, ExtendedPrivKey, ExtendedPubKey, ExternalBranch, Hash160, HdKeyError, KeyIndex, Network, PrivateKey,
    hash160,
};

use crate::error::SimError;
use crate::sync::lock;

/// The keys 0/n of an account, private ones made when they are needed, public ones remembered.
pub(crate) struct KeyRing {
    xpub: ExtendedPubKey,
    branch: ExternalBranch,
    private_branch: ExtendedPrivKey,
    known: Mutex<KnownKeys>,
}

#[derive(Default)]
struct KnownKeys {
    keys: Vec<PublicKey>,
    by_hash: HashMap<Hash160, KeyIndex>,
}

impl KeyRing {
    /// The keys of the wallet with this seed.
    pub(crate) fn from_seed(seed: &[u8]) -> Result<Self, SimError> {
        let account = ExtendedPrivKey::account(seed, Network::Simnet, CoinType::Registered, 0)?;
        let xpub = account.public(Network::Simnet);
        Ok(Self {
            xpub,
            branch: xpub.external_branch()?,
            private_branch: account.child(KeyIndex(0))?,
            known: Mutex::new(KnownKeys::default()),
        })
    }

    /// The account's extended public key.
    pub(crate) const fn xpub(&self) -> ExtendedPubKey {
        self.xpub
    }

    /// Derives the public keys up to `last`, on all cores where there are many.
    pub(crate) fn extend_to(&self, last: KeyIndex) -> Result<(), SimError> {
        const MANY: u32 = 64;
        let have = lock(&self.known).keys.len() as u32;
        if have > last.0 {
            return Ok(());
        }
        let fresh: Vec<PublicKey> = if last.0 - have > MANY {
            self.branch.addresses(last)?.into_iter().skip(have as usize).map(|address| *address.public_key()).collect()
        } else {
            (have..=last.0).map(|index| self.branch.public_key(KeyIndex(index))).collect::<Result<_, _>>()?
        };
        let mut known = lock(&self.known);
        for (key, index) in fresh.into_iter().zip(have..) {
            if known.keys.len() as u32 == index {
                known.keys.push(key);
                known.by_hash.insert(hash160(&key.serialize()), KeyIndex(index));
            }
        }
        Ok(())
    }

    /// The public key with a number.
    pub(crate) fn public_key(&self, index: KeyIndex) -> Result<PublicKey, SimError> {
        self.extend_to(index)?;
        match lock(&self.known).keys.get(index.0 as usize) {
            Some(key) => Ok(*key),
            None => Ok(self.branch.public_key(index)?),
        }
    }

    /// The number of the key with a hash, where it is among those derived so far.
    pub(crate) fn index_of(&self, hash: Hash160) -> Option<KeyIndex> {
        lock(&self.known).by_hash.get(&hash).copied()
    }

    /// The private key with a number.
    pub(crate) fn secret(&self, index: KeyIndex) -> Result<PrivateKey, HdKeyError> {
        self.private_branch.child(index).map(|key| key.private_key().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_public_derivation_agree() {
        let ring = KeyRing::from_seed(b"some seed of a wallet").unwrap();
        ring.extend_to(KeyIndex(100)).unwrap();
        for index in [0, 1, 42, 100, 4711] {
            let index = KeyIndex(index);
            let public = ring.public_key(index).unwrap();
            assert_eq!(ring.secret(index).unwrap().public_key(), public);
            assert_eq!(ring.xpub().external_branch().unwrap().public_key(index).unwrap(), public);
            assert_eq!(ring.index_of(hash160(&public.serialize())), Some(index));
        }
    }
}

//! Private keys: the half of BIP32 that a pool never has, but its wallets do.

use std::collections::HashMap;
use std::sync::Mutex;

use hmac::{Hmac, KeyInit, Mac};
use secp256k1::{PublicKey, Scalar, SecretKey};
use sha2::Sha512;
use stakepool_core::chain::{ExtendedPubKey, ExternalBranch, Hash160, KeyIndex, hash160, sha256};

use crate::error::SimError;
use crate::sync::lock;

/// First index of the hardened children.
const HARDENED: u32 = 1 << 31;
/// Purpose, coin type and account of a wallet's first account.
const ACCOUNT_PATH: [u32; 3] = [HARDENED + 44, HARDENED + 1, HARDENED];
/// Version bytes of an extended public key of simnet.
const SIMNET_HD_PUBLIC: [u8; 4] = [0x04, 0x20, 0xbd, 0x3d];

/// An extended private key.
#[derive(Clone)]
pub(crate) struct HdPrivateKey {
    secret: SecretKey,
    chain_code: [u8; 32],
    depth: u8,
    parent_fingerprint: [u8; 4],
    child_number: u32,
}

impl HdPrivateKey {
    /// The first account of the wallet with this seed (m/44'/1'/0').
    pub(crate) fn account(seed: &[u8]) -> Result<Self, SimError> {
        let (secret, chain_code) = halves(b"Bitcoin seed", &[seed])?;
        let master = Self {
            secret: SecretKey::from_secret_bytes(secret).map_err(|_| SimError::PrivateKey)?,
            chain_code,
            depth: 0,
            parent_fingerprint: [0; 4],
            child_number: 0,
        };
        ACCOUNT_PATH.into_iter().try_fold(master, |key, index| key.child(index))
    }

    /// The child with a number, hardened from 2^31 on.
    pub(crate) fn child(&self, index: u32) -> Result<Self, SimError> {
        let public = PublicKey::from_secret_key(&self.secret).serialize();
        let number = index.to_be_bytes();
        let (tweak, chain_code) = if index >= HARDENED {
            halves(&self.chain_code, &[&[0], &self.secret.to_secret_bytes(), &number])?
        } else {
            halves(&self.chain_code, &[&public, &number])?
        };
        let tweak = Scalar::from_be_bytes(tweak).map_err(|_| SimError::PrivateKey)?;
        let [a, b, c, d, ..] = hash160(&public).0;
        Ok(Self {
            secret: self.secret.add_tweak(&tweak).map_err(|_| SimError::PrivateKey)?,
            chain_code,
            depth: self.depth.wrapping_add(1),
            parent_fingerprint: [a, b, c, d],
            child_number: index,
        })
    }

    /// The private key itself.
    pub(crate) const fn secret(&self) -> &SecretKey {
        &self.secret
    }

    /// The public half.
    pub(crate) fn public(&self) -> Result<ExtendedPubKey, SimError> {
        let mut bytes = Vec::with_capacity(82);
        bytes.extend_from_slice(&SIMNET_HD_PUBLIC);
        bytes.push(self.depth);
        bytes.extend_from_slice(&self.parent_fingerprint);
        bytes.extend_from_slice(&self.child_number.to_be_bytes());
        bytes.extend_from_slice(&self.chain_code);
        bytes.extend_from_slice(&PublicKey::from_secret_key(&self.secret).serialize());
        let checksum = sha256(&sha256(&bytes));
        bytes.extend_from_slice(&checksum[..4]);
        Ok(bs58::encode(bytes).into_string().parse()?)
    }
}

/// HMAC-SHA512 of the parts, in two halves.
fn halves(key: &[u8], parts: &[&[u8]]) -> Result<([u8; 32], [u8; 32]), SimError> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).map_err(|_| SimError::PrivateKey)?;
    for part in parts {
        mac.update(part);
    }
    let bytes: [u8; 64] = mac.finalize().into_bytes().into();
    let (mut left, mut right) = ([0; 32], [0; 32]);
    left.copy_from_slice(&bytes[..32]);
    right.copy_from_slice(&bytes[32..]);
    Ok((left, right))
}

/// The keys 0/n of an account, private ones made when they are needed, public ones remembered.
pub(crate) struct KeyRing {
    xpub: ExtendedPubKey,
    branch: ExternalBranch,
    private_branch: HdPrivateKey,
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
        let account = HdPrivateKey::account(seed)?;
        let xpub = account.public()?;
        Ok(Self {
            xpub,
            branch: xpub.external_branch()?,
            private_branch: account.child(0)?,
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
    pub(crate) fn secret(&self, index: KeyIndex) -> Result<SecretKey, SimError> {
        self.private_branch.child(index.0).map(|key| *key.secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_wallets_seed_gives_its_account_key() {
        let account = HdPrivateKey::account(&[0x11; 32]).unwrap();
        assert_eq!(
            account.public().unwrap().to_string(),
            "spubVVyAaVqcxFBjPJcRT3ZRUyMDRfmEBzS3mo6Z7435wg8to9NmNGvvz7pWvRPWCxQcP28SyHKKrteSFjXg4hCBUHLMGPTQit9Th6vM5RfrL4e"
        );
    }

    #[test]
    fn private_and_public_derivation_agree() {
        let ring = KeyRing::from_seed(b"some seed of a wallet").unwrap();
        ring.extend_to(KeyIndex(100)).unwrap();
        for index in [0, 1, 42, 100, 4711] {
            let index = KeyIndex(index);
            let public = ring.public_key(index).unwrap();
            assert_eq!(PublicKey::from_secret_key(&ring.secret(index).unwrap()), public);
            assert_eq!(ring.xpub().external_branch().unwrap().public_key(index).unwrap(), public);
            assert_eq!(ring.index_of(hash160(&public.serialize())), Some(index));
        }
    }
}

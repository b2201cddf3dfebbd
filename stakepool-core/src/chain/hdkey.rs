//! BIP32 extended public keys and the external branch from which every user gets a child.

use std::fmt;
use std::str::FromStr;

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use secp256k1::{PublicKey, Scalar};
use serde::{Deserialize, Serialize};
use sha2::Sha512;

use super::address::PubKeyAddress;
use super::base58check;
use super::hash::hash160;
use super::multiples::GeneratorMultiples;
use super::network::Network;
use crate::spread;

/// The number of a child key: a user's place in both wallets of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyIndex(pub u32);

impl fmt::Display for KeyIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account's extended public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ExtendedPubKey {
    pub(super) network: Network,
    pub(super) depth: u8,
    pub(super) parent_fingerprint: [u8; 4],
    pub(super) child_number: u32,
    pub(super) chain_code: [u8; 32],
    pub(super) key: PublicKey,
}

/// Why a text is no extended public key, or a child cannot be derived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HdKeyError {
    /// Not base58, or mistyped.
    #[error("not an extended public key: {0}; copy the whole key as `getmasterpubkey` of the wallet prints it")]
    Malformed(&'static str),
    /// The private key was given.
    #[error(
        "this is an extended private key: never give it to a pool; use the public key that `getmasterpubkey` prints"
    )]
    Private,
    /// A key of another network.
    #[error("this extended public key belongs to {found}, but {expected} is configured")]
    WrongNetwork {
        /// The key's network.
        found: Network,
        /// The configured network.
        expected: Network,
    },
    /// Only hardened children exist from here on.
    #[error("child {0} is hardened and cannot be derived from a public key: use an index below 2147483648")]
    Hardened(u32),
    /// The one case in 2^127 that BIP32 leaves out.
    #[error("child {0} does not exist under this key")]
    NoSuchChild(u32),
    /// A seed that is too short or too long, or gives no key.
    #[error("not a wallet's seed: 16 to 64 bytes are expected")]
    Seed,
}

/// First index of the hardened children.
pub(super) const HARDENED: u32 = 1 << 31;

impl ExtendedPubKey {
    /// The network to which the key belongs.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The public key itself.
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// Parses a key and insists on its network.
    ///
    /// # Errors
    /// As parsing, and [`HdKeyError::WrongNetwork`].
    pub fn parse_for(text: &str, expected: Network) -> Result<Self, HdKeyError> {
        let key: Self = text.parse()?;
        if key.network == expected { Ok(key) } else { Err(HdKeyError::WrongNetwork { found: key.network, expected }) }
    }

    /// The child with a number (BIP32, public parent to public child).
    ///
    /// # Errors
    /// [`HdKeyError::Hardened`], or [`HdKeyError::NoSuchChild`] with negligible probability.
    pub fn child(&self, index: KeyIndex) -> Result<Self, HdKeyError> {
        let (key, chain_code) = self.derive(index)?;
        let [a, b, c, d, ..] = hash160(&self.key.serialize()).0;
        Ok(Self {
            network: self.network,
            depth: self.depth.wrapping_add(1),
            parent_fingerprint: [a, b, c, d],
            child_number: index.0,
            chain_code,
            key,
        })
    }

    fn derive(&self, index: KeyIndex) -> Result<(PublicKey, [u8; 32]), HdKeyError> {
        let keyed = self.keyed().map_err(|_| HdKeyError::NoSuchChild(index.0))?;
        let (tweak, chain_code) = tweak_of(keyed, index)?;
        let key = self.key.add_exp_tweak(&tweak).map_err(|_| HdKeyError::NoSuchChild(index.0))?;
        Ok((key, chain_code))
    }

    /// The part of the derivation that all children share.
    fn keyed(&self) -> Result<Hmac<Sha512>, InvalidLength> {
        let mut mac = Hmac::<Sha512>::new_from_slice(&self.chain_code)?;
        mac.update(&self.key.serialize());
        Ok(mac)
    }

    /// The external branch (child 0), from which the users' keys come.
    ///
    /// # Errors
    /// As [`ExtendedPubKey::child`].
    pub fn external_branch(&self) -> Result<ExternalBranch, HdKeyError> {
        self.child(KeyIndex(0)).map(ExternalBranch)
    }
}

/// What is added to a parent's key for child `index`, and the child's chain code.
fn tweak_of(mut parent: Hmac<Sha512>, index: KeyIndex) -> Result<(Scalar, [u8; 32]), HdKeyError> {
    if index.0 >= HARDENED {
        return Err(HdKeyError::Hardened(index.0));
    }
    parent.update(&index.0.to_be_bytes());
    let bytes: [u8; 64] = parent.finalize().into_bytes().into();
    let (mut tweak, mut chain_code) = ([0; 32], [0; 32]);
    tweak.copy_from_slice(&bytes[..32]);
    chain_code.copy_from_slice(&bytes[32..]);
    let tweak = Scalar::from_be_bytes(tweak).map_err(|_| HdKeyError::NoSuchChild(index.0))?;
    Ok((tweak, chain_code))
}

/// The external branch of an account: its children are the keys 0/n below the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExternalBranch(ExtendedPubKey);

impl ExternalBranch {
    /// The branch whose own key is known, rather than the account's.
    pub const fn of_branch_key(key: ExtendedPubKey) -> Self {
        Self(key)
    }

    /// The network of its keys.
    pub const fn network(&self) -> Network {
        self.0.network
    }

    /// The public key of user `index`.
    ///
    /// # Errors
    /// As [`ExtendedPubKey::child`].
    pub fn public_key(&self, index: KeyIndex) -> Result<PublicKey, HdKeyError> {
        self.0.derive(index).map(|(key, _)| key)
    }

    /// The public key of user `index` as an address.
    ///
    /// # Errors
    /// As [`ExtendedPubKey::child`].
    pub fn address(&self, index: KeyIndex) -> Result<PubKeyAddress, HdKeyError> {
        self.public_key(index).map(|key| PubKeyAddress::new(self.0.network, key))
    }

    /// The addresses of indexes 0 to `last`, on all cores where the feature `parallel` is on.
    ///
    /// # Errors
    /// As [`ExtendedPubKey::child`].
    pub fn addresses(&self, last: KeyIndex) -> Result<Vec<PubKeyAddress>, HdKeyError> {
        let no_child = |index| move |_| HdKeyError::NoSuchChild(index);
        let keyed = self.0.keyed().map_err(|_| HdKeyError::NoSuchChild(0))?;
        let many = last.0 >= GeneratorMultiples::WORTH_FROM;
        let multiples = many.then(GeneratorMultiples::prepare).transpose().map_err(no_child(0))?;
        let address = |index| {
            let (tweak, _) = tweak_of(keyed.clone(), KeyIndex(index))?;
            let key = match &multiples {
                Some(multiples) => multiples.add_to(&self.0.key, &tweak.to_be_bytes()),
                None => self.0.key.add_exp_tweak(&tweak),
            };
            Ok(PubKeyAddress::new(self.0.network, key.map_err(no_child(index))?))
        };
        spread::over_range(0..=last.0, address)
    }
}

impl FromStr for ExtendedPubKey {
    type Err = HdKeyError;

    fn from_str(text: &str) -> Result<Self, HdKeyError> {
        let bytes = base58check::decode(text).map_err(|error| {
            HdKeyError::Malformed(match error {
                base58check::Base58Error::Alphabet => "characters or a length that no key has",
                base58check::Base58Error::Checksum => "its checksum does not match",
            })
        })?;
        let bytes: [u8; 78] = bytes.try_into().map_err(|_| HdKeyError::Malformed("wrong length"))?;
        let (version, rest) = bytes.split_at(4);
        let (head, key) = rest.split_at(41);
        if key[0] == 0 {
            return Err(HdKeyError::Private);
        }
        let network = Network::ALL
            .into_iter()
            .find(|network| network.hd_public_version() == version)
            .ok_or(HdKeyError::Malformed("its version belongs to no EXCC network"))?;
        let mut parent_fingerprint = [0; 4];
        parent_fingerprint.copy_from_slice(&head[1..5]);
        let mut child_number = [0; 4];
        child_number.copy_from_slice(&head[5..9]);
        let mut chain_code = [0; 32];
        chain_code.copy_from_slice(&head[9..41]);
        Ok(Self {
            network,
            depth: head[0],
            parent_fingerprint,
            child_number: u32::from_be_bytes(child_number),
            chain_code,
            key: PublicKey::from_slice(key).map_err(|_| HdKeyError::Malformed("its point is not on the curve"))?,
        })
    }
}

impl fmt::Display for ExtendedPubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(82);
        bytes.extend_from_slice(&self.network.hd_public_version());
        bytes.push(self.depth);
        bytes.extend_from_slice(&self.parent_fingerprint);
        bytes.extend_from_slice(&self.child_number.to_be_bytes());
        bytes.extend_from_slice(&self.chain_code);
        bytes.extend_from_slice(&self.key.serialize());
        f.write_str(&base58check::encode(&bytes))
    }
}

impl fmt::Debug for ExtendedPubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtendedPubKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMNET: &str = "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";

    #[test]
    fn a_key_prints_as_it_was_read() {
        assert_eq!(SIMNET.parse::<ExtendedPubKey>().unwrap().to_string(), SIMNET);
    }

    #[test]
    fn a_key_of_another_network_is_refused_with_both_named() {
        let error = ExtendedPubKey::parse_for(SIMNET, Network::Mainnet).unwrap_err();
        assert_eq!(error.to_string(), "this extended public key belongs to simnet, but mainnet is configured");
    }

    #[test]
    fn a_mistyped_or_cut_key_is_refused() {
        assert!(SIMNET.replace("VVU", "VVV").parse::<ExtendedPubKey>().is_err());
        assert!(SIMNET[..60].parse::<ExtendedPubKey>().is_err());
        assert!("".parse::<ExtendedPubKey>().is_err());
    }

    #[test]
    fn many_addresses_are_the_ones_derived_one_by_one() {
        let branch = SIMNET.parse::<ExtendedPubKey>().unwrap().external_branch().unwrap();
        let many = branch.addresses(KeyIndex(GeneratorMultiples::WORTH_FROM)).unwrap();
        for index in [0, 1, 999, GeneratorMultiples::WORTH_FROM] {
            assert_eq!(many[index as usize], branch.address(KeyIndex(index)).unwrap());
        }
    }

    #[test]
    fn hardened_children_are_refused() {
        let key: ExtendedPubKey = SIMNET.parse().unwrap();
        assert_eq!(key.child(KeyIndex(1 << 31)), Err(HdKeyError::Hardened(1 << 31)));
    }
}

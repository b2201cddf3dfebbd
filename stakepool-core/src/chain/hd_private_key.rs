//! BIP32 extended private keys, derived as exccwallet derives them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secp256k1::Scalar;
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use super::base58check;
use super::hash::hash160;
use super::hdkey::{ExtendedPubKey, HARDENED, HdKeyError, KeyIndex};
use super::network::Network;
use super::private_key::PrivateKey;
use super::wire::Reader;
use crate::secret::Secret;

/// Length of the bytes of a printed key.
const LENGTH: usize = 78;
/// Purpose of the path of a wallet's accounts (BIP44).
const PURPOSE: u32 = 44;
/// Lengths of a seed, in bytes.
const SEED_LENGTHS: std::ops::RangeInclusive<usize> = 16..=64;

/// An extended private key. It never prints itself, and is overwritten in memory when it is dropped.
#[derive(Clone)]
pub struct ExtendedPrivKey {
    key: PrivateKey,
    chain_code: [u8; 32],
    depth: u8,
    parent_fingerprint: [u8; 4],
    child_number: u32,
}

/// The number of a coin in the path of a wallet's accounts. A wallet uses the legacy one or the registered one,
/// depending on when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoinType {
    /// The number registered in SLIP-0044.
    Registered,
    /// The number that older wallets use.
    Legacy,
}

impl CoinType {
    const fn number(self, network: Network) -> u32 {
        match (self, network) {
            (Self::Registered, Network::Mainnet) => 21_370,
            (Self::Registered, _) => 1,
            (Self::Legacy, Network::Simnet) => 2,
            (Self::Legacy, _) => 0,
        }
    }
}

impl ExtendedPrivKey {
    /// The master key of a wallet's seed.
    ///
    /// # Errors
    /// [`HdKeyError::Seed`] for fewer than 16 or more than 64 bytes, or with negligible probability.
    pub fn master(seed: &[u8]) -> Result<Self, HdKeyError> {
        if !SEED_LENGTHS.contains(&seed.len()) {
            return Err(HdKeyError::Seed);
        }
        let (secret, chain_code) = halves(b"Bitcoin seed", &[seed]).ok_or(HdKeyError::Seed)?;
        let key = PrivateKey::from_bytes(&secret).map_err(|_| HdKeyError::Seed)?;
        Ok(Self { key, chain_code, depth: 0, parent_fingerprint: [0; 4], child_number: 0 })
    }

    /// An account of the wallet with this seed (m/44'/coin'/account').
    ///
    /// # Errors
    /// As [`ExtendedPrivKey::master`] and [`ExtendedPrivKey::child`].
    pub fn account(seed: &[u8], network: Network, coin: CoinType, account: u32) -> Result<Self, HdKeyError> {
        let path = [PURPOSE, coin.number(network), account];
        path.into_iter().try_fold(Self::master(seed)?, |key, index| key.child(KeyIndex(HARDENED | index)))
    }

    /// The child with a number, hardened from 2^31 on.
    ///
    /// # Errors
    /// [`HdKeyError::NoSuchChild`] with negligible probability.
    pub fn child(&self, index: KeyIndex) -> Result<Self, HdKeyError> {
        let no_child = || HdKeyError::NoSuchChild(index.0);
        let public = self.key.public_key().serialize();
        let number = index.0.to_be_bytes();
        let (tweak, chain_code) = if index.0 >= HARDENED {
            halves(&self.chain_code, &[&self.hardened_data()[..], &number])
        } else {
            halves(&self.chain_code, &[&public, &number])
        }
        .ok_or_else(no_child)?;
        let tweak = Scalar::from_be_bytes(*tweak).map_err(|_| no_child())?;
        let mut secret = self.key.secret().add_tweak(&tweak).map_err(|_| no_child())?;
        let key = PrivateKey::from_bytes(secret.as_secret_bytes()).map_err(|_| no_child());
        secret.non_secure_erase();
        let [a, b, c, d, ..] = hash160(&public).0;
        Ok(Self {
            key: key?,
            chain_code,
            depth: self.depth.wrapping_add(1),
            parent_fingerprint: [a, b, c, d],
            child_number: index.0,
        })
    }

    /// What a hardened child is derived from. Wallets of the Decred family differ from BIP32 where a derived key begins
    /// with zeros: they leave these out, so that the others move to the front.
    fn hardened_data(&self) -> Zeroizing<[u8; 33]> {
        let key = self.key.to_bytes();
        let zeros = if self.depth == 0 { 0 } else { key.iter().take_while(|byte| **byte == 0).count() };
        let mut data = Zeroizing::new([0; 33]);
        data[1..33 - zeros].copy_from_slice(&key[zeros..]);
        data
    }

    /// Reads a key as wallets print it (`xprv…`, `tprv…`, `sprv…`), and insists on the network.
    ///
    /// # Errors
    /// [`HdKeyError::Malformed`], without the text.
    pub fn parse_for(text: &str, network: Network) -> Result<Self, HdKeyError> {
        let malformed = HdKeyError::Malformed;
        let bytes = base58check::decode(text).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| malformed("it is mistyped, or cut off"))?;
        let bytes: &[u8; LENGTH] = bytes.as_slice().try_into().map_err(|_| malformed("wrong length"))?;
        let (version, rest) = bytes.split_at(4);
        if version != network.hd_private_version() {
            return Err(malformed("it is not an extended private key of this network"));
        }
        let mut fields = Reader::new(rest);
        let short = |_| malformed("wrong length");
        let [depth] = fields.array("the depth").map_err(short)?;
        let parent_fingerprint = fields.array("the parent's fingerprint").map_err(short)?;
        let child_number = u32::from_be_bytes(fields.array("the number").map_err(short)?);
        let chain_code = fields.array("the chain code").map_err(short)?;
        let [0] = fields.array("the padding").map_err(short)? else {
            return Err(malformed("it is a public key"));
        };
        let secret = Zeroizing::new(fields.array("the key").map_err(short)?);
        let key = PrivateKey::from_bytes(&secret).map_err(|_| malformed("its key is out of range"))?;
        Ok(Self { key, chain_code, depth, parent_fingerprint, child_number })
    }

    /// The key as wallets print it.
    pub fn to_text(&self, network: Network) -> Secret {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH));
        bytes.extend_from_slice(&network.hd_private_version());
        bytes.push(self.depth);
        bytes.extend_from_slice(&self.parent_fingerprint);
        bytes.extend_from_slice(&self.child_number.to_be_bytes());
        bytes.extend_from_slice(&self.chain_code);
        bytes.push(0);
        bytes.extend_from_slice(&*self.key.to_bytes());
        Secret::new(base58check::encode(&bytes))
    }

    /// The private key itself.
    pub const fn private_key(&self) -> &PrivateKey {
        &self.key
    }

    /// The public half, as a wallet of `network` prints it.
    pub fn public(&self, network: Network) -> ExtendedPubKey {
        ExtendedPubKey {
            network,
            depth: self.depth,
            parent_fingerprint: self.parent_fingerprint,
            child_number: self.child_number,
            chain_code: self.chain_code,
            key: self.key.public_key(),
        }
    }
}

impl Drop for ExtendedPrivKey {
    fn drop(&mut self) {
        // With a public key, the chain code and one private child give the private key; the key erases itself.
        self.chain_code.zeroize();
    }
}

impl fmt::Debug for ExtendedPrivKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtendedPrivKey(…)")
    }
}

/// HMAC-SHA512 of the parts, in two halves: what becomes a key, and the chain code.
fn halves(key: &[u8], parts: &[&[u8]]) -> Option<(Zeroizing<[u8; 32]>, [u8; 32])> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    let bytes: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
    let (mut left, mut right) = (Zeroizing::new([0; 32]), [0; 32]);
    left.copy_from_slice(&bytes[..32]);
    right.copy_from_slice(&bytes[32..]);
    Some((left, right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn account(coin: CoinType) -> ExtendedPrivKey {
        ExtendedPrivKey::account(&[0x11; 32], Network::Simnet, coin, 0).unwrap()
    }

    #[test]
    fn a_real_wallets_seed_gives_its_account_key() {
        assert_eq!(
            account(CoinType::Registered).public(Network::Simnet).to_string(),
            "spubVVyAaVqcxFBjPJcRT3ZRUyMDRfmEBzS3mo6Z7435wg8to9NmNGvvz7pWvRPWCxQcP28SyHKKrteSFjXg4hCBUHLMGPTQit9Th6vM5RfrL4e"
        );
        assert_ne!(
            account(CoinType::Legacy).public(Network::Simnet),
            account(CoinType::Registered).public(Network::Simnet)
        );
    }

    #[test]
    fn private_and_public_derivation_agree() {
        let account = account(CoinType::Registered);
        let (branch, public) =
            (account.child(KeyIndex(0)).unwrap(), account.public(Network::Simnet).external_branch().unwrap());
        for index in [0, 1, 42, 100, 4711].map(KeyIndex) {
            let private = branch.child(index).unwrap();
            assert_eq!(private.private_key().public_key(), public.public_key(index).unwrap());
        }
    }

    #[test]
    fn zeros_before_a_key_are_left_out_of_what_a_hardened_child_is_derived_from() {
        let mut key = account(CoinType::Registered);
        let mut bytes = [7; 32];
        (bytes[0], bytes[1]) = (0, 0);
        key.key = PrivateKey::from_bytes(&bytes).unwrap();
        assert_eq!(key.hardened_data()[..], [&[0][..], &[7; 30], &[0, 0]].concat());
        key.depth = 0;
        assert_eq!(key.hardened_data()[..], [&[0][..], &bytes].concat(), "a master key is used as it is");
    }

    #[test]
    fn a_key_is_printed_as_wallets_print_it_and_read_back_for_its_network_alone() {
        // Vector 1 of BIP32, whose text is that of EXCC's mainnet, too.
        let master = ExtendedPrivKey::master(&hex::decode("000102030405060708090a0b0c0d0e0f").unwrap()).unwrap();
        let text = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
        assert_eq!(master.to_text(Network::Mainnet).expose(), text);
        let read = ExtendedPrivKey::parse_for(text, Network::Mainnet).unwrap();
        assert_eq!(read.public(Network::Mainnet), master.public(Network::Mainnet));
        assert!(ExtendedPrivKey::parse_for(text, Network::Simnet).is_err());
        let account = account(CoinType::Legacy);
        let public = account.public(Network::Simnet).to_string();
        for wrong in ["", "xprv", &text[..100], &text.replacen("xprv9", "xprv8", 1), &public] {
            let error = ExtendedPrivKey::parse_for(wrong, Network::Mainnet).err().unwrap().to_string();
            assert!(wrong.len() < 5 || !error.contains(&wrong[..5]), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*", bytes: Vec<u8>) {
            let _ = ExtendedPrivKey::parse_for(&text, Network::Simnet);
            let _ = ExtendedPrivKey::parse_for(&base58check::encode(&bytes), Network::Simnet);
        }
    }

    #[test]
    fn seeds_that_no_wallet_has_are_refused_and_a_key_does_not_print_itself() {
        for length in [0, 15, 65] {
            assert_eq!(ExtendedPrivKey::master(&vec![1; length]).err(), Some(HdKeyError::Seed));
        }
        assert_eq!(format!("{:?}", account(CoinType::Legacy)), "ExtendedPrivKey(…)");
    }
}

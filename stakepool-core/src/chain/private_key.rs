//! Private keys, and the text in which wallets hand them over (WIF).

use std::fmt;

use secp256k1::{PublicKey, SecretKey};
use zeroize::{Zeroize, Zeroizing};

use super::base58check::{self, Base58Error};
use super::hash::{Hash160, hash160};
use super::network::Network;
use crate::secret::Secret;

/// A private key on secp256k1. It never prints itself, and is overwritten in memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(SecretKey);

/// Why something is no private key. The text itself never stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// Not base58, or of a length that no key has.
    #[error("not a private key: it has characters or a length that no key in wallet import format has")]
    Malformed,
    /// A typing error.
    #[error("the private key is mistyped: its checksum does not match")]
    Checksum,
    /// A key of another network.
    #[error("the private key does not belong to {0}")]
    WrongNetwork(Network),
    /// A key for signatures of another kind than ECDSA on secp256k1.
    #[error("the private key is for another kind of signature: ECDSA on secp256k1 is needed")]
    WrongKind,
    /// Zero, or not below the order of the curve.
    #[error("the private key is out of range")]
    OutOfRange,
}

/// Says in a WIF that the key is for ECDSA on secp256k1 and its public key is compressed.
const ECDSA_COMPRESSED: u8 = 1;
const KEY_LENGTH: usize = 32;

impl PrivateKey {
    /// A key from its 32 bytes, big endian.
    ///
    /// # Errors
    /// [`PrivateKeyError::OutOfRange`] for zero and numbers that are not below the order of the curve.
    pub fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Result<Self, PrivateKeyError> {
        SecretKey::from_secret_bytes(*bytes).map(Self).map_err(|_| PrivateKeyError::OutOfRange)
    }

    /// Reads wallet import format and insists on the network. Testnet and simnet have the same prefix and cannot be told apart.
    ///
    /// The older form, without the byte that names the kind of key, is read, too; the public key is compressed all the same.
    ///
    /// # Errors
    /// [`PrivateKeyError`] says what is wrong, without the text.
    pub fn from_wif(text: &str, network: Network) -> Result<Self, PrivateKeyError> {
        let bytes = base58check::decode(text).map(Zeroizing::new).map_err(|error| match error {
            Base58Error::Alphabet => PrivateKeyError::Malformed,
            Base58Error::Checksum => PrivateKeyError::Checksum,
        })?;
        let (prefix, rest) = bytes.split_first().ok_or(PrivateKeyError::Malformed)?;
        let (key, kind) = rest.split_first_chunk::<KEY_LENGTH>().ok_or(PrivateKeyError::Malformed)?;
        match kind {
            [] | [ECDSA_COMPRESSED] => {}
            [_] => return Err(PrivateKeyError::WrongKind),
            _ => return Err(PrivateKeyError::Malformed),
        }
        if *prefix != network.private_key_prefix() {
            return Err(PrivateKeyError::WrongNetwork(network));
        }
        Self::from_bytes(key)
    }

    /// The key in wallet import format.
    pub fn to_wif(&self, network: Network) -> Secret {
        let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_LENGTH + 2));
        bytes.push(network.private_key_prefix());
        bytes.extend_from_slice(self.0.as_secret_bytes());
        bytes.push(ECDSA_COMPRESSED);
        Secret::new(base58check::encode(&bytes))
    }

    /// The 32 bytes, big endian.
    pub fn to_bytes(&self) -> Zeroizing<[u8; KEY_LENGTH]> {
        Zeroizing::new(self.0.to_secret_bytes())
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_secret_key(&self.0)
    }

    /// The hash of the compressed public key: what a P2PKH address of the key shows.
    pub fn pubkey_hash(&self) -> Hash160 {
        hash160(&self.public_key().serialize())
    }

    pub(super) const fn secret(&self) -> &SecretKey {
        &self.0
    }
}

impl Zeroize for PrivateKey {
    fn zeroize(&mut self) {
        self.0.non_secure_erase();
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Handed over by a real exccwallet on simnet, and the hash of its public key.
    const WIF: &str = "cNKNf9vhQyhQLbssYoPMKt42QpikMtAEg5666Rwvs26zfxE3gApW";
    const HASH: &str = "aad8a7d1a7411bf5a1dc5d05e6f94bf4ed4ff14c";

    fn key(text: &str) -> Result<PrivateKey, PrivateKeyError> {
        PrivateKey::from_wif(text, Network::Simnet)
    }

    fn wif_of(payload: &[u8]) -> String {
        base58check::encode(payload)
    }

    #[test]
    fn a_real_wallets_key_is_read_and_written() {
        let key = key(WIF).unwrap();
        assert_eq!(key.pubkey_hash().to_string(), HASH);
        assert_eq!(key.to_wif(Network::Simnet).expose(), WIF);
    }

    #[test]
    fn a_key_of_the_older_form_has_a_compressed_public_key() {
        let bytes = key(WIF).unwrap().to_bytes();
        let older = wif_of(&[&[0xef], &bytes[..]].concat());
        assert_eq!(key(&older).unwrap().pubkey_hash().to_string(), HASH);
    }

    #[test]
    fn a_key_of_another_network_or_kind_or_out_of_range_is_refused() {
        assert_eq!(PrivateKey::from_wif(WIF, Network::Mainnet), Err(PrivateKeyError::WrongNetwork(Network::Mainnet)));
        let with = |bytes: [u8; 32], kind: &[u8]| key(&wif_of(&[&[0xef], &bytes[..], kind].concat()));
        assert_eq!(with([7; 32], &[3]), Err(PrivateKeyError::WrongKind));
        assert_eq!(with([7; 32], &[1, 1]), Err(PrivateKeyError::Malformed));
        assert_eq!(with([0; 32], &[1]), Err(PrivateKeyError::OutOfRange));
        assert_eq!(with([0xff; 32], &[1]), Err(PrivateKeyError::OutOfRange));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_text() {
        for (text, error) in [
            ("abc", PrivateKeyError::Checksum),
            ("", PrivateKeyError::Checksum),
            ("l0l", PrivateKeyError::Malformed),
            (&WIF.replacen('K', "L", 1), PrivateKeyError::Checksum),
        ] {
            assert_eq!(key(text), Err(error), "{text}");
            assert!(text.len() < 3 || !error.to_string().contains(text));
        }
    }

    #[test]
    fn a_key_does_not_print_itself() {
        let key = key(WIF).unwrap();
        let printed = format!("{key:?} {:?}", key.to_wif(Network::Simnet));
        assert_eq!(printed, "PrivateKey(…) Secret(…)");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = key(&text);
        }

        #[test]
        fn no_payload_panics(payload: Vec<u8>) {
            let _ = key(&wif_of(&payload));
        }

        #[test]
        fn a_written_key_reads_back(bytes in prop::array::uniform32(1u8..0xff), network in prop::sample::select(Network::ALL.to_vec())) {
            let key = PrivateKey::from_bytes(&bytes).unwrap();
            prop_assert_eq!(PrivateKey::from_wif(key.to_wif(network).expose(), network), Ok(key));
        }
    }
}

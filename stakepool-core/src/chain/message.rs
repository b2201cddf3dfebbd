//! Messages that are signed by the key of an address, as the wallets' `signmessage` does it.

use std::sync::LazyLock;

use data_encoding::{BASE64, Encoding};
use secp256k1::Message;
use secp256k1::ecdsa::{RecoverableSignature, RecoveryId};

use super::hash::{Hash160, hash160, sha256};
use super::private_key::PrivateKey;
use super::wire::put_var_bytes;

/// What stands before every message, so that no signature of a message is one of a transaction.
const MAGIC: &[u8] = b"ExchangeCoin Signed Message:\n";
/// Length of a signature: a byte that says how to recover the key, and the two halves.
const LENGTH: usize = 65;
/// Added to the recovery id in the first byte.
const OFFSET: u8 = 27;
/// Set in the first byte (less [`OFFSET`]) where the address is that of the compressed key.
const COMPRESSED: u8 = 4;

/// Padded base64 whose last character may hold bits that nothing uses, as Go's encoder of the wallets and servers reads it.
static LENIENT_BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE64.specification();
    specification.check_trailing_bits = false;
    specification.encoding().unwrap_or(BASE64)
});

/// What a signature of `message` signs: SHA-256 once over magic and message, each with its length before it. (Decred
/// has BLAKE-256 and another magic.)
pub fn message_hash(message: &[u8]) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(MAGIC.len() + message.len() + 10);
    put_var_bytes(&mut bytes, MAGIC);
    put_var_bytes(&mut bytes, message);
    sha256(&bytes)
}

/// The signature of a message, from which the signer's public key can be recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageSignature {
    signature: RecoverableSignature,
    compressed: bool,
}

/// Text or bytes that are no signature of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signature: base64 of 65 bytes is expected, as `signmessage` of a wallet prints it")]
pub struct NotASignature;

impl MessageSignature {
    /// Signs a message. The same key and message always give the same signature (RFC 6979).
    pub fn sign(message: &[u8], key: &PrivateKey) -> Self {
        let hash = Message::from_digest(message_hash(message));
        let signature = RecoverableSignature::sign_ecdsa_recoverable(hash, key.secret());
        Self { signature, compressed: true }
    }

    /// Reads the 65 bytes.
    ///
    /// # Errors
    /// [`NotASignature`] for another length, an unknown first byte, or halves out of range.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotASignature> {
        let (first, halves) = bytes.split_first().ok_or(NotASignature)?;
        let code = first.checked_sub(OFFSET).filter(|code| *code < 2 * COMPRESSED).ok_or(NotASignature)?;
        let recovery = RecoveryId::from_u8_masked(code);
        let signature = RecoverableSignature::from_compact(halves, recovery).map_err(|_| NotASignature)?;
        Ok(Self { signature, compressed: code & COMPRESSED != 0 })
    }

    /// Reads base64 text.
    ///
    /// # Errors
    /// As [`MessageSignature::from_bytes`], and for text that is not base64.
    pub fn from_base64(text: &str) -> Result<Self, NotASignature> {
        // 65 bytes take 88 characters; nothing longer is worth decoding.
        if text.len() != LENGTH.div_ceil(3) * 4 {
            return Err(NotASignature);
        }
        Self::from_bytes(&LENIENT_BASE64.decode(text.as_bytes()).map_err(|_| NotASignature)?)
    }

    /// The 65 bytes.
    pub fn to_bytes(&self) -> [u8; LENGTH] {
        let (recovery, halves) = self.signature.serialize_compact();
        let mut bytes = [0; LENGTH];
        bytes[0] = OFFSET + recovery.to_u8() + if self.compressed { COMPRESSED } else { 0 };
        bytes[1..].copy_from_slice(&halves);
        bytes
    }

    /// Base64 text.
    pub fn to_base64(&self) -> String {
        BASE64.encode(&self.to_bytes())
    }

    /// The hash of the public key that signed `message`, or `None` where no key can have done so.
    pub fn signer(&self, message: &[u8]) -> Option<Hash160> {
        let key = self.signature.recover_ecdsa(Message::from_digest(message_hash(message))).ok()?;
        Some(if self.compressed { hash160(&key.serialize()) } else { hash160(&key.serialize_uncompressed()) })
    }

    /// Whether `message` was signed by the key of the P2PKH address with this hash.
    pub fn is_by(&self, message: &[u8], address: Hash160) -> bool {
        self.signer(message) == Some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::network::Network;
    use proptest::prelude::*;

    const TICKET: &str = "{\"tickethash\":\"f6d93bd5a1883d5587dc7e9a26b4b02641e8c25f72c16cf59ffb497ed5608790\"}";
    /// A real exccwallet's signature of [`TICKET`] by the key of SsudEcPwaHWvE9HYyB7ySVDCAFtKhEStQ2J, its commitment.
    const SIGNED: &str = "IFj4u5ZD5XU1V1pVpB8jYC+v90/elmjvTVErpG9Ih/nVdEBIueyrBe81LcK/QvOe6xCSbicWP4Uhi3+OOJKCJZ4=";
    const SIGNER: &str = "e2ed659b057ec2634614cb99b5e4690ee066505d";

    fn key() -> PrivateKey {
        PrivateKey::from_wif("cNKNf9vhQyhQLbssYoPMKt42QpikMtAEg5666Rwvs26zfxE3gApW", Network::Simnet).unwrap()
    }

    #[test]
    fn a_real_wallets_signature_names_its_key_and_no_other_message() {
        let signature = MessageSignature::from_base64(SIGNED).unwrap();
        assert_eq!(signature.signer(TICKET.as_bytes()).unwrap().to_string(), SIGNER);
        assert_ne!(signature.signer(&TICKET.as_bytes()[1..]).map(|hash| hash.to_string()).as_deref(), Some(SIGNER));
        assert_eq!(signature.to_base64(), SIGNED);
    }

    #[test]
    fn unused_bits_of_the_last_character_are_ignored_as_go_does() {
        let other = SIGNED.replace("Z4=", "Z5=");
        assert_eq!(MessageSignature::from_base64(&other), MessageSignature::from_base64(SIGNED));
    }

    #[test]
    fn a_signature_of_an_uncompressed_key_names_that_keys_hash() {
        let mut bytes = MessageSignature::sign(b"x", &key()).to_bytes();
        bytes[0] -= COMPRESSED;
        let signer = MessageSignature::from_bytes(&bytes).unwrap().signer(b"x");
        assert_eq!(signer, Some(hash160(&key().public_key().serialize_uncompressed())));
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        for text in
            ["", "AAAA", "not base64", &SIGNED[1..], &SIGNED.replace('=', "A"), &"A".repeat(88), &"A".repeat(1000)]
        {
            assert_eq!(MessageSignature::from_base64(text), Err(NotASignature), "{text}");
        }
        let good = MessageSignature::sign(b"x", &key()).to_bytes();
        for first in [0, 26, 35, 255] {
            assert!(MessageSignature::from_bytes(&[&[first], &good[1..]].concat()).is_err());
        }
        assert!(MessageSignature::from_bytes(&[&[31][..], &[0xff; 64]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_and_no_text_panic(bytes: Vec<u8>, halves in prop::array::uniform32(any::<u8>()), first in 27u8..35, text in ".*", message: Vec<u8>) {
            let _ = MessageSignature::from_base64(&text);
            let _ = MessageSignature::from_bytes(&bytes);
            if let Ok(signature) = MessageSignature::from_bytes(&[&[first], &halves[..], &halves[..]].concat()) {
                let _ = signature.signer(&message);
            }
        }

        #[test]
        fn a_signed_message_is_by_its_signer_alone(message: Vec<u8>, changed: Vec<u8>) {
            let signature = MessageSignature::from_base64(&MessageSignature::sign(&message, &key()).to_base64()).unwrap();
            prop_assert!(signature.is_by(&message, key().pubkey_hash()));
            prop_assert_eq!(signature.is_by(&changed, key().pubkey_hash()), changed == message);
        }
    }
}

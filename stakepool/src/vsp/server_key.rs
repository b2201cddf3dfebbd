//! The key by which the server signs its answers (Ed25519). Wallets have its public half configured.

use std::fmt;

use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::BASE64;
use stakepool_core::vsp::AnswerSigner;
use zeroize::Zeroizing;

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerKeyError {
    /// The machine gives no random numbers.
    #[error("no server key can be made: the machine gives no random numbers")]
    Random,
    /// The seed gives no key.
    #[error("the server key's seed cannot be used: restore it from a backup, since wallets know its public half")]
    Seed,
}

/// The server's key. It never prints its private half.
pub(super) struct ServerKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl ServerKey {
    /// Makes a new seed. It must be kept before the key is used: wallets that know the public half take no other.
    ///
    /// # Errors
    /// [`ServerKeyError::Random`].
    pub(super) fn new_seed() -> Result<Zeroizing<[u8; 32]>, ServerKeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        rand::fill(&mut *seed).map_err(|Unspecified| ServerKeyError::Random)?;
        Ok(seed)
    }

    /// The key of a seed, as servers of the predecessor keep it, too.
    ///
    /// # Errors
    /// [`ServerKeyError::Seed`].
    pub(super) fn from_seed(seed: &[u8; 32]) -> Result<Self, ServerKeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_: KeyRejected| ServerKeyError::Seed)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| ServerKeyError::Seed)?;
        Ok(Self { pair, public })
    }
}

impl AnswerSigner for ServerKey {
    fn public_key(&self) -> [u8; 32] {
        self.public
    }

    fn sign(&self, body: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        // Signatures of Ed25519 always have this length.
        self.pair.sign(body).as_ref().iter().zip(&mut signature).for_each(|(from, to)| *to = *from);
        signature
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerKey").field("public", &BASE64.encode(&self.public)).finish_non_exhaustive()
    }
}

/// Whether a server with this public key has signed a body. The signature is the base64 text of the header
/// `VSP-Server-Signature`; what is none has signed nothing.
pub fn is_signed_by(public_key: &[u8; 32], body: &[u8], signature: &str) -> bool {
    let Ok(signature) = BASE64.decode(signature.as_bytes()) else { return false };
    UnparsedPublicKey::new(&ED25519, public_key).verify(body, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use stakepool_core::vsp::SignedAnswer;

    use super::*;

    #[test]
    fn the_key_is_that_of_rfc_8032_and_signs_as_there() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        let key = ServerKey::from_seed(&hex::decode(seed).unwrap().try_into().unwrap()).unwrap();
        assert_eq!(hex::encode(key.public_key()), public);
        assert_eq!(hex::encode(key.sign(b"")), signature);
        assert!(!format!("{key:?}").contains("9d61"));
    }

    #[test]
    fn a_sealed_answer_is_signed_over_exactly_its_bytes() {
        let key = ServerKey::from_seed(&ServerKey::new_seed().unwrap()).unwrap();
        let answer = SignedAnswer::seal(200, &serde_json::json!({"message": "<a&b>"}), &key).unwrap();
        assert!(is_signed_by(&key.public_key(), &answer.body, &answer.signature));
        for at in 0..answer.body.len() {
            let mut changed = answer.body.clone();
            changed[at] ^= 1;
            assert!(!is_signed_by(&key.public_key(), &changed, &answer.signature));
        }
        for signature in ["", "AAAA", "not base64", &answer.signature[1..]] {
            assert!(!is_signed_by(&key.public_key(), &answer.body, signature));
        }
        assert!(!is_signed_by(&[7; 32], &answer.body, &answer.signature));
    }

    #[test]
    fn every_recorded_answer_of_a_real_server_is_signed_but_the_one_that_is_two() {
        let mut unsigned = Vec::new();
        for line in include_str!("../../../stakepool-core/tests/vectors/vsp.jsonl").lines() {
            let exchange: serde_json::Value = serde_json::from_str(line).unwrap();
            let public = BASE64.decode(b"4bSbbB1PTuES0oxguyJOXIo04g0OzBAO95V2+bcKBgo=").unwrap().try_into().unwrap();
            let signature = exchange["response_headers"]["Vsp-Server-Signature"].as_str().unwrap();
            let body = exchange["response_body"].as_str().unwrap();
            if !is_signed_by(&public, body.as_bytes(), signature) {
                unsigned.push(exchange["n"].as_u64().unwrap());
            }
        }
        assert_eq!(unsigned, [36]);
    }
}

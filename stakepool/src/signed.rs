//! Short texts that the web hands out and believes when they come back, because they are signed.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stakepool_core::chain::sha256;
use subtle::ConstantTimeEq;

use stakepool_core::secret::Secret;

/// Signs for one purpose; what is signed for another does not count.
pub struct Signer {
    mac: Hmac<Sha256>,
}

impl Signer {
    /// A signer with a key made of the secret and the purpose.
    pub fn new(secret: &Secret, purpose: &str) -> Self {
        let mut key = [0; 64];
        key[..32].copy_from_slice(&sha256(secret.expose().as_bytes()));
        key[32..].copy_from_slice(&sha256(purpose.as_bytes()));
        Self { mac: Hmac::new(&key.into()) }
    }

    /// The signature of parts, each of which counts with its length.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether a signature is that of the parts. The time tells nothing.
    pub fn is_right(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        self.sign(parts).ct_eq(signature).into()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_counts_for_its_secret_purpose_and_parts_only() {
        let secret = Secret::new("secret");
        let signer = Signer::new(&secret, "a");
        let signature = signer.sign(&[b"one", b"two"]);
        assert!(signer.is_right(&[b"one", b"two"], &signature));
        assert!(!signer.is_right(&[b"onet", b"wo"], &signature));
        assert!(!signer.is_right(&[b"one", b"two"], &signature[..31]));
        assert!(!Signer::new(&secret, "b").is_right(&[b"one", b"two"], &signature));
        assert!(!Signer::new(&Secret::new("other"), "a").is_right(&[b"one", b"two"], &signature));
    }
}

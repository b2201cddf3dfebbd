//! Short texts that the web hands out and believes when they come back, because they are signed.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stakepool_core::chain::sha256;
use subtle::ConstantTimeEq;

use stakepool_core::secret::Secret;

/// Signs for one purpose; what is signed for another does not count.
#[derive(Clone)]
pub struct Signer {
    mac: Hmac<Sha256>,
    /// What was signed with the secret before counts, too.
    before: Option<Hmac<Sha256>>,
}

impl Signer {
    /// A signer with a key made of the secret and the purpose.
    pub fn new(secret: &Secret, purpose: &str) -> Self {
        Self { mac: keyed(secret, purpose), before: None }
    }

    /// As [`Signer::new`], and what was signed for the purpose with the secret before, if there was one, counts as well.
    pub fn with_before(secret: &Secret, before: Option<&Secret>, purpose: &str) -> Self {
        Self { before: before.map(|before| keyed(before, purpose)), ..Self::new(secret, purpose) }
    }

    /// The signature of parts, each of which counts with its length.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        signature(&self.mac, parts)
    }

    /// Whether a signature is that of the parts. The time tells nothing.
    pub fn is_right(&self, parts: &[&[u8]], signed: &[u8]) -> bool {
        let macs = [Some(&self.mac), self.before.as_ref()];
        macs.into_iter().flatten().fold(false, |right, mac| right | bool::from(signature(mac, parts).ct_eq(signed)))
    }
}

/// The key of a secret for a purpose.
fn keyed(secret: &Secret, purpose: &str) -> Hmac<Sha256> {
    let mut key = [0; 64];
    key[..32].copy_from_slice(&sha256(secret.expose().as_bytes()));
    key[32..].copy_from_slice(&sha256(purpose.as_bytes()));
    Hmac::new(&key.into())
}

fn signature(mac: &Hmac<Sha256>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
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

    #[test]
    fn what_was_signed_with_the_secret_before_counts_while_it_is_named_and_nothing_is_signed_with_it() {
        let (before, now) = (Secret::new("before"), Secret::new("now"));
        let old = Signer::new(&before, "a").sign(&[b"one"]);
        let signer = Signer::with_before(&now, Some(&before), "a");
        assert!(signer.is_right(&[b"one"], &old) && !signer.is_right(&[b"two"], &old));
        assert_eq!(signer.sign(&[b"one"]), Signer::new(&now, "a").sign(&[b"one"]));
        assert!(!Signer::with_before(&now, None, "a").is_right(&[b"one"], &old));
    }
}

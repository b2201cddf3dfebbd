//! Protection against forged forms: a signed double-submit cookie.
//!
//! A form carries the same token as a cookie. The token is a random number and its keyed hash over the session, so
//! that neither another site (which cannot read it) nor a neighbour on a sister domain (who may set cookies, but not
//! sign them for a victim's session) can make a form that counts. Anonymous visitors leave no row in the database.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use stakepool_core::accounts::SecureRandom;
use stakepool_core::chain::sha256;
use stakepool_core::ports::SessionToken;
use stakepool_core::secret::Secret;
use subtle::ConstantTimeEq;

/// The name of the cookie.
pub const COOKIE: &str = "csrf";
/// The name of the form's field.
pub const FIELD: &str = "csrf_token";

const NONCE_BYTES: usize = 16;

/// The form does not carry the browser's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forged;

/// Makes and checks tokens.
pub struct CsrfGuard {
    mac: Hmac<Sha256>,
    /// What was signed with the secret before counts, too.
    before: Option<Hmac<Sha256>>,
}

impl CsrfGuard {
    /// A guard whose tokens are signed with a key made of the secret. Those of the secret before count, if there was one.
    pub fn new(secret: &Secret, before: Option<&Secret>) -> Self {
        Self { mac: keyed(secret), before: before.map(keyed) }
    }

    /// A new token for a session or an anonymous visitor.
    pub fn issue(&self, session: Option<&SessionToken>, random: &dyn SecureRandom) -> String {
        let mut nonce = [0; NONCE_BYTES];
        random.fill(&mut nonce);
        format!("{}{}", hex::encode(nonce), hex::encode(sign(&self.mac, &nonce, session)))
    }

    /// Whether a cookie holds a token that was issued for this session.
    pub fn is_valid(&self, cookie: &str, session: Option<&SessionToken>) -> bool {
        let Ok(bytes) = hex::decode(cookie) else { return false };
        let Some((nonce, signature)) = bytes.split_at_checked(NONCE_BYTES) else { return false };
        let macs = [Some(&self.mac), self.before.as_ref()];
        macs.into_iter()
            .flatten()
            .fold(false, |valid, mac| valid | bool::from(sign(mac, nonce, session).ct_eq(signature)))
    }

    /// Whether a form came from a page of ours.
    ///
    /// # Errors
    /// [`Forged`].
    pub fn check(
        &self,
        cookie: Option<&str>,
        field: Option<&str>,
        session: Option<&SessionToken>,
    ) -> Result<(), Forged> {
        let (Some(cookie), Some(field)) = (cookie, field) else { return Err(Forged) };
        let same: bool = cookie.as_bytes().ct_eq(field.as_bytes()).into();
        if same && self.is_valid(cookie, session) { Ok(()) } else { Err(Forged) }
    }
}

fn keyed(secret: &Secret) -> Hmac<Sha256> {
    let mut key = [0; 64];
    key[..32].copy_from_slice(&sha256(secret.expose().as_bytes()));
    Hmac::new(&key.into())
}

fn sign(mac: &Hmac<Sha256>, nonce: &[u8], session: Option<&SessionToken>) -> [u8; 32] {
    let mut mac = mac.clone();
    mac.update(b"form token 1");
    mac.update(nonce);
    mac.update(&session.map_or([0; 32], |session| session.0));
    mac.finalize().into_bytes().into()
}

impl fmt::Debug for CsrfGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfGuard(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stakepool_core::accounts::SystemRandom;

    fn guard() -> CsrfGuard {
        CsrfGuard::new(&Secret::new("cookie secret"), None)
    }

    #[test]
    fn a_token_counts_for_its_own_session_only() {
        let session = SessionToken([7; 32]);
        let token = guard().issue(Some(&session), &SystemRandom);
        let check = |session| guard().check(Some(&token), Some(&token), session);
        assert_eq!(check(Some(&session)), Ok(()));
        assert_eq!(check(Some(&SessionToken([8; 32]))), Err(Forged));
        assert_eq!(check(None), Err(Forged));
    }

    #[test]
    fn cookie_and_field_must_both_be_there_and_equal() {
        let (one, other) = (guard().issue(None, &SystemRandom), guard().issue(None, &SystemRandom));
        assert_eq!(guard().check(Some(&one), Some(&one), None), Ok(()));
        assert_eq!(guard().check(Some(&one), Some(&other), None), Err(Forged));
        assert_eq!(guard().check(None, Some(&one), None), Err(Forged));
        assert_eq!(guard().check(Some(&one), None, None), Err(Forged));
        assert_eq!(guard().check(Some(""), Some(""), None), Err(Forged));
    }

    #[test]
    fn a_token_of_another_secret_does_not_count() {
        let another = Secret::new("another");
        let token = CsrfGuard::new(&another, None).issue(None, &SystemRandom);
        let changed = CsrfGuard::new(&Secret::new("cookie secret"), Some(&another));
        assert!(changed.is_valid(&token, None), "a page that was open while the secret was changed");
        assert_eq!(guard().check(Some(&token), Some(&token), None), Err(Forged));
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_and_none_panics(text in "[0-9a-f]{0,120}|.*") {
            prop_assert_eq!(guard().check(Some(&text), Some(&text), None), Err(Forged));
        }
    }
}

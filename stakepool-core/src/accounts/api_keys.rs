//! The keys of the user API: JSON web tokens as the predecessor issued them, so that its keys stay valid.
//!
//! A key is a function of the pool's secret, the user's number and the moment from which the user's keys are valid.
//! It is therefore not stored: it can be shown again at any time, and renewing it is moving that moment.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::user::{REVOKED, User, UserId, is_revoked, valid_from};
use crate::time::UnixTime;

/// How far, in seconds, the clock of another web instance may run ahead.
const CLOCK_SKEW: i64 = 60;

/// The longest key that is looked at; those that the pool issues have about 170 characters and the issuer's name.
const MAX_LENGTH: usize = 4096;

/// Why keys cannot be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeysError {
    /// Anybody could sign keys.
    #[error("apisecret is empty: set it to a long random text, and to the same one in every instance of the web")]
    EmptySecret,
}

/// A text that is no valid key. There is one answer for every reason, so that nothing can be learnt from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the API key is not valid; copy the whole key from the settings page")]
pub struct InvalidApiKey;

/// What a key with a valid signature says. Whether it still counts, [`ApiKeyClaims::is_accepted_for`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiKeyClaims {
    /// The user.
    pub user: UserId,
    /// When the key was issued.
    pub issued: UnixTime,
    expires: Option<UnixTime>,
    not_before: Option<UnixTime>,
}

/// Issues and checks keys.
#[derive(Clone)]
pub struct ApiKeys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
}

/// The claims in the order in which the predecessor writes them.
#[derive(Serialize, Deserialize)]
struct Claims {
    iat: i64,
    iss: String,
    #[serde(rename = "loggedInAs")]
    logged_in_as: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
}

impl ApiKeys {
    /// Keys signed with the pool's `apisecret` and issued by its `baseurl`.
    ///
    /// # Errors
    /// [`ApiKeysError::EmptySecret`].
    pub fn new(secret: &str, issuer: &str) -> Result<Self, ApiKeysError> {
        if secret.is_empty() {
            return Err(ApiKeysError::EmptySecret);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        // Times are compared with the caller's clock; the issuer only has to be there, because a pool that moves to
        // another baseurl must not lock out all wallets, and nobody else can sign.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Ok(Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            issuer: issuer.to_owned(),
        })
    }

    /// The key of a user: the same text until the user renews it.
    ///
    /// # Errors
    /// [`InvalidApiKey`] where signing fails, which it does not for a secret of any length.
    pub fn current_key(&self, user: &User) -> Result<String, InvalidApiKey> {
        let claims =
            Claims { iat: valid_from(user).0, iss: self.issuer.clone(), logged_in_as: user.id.0, exp: None, nbf: None };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(|_| InvalidApiKey)
    }

    /// Reads a key: HS256 under the pool's secret with the claims `iat`, `iss` and `loggedInAs`.
    ///
    /// # Errors
    /// [`InvalidApiKey`] for every other text.
    pub fn verify(&self, key: &str) -> Result<ApiKeyClaims, InvalidApiKey> {
        if key.len() > MAX_LENGTH {
            return Err(InvalidApiKey);
        }
        let claims =
            jsonwebtoken::decode::<Claims>(key, &self.decoding, &self.validation).map_err(|_| InvalidApiKey)?.claims;
        Ok(ApiKeyClaims {
            user: UserId(claims.logged_in_as),
            issued: UnixTime(claims.iat),
            expires: claims.exp.map(UnixTime),
            not_before: claims.nbf.map(UnixTime),
        })
    }
}

impl ApiKeyClaims {
    /// Whether the key opens the account of `user`: it is that user's, not revoked, and neither expired nor of a
    /// time to come.
    pub fn is_accepted_for(&self, user: &User, now: UnixTime) -> bool {
        // A renewed key is issued in the near future: the current key is never too new.
        let newest = UnixTime(now.0.saturating_add(CLOCK_SKEW)).max(valid_from(user));
        self.user == user.id
            && !user.has_no_api_key()
            && self.issued >= valid_from(user)
            && self.issued <= newest
            && self.expires.is_none_or(|expires| now < expires)
            && self.not_before.is_none_or(|not_before| now >= not_before)
    }
}

/// The `api_keys_valid_from` that a revocation left when nothing was kept beside it.
const LONG_REVOKED: UnixTime = UnixTime(i64::MAX);

/// How far, in seconds, keys of that time may have been ahead: each renewal within a second took them on by one.
const AHEAD: i64 = 86_400;

/// The `api_keys_valid_from` of a user whose key is revoked, until it is renewed.
pub fn revoked_validity(user: &User) -> UnixTime {
    if user.has_no_api_key() {
        return user.api_keys_valid_from;
    }
    UnixTime(REVOKED.saturating_add(valid_from(user).0.max(0)))
}

/// The `api_keys_valid_from` that revokes every key of a user up to now: later than any that is accepted at this moment
/// and than any that ever was.
pub fn renewed_validity(user: &User, now: UnixTime) -> UnixTime {
    let highest = match user.api_keys_valid_from {
        LONG_REVOKED => now.0.saturating_add(AHEAD),
        stored if is_revoked(stored) => stored.0 - REVOKED,
        _ => valid_from(user).0,
    };
    let newest_accepted = now.0.saturating_add(CLOCK_SKEW);
    UnixTime(highest.max(newest_accepted).max(user.created.0).saturating_add(1))
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Email, EmailState, PasswordHashes, VotingPreference};
    use crate::chain::{VoteBits, VoteVersion};
    use proptest::prelude::*;
    use serde_json::json;

    const SECRET: &str = "a secret of the pool";
    const NOW: UnixTime = UnixTime(1_700_000_000);

    fn user(id: i64, valid_from: i64) -> User {
        User {
            id: UserId(id),
            email: Email::parse("a@example.org").unwrap(),
            email_state: EmailState::Verified,
            password: PasswordHashes::default(),
            registration: None,
            voting: VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(11) },
            api_keys_valid_from: UnixTime(valid_from),
            created: UnixTime(0),
            disabled: false,
            admin: false,
        }
    }

    fn keys() -> ApiKeys {
        ApiKeys::new(SECRET, "https://pool.example").unwrap()
    }

    fn signed(algorithm: Algorithm, claims: &serde_json::Value) -> String {
        jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    }

    fn accepts(key: &str, user: &User) -> bool {
        keys().verify(key).is_ok_and(|claims| claims.is_accepted_for(user, NOW))
    }

    #[test]
    fn a_key_is_the_same_until_it_is_renewed_and_dead_afterwards() {
        let mut user = user(5, 0);
        let old = keys().current_key(&user).unwrap();
        assert_eq!(old, keys().current_key(&user).unwrap());
        assert!(accepts(&old, &user));
        for _ in 0..3 {
            let before = keys().current_key(&user).unwrap();
            user.api_keys_valid_from = renewed_validity(&user, NOW);
            let after = keys().current_key(&user).unwrap();
            assert!(accepts(&after, &user));
            assert!(!accepts(&before, &user));
        }
        assert!(!accepts(&old, &user));
    }

    #[test]
    fn a_key_that_is_older_than_its_user_opens_nothing() {
        let mut user = user(5, 0);
        let old = keys().current_key(&user).unwrap();
        user.created = UnixTime(NOW.0 - 100);
        assert!(!accepts(&old, &user));
        let new = keys().current_key(&user).unwrap();
        assert_eq!(keys().verify(&new).map(|claims| claims.issued), Ok(user.created));
        assert!(accepts(&new, &user));
    }

    /// Header and claims as the predecessor's library writes them: sorted names, `alg` before `typ`.
    #[test]
    fn a_key_of_the_predecessor_stays_valid_until_it_is_renewed() {
        let body = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
                    eyJpYXQiOjE2MDAwMDAwMDAsImlzcyI6Imh0dHA6Ly9vbGQuZXhhbXBsZSIsImxvZ2dlZEluQXMiOjV9";
        let signature = base64_of_hmac::sign(SECRET.as_bytes(), body.as_bytes());
        let key = format!("{body}.{signature}");
        assert!(accepts(&key, &user(5, 0)));
        assert!(!accepts(&key, &user(6, 0)));
        assert!(!accepts(&key, &user(5, 1_600_000_001)));
    }

    /// HMAC-SHA256 made without the library under test.
    mod base64_of_hmac {
        use hmac::{Hmac, KeyInit, Mac};
        use sha2::Sha256;

        pub fn sign(key: &[u8], data: &[u8]) -> String {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(data);
            let bytes = mac.finalize().into_bytes();
            const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let mut text = String::new();
            for chunk in bytes.chunks(3) {
                let mut group = [0u8; 3];
                group[..chunk.len()].copy_from_slice(chunk);
                let number = u32::from_be_bytes([0, group[0], group[1], group[2]]);
                for digit in 0..=chunk.len() {
                    text.push(char::from(DIGITS[(number >> (18 - 6 * digit)) as usize & 63]));
                }
            }
            text
        }
    }

    #[test]
    fn only_hs256_with_all_three_claims_is_taken() {
        let whole = json!({"iat": 1_600_000_000, "iss": "http://a", "loggedInAs": 5});
        assert!(accepts(&signed(Algorithm::HS256, &whole), &user(5, 0)));
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            assert!(!accepts(&signed(algorithm, &whole), &user(5, 0)));
        }
        for missing in ["iat", "iss", "loggedInAs"] {
            let mut claims = whole.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert!(!accepts(&signed(Algorithm::HS256, &claims), &user(5, 0)), "without {missing}");
        }
        for wrong in [json!("5"), json!(5.9), json!(null), json!(-5), json!(true)] {
            let mut claims = whole.clone();
            claims["loggedInAs"] = wrong;
            assert!(!accepts(&signed(Algorithm::HS256, &claims), &user(5, 0)), "{claims}");
        }
        let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\
                        eyJpYXQiOjE2MDAwMDAwMDAsImlzcyI6Imh0dHA6Ly9hIiwibG9nZ2VkSW5BcyI6NX0.";
        assert!(!accepts(unsigned, &user(5, 0)));
        let other = ApiKeys::new("another secret", "http://a").unwrap().current_key(&user(5, 0)).unwrap();
        assert!(!accepts(&other, &user(5, 0)));
    }

    #[test]
    fn expired_and_future_keys_are_refused() {
        let with = |name: &str, value: i64| {
            let mut claims = json!({"iat": 1_600_000_000, "iss": "http://a", "loggedInAs": 5});
            claims[name] = json!(value);
            accepts(&signed(Algorithm::HS256, &claims), &user(5, 0))
        };
        assert!(!with("exp", NOW.0 - 10));
        assert!(with("exp", NOW.0 + 10));
        assert!(!with("nbf", NOW.0 + 10));
        assert!(!with("iat", NOW.0 + 3600));
    }

    #[test]
    fn a_revoked_key_stays_revoked_and_a_new_one_can_be_made() {
        let mut user = user(5, NOW.0);
        user.api_keys_valid_from = renewed_validity(&user, NOW);
        let old = keys().current_key(&user).unwrap();
        assert!(accepts(&old, &user));
        for valid_from in [revoked_validity(&user), LONG_REVOKED] {
            user.api_keys_valid_from = valid_from;
            assert_eq!(revoked_validity(&user), valid_from, "revoking once more changes nothing");
            assert!(!accepts(&old, &user));
            assert!(!accepts(&keys().current_key(&user).unwrap(), &user));
        }
        user.api_keys_valid_from = renewed_validity(&user, NOW);
        assert!(!accepts(&old, &user));
        assert!(accepts(&keys().current_key(&user).unwrap(), &user));
    }

    #[test]
    fn an_empty_secret_is_refused_and_debug_shows_no_secret() {
        assert!(matches!(ApiKeys::new("", "http://a"), Err(ApiKeysError::EmptySecret)));
        assert!(!format!("{:?}", keys()).contains(SECRET));
    }

    /// What becomes of a user's keys; clocks are set back, too.
    #[derive(Debug, Clone, Copy)]
    enum Act {
        Renew,
        Revoke,
        Pass(i64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => Just(Act::Renew),
            2 => Just(Act::Revoke),
            1 => (-100..100i64).prop_map(Act::Pass),
            1 => (0..10_000_000i64).prop_map(Act::Pass),
        ]
    }

    proptest! {
        /// Of a user's own keys, and of one of the predecessor's that was issued at any time.
        #[test]
        fn a_key_that_was_revoked_never_works_again(
            created in 0..NOW.0,
            predecessors in 0..NOW.0 + CLOCK_SKEW,
            acts in prop::collection::vec(act(), 1..60),
        ) {
            let mut user = User { created: UnixTime(created), ..user(5, 0) };
            let mut now = NOW;
            let mut revoked: Vec<ApiKeyClaims> = Vec::new();
            let issued = |at: UnixTime| ApiKeyClaims { user: UserId(5), issued: at, expires: None, not_before: None };
            for act in acts {
                let known = [issued(UnixTime(predecessors)), issued(valid_from(&user))];
                let before: Vec<_> = known.into_iter().filter(|key| key.is_accepted_for(&user, now)).collect();
                match act {
                    Act::Pass(seconds) => now = UnixTime(now.0 + seconds),
                    Act::Renew => {
                        user.api_keys_valid_from = renewed_validity(&user, now);
                        revoked.extend(before);
                        prop_assert!(issued(valid_from(&user)).is_accepted_for(&user, now), "the new key works");
                    }
                    Act::Revoke => {
                        user.api_keys_valid_from = revoked_validity(&user);
                        revoked.extend(before);
                        prop_assert!(!issued(valid_from(&user)).is_accepted_for(&user, now));
                    }
                }
                for key in &revoked {
                    prop_assert!(!key.is_accepted_for(&user, now), "{key:?} works again at {now} after {act:?}");
                }
            }
        }

        #[test]
        fn no_text_is_a_key_and_none_panics(text in ".*") {
            prop_assert!(keys().verify(&text).is_err());
        }
    }
}

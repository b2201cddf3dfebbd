//! The keys of the user API: JSON web tokens as the predecessor issued them, so that its keys stay valid.
//!
//! A key is a function of the pool's secret, the user's number and the moment from which the user's keys are valid.
//! It is therefore not stored: it can be shown again at any time, and renewing it is moving that moment.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::hs256::Hs256;
use super::user::{REVOKED, User, UserId, is_revoked, valid_from};
use crate::time::UnixTime;
use crate::typed::pasted;

/// How far, in seconds, the clock of another web instance may run ahead.
const CLOCK_SKEW: i64 = 60;

/// The longest key that is looked at; those that the pool issues have about 170 characters and the issuer's name.
const MAX_LENGTH: usize = 4096;

/// Why keys cannot be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use stakepool_core::ports::UserStore;
/// # use stakepool_core::testkit::{MemoryStore, samples};
/// use stakepool_core::accounts::{ApiKeys, renewed_validity};
/// # let store = MemoryStore::default();
/// # let id = store.create(samples::new_user("alice@example.org")).await?;
/// # let mut user = store.by_id(id).await?.unwrap();
/// # let now = samples::NOW;
///
/// let keys = ApiKeys::new("a long random text", "https://pool.example.org")?;
/// let key = keys.current_key(&user)?;
/// assert!(keys.verify(&key)?.is_accepted_for(&user, now));
///
/// user.api_keys_valid_from = renewed_validity(&user, now);
/// assert!(!keys.verify(&key)?.is_accepted_for(&user, now), "the old key is revoked");
/// assert!(keys.verify(&keys.current_key(&user)?)?.is_accepted_for(&user, now));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ApiKeys {
    signer: Hs256,
    /// What it signed counts as well.
    before: Option<Hs256>,
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
        let signer = Hs256::new(secret.as_bytes()).map_err(|_| ApiKeysError::EmptySecret)?;
        Ok(Self { signer, before: None, issuer: issuer.to_owned() })
    }

    /// The same, which takes keys that the secret before has signed, too. None is issued with it; an empty one counts for
    /// nothing.
    #[must_use]
    pub fn with_secret_before(mut self, secret: Option<&str>) -> Self {
        let secret = secret.filter(|secret| !secret.is_empty());
        self.before = secret.and_then(|secret| Hs256::new(secret.as_bytes()).ok());
        self
    }

    /// The key of a user: the same text until the user renews it.
    ///
    /// # Errors
    /// [`InvalidApiKey`] where signing fails, which it does not for a secret of any length.
    pub fn current_key(&self, user: &User) -> Result<String, InvalidApiKey> {
        let claims =
            Claims { iat: valid_from(user).0, iss: self.issuer.clone(), logged_in_as: user.id.0, exp: None, nbf: None };
        self.signer.sign(&claims).map_err(|_| InvalidApiKey)
    }

    /// Reads a key: HS256 under the pool's secret with the claims `iat`, `iss` and `loggedInAs`. Quotes and blanks around it,
    /// and what is not seen, do not count.
    ///
    /// The issuer only has to be there: a pool that moves to another `baseurl` must not lock out all wallets, and nobody
    /// else can sign. Times are left to [`ApiKeyClaims::is_accepted_for`], which compares them with the caller's clock.
    ///
    /// # Errors
    /// [`InvalidApiKey`] for every other text.
    pub fn verify(&self, key: &str) -> Result<ApiKeyClaims, InvalidApiKey> {
        if key.len() > MAX_LENGTH {
            return Err(InvalidApiKey);
        }
        let key = pasted(key);
        let by_secret_before = || self.before.as_ref()?.open(&key);
        let claims: Claims = self.signer.open(&key).or_else(by_secret_before).ok_or(InvalidApiKey)?;
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
mod tests;

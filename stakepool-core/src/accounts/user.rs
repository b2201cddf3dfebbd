//! The record of a user.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::email::Email;
use super::registration::Registration;
use crate::chain::{VoteBits, VoteVersion};
use crate::time::UnixTime;

/// The number of a user, given once and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a user's e-mail address is known to be theirs (the numbers are the predecessor's).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmailState {
    /// Not yet verified (0).
    Unverified,
    /// Verified (1).
    Verified,
    /// Older than verification (2): treated as verified.
    Predates,
}

/// The hashes of a user's password. Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PasswordHashes {
    /// The predecessor's bcrypt hash, kept until the operator says that there is no way back.
    pub bcrypt: Option<String>,
    /// Argon2id in PHC format; where present it alone counts.
    pub argon2: Option<String>,
}

impl fmt::Debug for PasswordHashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHashes(…)")
    }
}

/// What a user wants to vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VotingPreference {
    /// The bits.
    pub bits: VoteBits,
    /// The vote version for which they were chosen.
    pub version: VoteVersion,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The number.
    pub id: UserId,
    /// Where mail goes, and the name for signing in.
    pub email: Email,
    /// Whether the address is verified.
    pub email_state: EmailState,
    /// The password.
    pub password: PasswordHashes,
    /// Present from the submission of an address on.
    pub registration: Option<Registration>,
    /// What to vote.
    pub voting: VotingPreference,
    /// API keys issued before this moment are revoked. Only ever raised, as `renewed_validity` and `revoked_validity`
    /// say.
    pub api_keys_valid_from: UnixTime,
    /// When the user signed up; 0 where unknown (predecessor).
    pub created: UnixTime,
    /// Whether an administrator disabled the account. Live tickets are voted all the same.
    pub disabled: bool,
    /// Whether the user may administer the pool (beside the configured ids).
    pub admin: bool,
}

impl User {
    /// Whether the user's API key is revoked and none was made since.
    pub fn has_no_api_key(&self) -> bool {
        is_revoked(self.api_keys_valid_from)
    }
}

/// Later than anything that a clock shows. An `api_keys_valid_from` from here on says that the user has no key; what it
/// has beyond is the highest validity that the user's keys ever had, so that none of them comes back to life.
pub(super) const REVOKED: i64 = 1 << 62;

/// Whether an `api_keys_valid_from` says that there is no key.
pub(super) const fn is_revoked(valid_from: UnixTime) -> bool {
    valid_from.0 >= REVOKED
}

/// The moment at which the keys of a user that count were issued at the earliest. No key is older than its user: one
/// that is was made for another user of the same number, in a database of before.
#[cfg(feature = "accounts")]
pub(super) fn valid_from(user: &User) -> UnixTime {
    user.api_keys_valid_from.max(user.created)
}

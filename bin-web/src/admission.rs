//! Who administers the pool, and what its status is compared with.

use std::net::IpAddr;

use stakepool_config::IpRange;
use stakepool_core::accounts::{User, UserId};
use stakepool_core::chain::{ExtendedPubKey, sha256};
use subtle::ConstantTimeEq;

use stakepool_core::secret::Secret;

/// The settings of the administrators' pages.
#[derive(Clone, Debug, Default)]
pub struct Administration {
    /// Who may administer the pool, beside those whose account says so.
    pub users: Vec<UserId>,
    /// From where. Nobody may where this is empty.
    pub addresses: Vec<IpRange>,
    /// Lets a monitor read `/status.json` without signing in.
    pub status_token: Option<Secret>,
    /// The cold wallet's key, with which the daemons' are compared.
    pub cold_wallet: Option<ExtendedPubKey>,
    /// What the operator should know of the configuration.
    pub warnings: Vec<String>,
}

impl Administration {
    /// Whether a user is an administrator, wherever they come from.
    pub fn is_administrator(&self, user: &User) -> bool {
        user.admin || self.users.contains(&user.id)
    }

    /// Whether a user who comes from an address may administer the pool.
    pub fn admits(&self, user: &User, from: IpAddr) -> bool {
        self.is_administrator(user) && self.addresses.iter().any(|range| range.contains(from))
    }

    /// Whether a text is the monitors' token. Takes the same time for every text of a length.
    pub fn is_status_token(&self, text: &str) -> bool {
        let same = |token: &Secret| sha256(token.expose().as_bytes()).ct_eq(&sha256(text.as_bytes())).into();
        self.status_token.as_ref().is_some_and(|token| !token.expose().is_empty() && same(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_token_opens_the_status() {
        let with = |token: Option<&str>| Administration { status_token: token.map(Secret::new), ..Default::default() };
        assert!(with(Some("abc")).is_status_token("abc"));
        for wrong in ["", "ab", "abcd", "ABC", "abc "] {
            assert!(!with(Some("abc")).is_status_token(wrong), "{wrong}");
        }
        assert!(!with(None).is_status_token("") && !with(Some("")).is_status_token(""));
    }
}

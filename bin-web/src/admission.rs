//! From where the pool may be administered, and who may read its status.

use stakepool::accounts::ClientAddress;
use stakepool_config::IpRange;
use stakepool_core::chain::sha256;
use stakepool_core::reloadable::Reloadable;
use stakepool_core::secret::Secret;
use subtle::ConstantTimeEq;

/// From where administrators and monitors are admitted.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// From where the pool may be administered. From nowhere where this is empty. Clones share it.
    pub addresses: Reloadable<Vec<IpRange>>,
    /// Lets a monitor read `/status.json` without signing in.
    pub status_token: Option<Secret>,
}

impl Admission {
    /// Whether the pool may be administered from an address. From one that is unknown it never is, however wide the
    /// networks are.
    pub fn admits(&self, from: ClientAddress) -> bool {
        !from.is_unknown() && self.addresses.get().iter().any(|range| range.contains(from.0))
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
    fn nobody_administers_from_an_unknown_address() {
        let everybody = ["0.0.0.0/0", "::/0"].map(|range| range.parse().unwrap()).to_vec();
        let admission = Admission { addresses: everybody.into(), ..Default::default() };
        assert!(admission.admits(ClientAddress::LOCAL));
        for unknown in [ClientAddress::UNKNOWN, ClientAddress::unknown_behind(ClientAddress::LOCAL.0)] {
            assert!(!admission.admits(unknown), "{unknown:?}");
        }
    }

    #[test]
    fn only_the_exact_token_opens_the_status() {
        let with = |token: Option<&str>| Admission { status_token: token.map(Secret::new), ..Default::default() };
        assert!(with(Some("abc")).is_status_token("abc"));
        for wrong in ["", "ab", "abcd", "ABC", "abc "] {
            assert!(!with(Some("abc")).is_status_token(wrong), "{wrong}");
        }
        assert!(!with(None).is_status_token("") && !with(Some("")).is_status_token(""));
    }
}

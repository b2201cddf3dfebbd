//! From which networks API keys were used, as far as this process knows, so that the store is asked but once.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use stakepool_core::accounts::UserId;

use crate::limits::origin::ClientAddress;

/// Most that are kept; beyond it all are forgotten, and the store is asked again.
const MOST: usize = 50_000;

/// The networks of keys.
#[derive(Debug, Default)]
pub struct KeyNetworks {
    seen: Mutex<HashSet<(UserId, IpAddr)>>,
}

impl KeyNetworks {
    /// Whether a user's key comes from a network that was not seen before.
    pub fn is_new(&self, user: UserId, client: ClientAddress) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let network = (user, client.neighbourhood());
        if seen.contains(&network) {
            return false;
        }
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_neighbours_of_a_network_are_no_news_and_another_user_is() {
        let networks = KeyNetworks::default();
        let is_new = |user, from: &str| networks.is_new(UserId(user), ClientAddress(from.parse().unwrap()));
        assert!(is_new(1, "203.0.113.9") && !is_new(1, "203.0.113.10") && is_new(1, "203.0.114.9"));
        assert!(is_new(1, "2001:db8::1") && !is_new(1, "2001:db8:0:9::1") && is_new(2, "203.0.113.9"));
    }
}

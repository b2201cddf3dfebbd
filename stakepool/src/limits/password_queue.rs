//! Passwords are hashed in turn, and no client network takes more than its share of the queue.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use stakepool_core::accounts::{PasswordCheck, PasswordError, PasswordHasher, PasswordHashes};

use crate::limits::origin::ClientAddress;

/// Most places of one client network in the queue.
const MOST: u32 = 4;

/// Most places of all clients of whom a proxy does not say who they are.
const MOST_UNKNOWN: u32 = 4 * MOST;

/// Hashes and checks passwords for clients.
#[derive(Debug)]
pub struct PasswordQueue {
    hasher: PasswordHasher,
    taken: Mutex<HashMap<IpAddr, u32>>,
}

/// A place in the queue; free again when it is dropped.
#[derive(Debug)]
struct Place<'a> {
    taken: &'a Mutex<HashMap<IpAddr, u32>>,
    network: IpAddr,
}

impl PasswordQueue {
    /// Shares a hasher among clients.
    pub fn new(hasher: PasswordHasher) -> Self {
        Self { hasher, taken: Mutex::default() }
    }

    /// As [`PasswordHasher::hash`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, client: ClientAddress, password: &str) -> Result<String, PasswordError> {
        let _place = self.place(client)?;
        self.hasher.hash(password).await
    }

    /// As [`PasswordHasher::rehash`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn rehash(
        &self,
        client: ClientAddress,
        password: &str,
        before: &PasswordHashes,
    ) -> Result<PasswordHashes, PasswordError> {
        let _place = self.place(client)?;
        self.hasher.rehash(password, before).await
    }

    /// As [`PasswordHasher::check`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn check(
        &self,
        client: ClientAddress,
        password: &str,
        hashes: Option<&PasswordHashes>,
    ) -> Result<PasswordCheck, PasswordError> {
        let _place = self.place(client)?;
        self.hasher.check(password, hashes).await
    }

    fn place(&self, client: ClientAddress) -> Result<Place<'_>, PasswordError> {
        let network = client.network();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(network).or_default();
        // All who share an unknown address together have no more than a few clients would.
        if *count >= client.share(MOST).min(MOST_UNKNOWN) {
            return Err(PasswordError::Busy);
        }
        *count += 1;
        Ok(Place { taken: &self.taken, network })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::accounts::{PasswordCosts, SystemRandom};
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn a_network_has_four_places_and_leaves_the_others_to_others() {
        let costs = PasswordCosts { memory_kib: 64, passes: 1, floor: Duration::from_millis(20) };
        let passwords = PasswordQueue::new(PasswordHasher::new(costs, Arc::new(SystemRandom)).unwrap());
        let hosts = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5", "2001:db8:0:1::1"];
        let hash = |host: &str| passwords.hash(ClientAddress(host.parse().unwrap()), "a password");
        let hashed = futures_util::future::join_all(hosts.map(hash)).await;
        let busy: Vec<bool> = hashed.iter().map(|hash| *hash == Err(PasswordError::Busy)).collect();
        assert_eq!(busy, [false, false, false, false, true, false]);
        assert!(hash(hosts[4]).await.is_ok());
        assert!(passwords.taken.lock().unwrap().is_empty());
    }
}

//! Passwords are hashed in turn. Nobody takes more than a share of the places, which shrinks as they become few, so that a
//! few networks leave room for newcomers; and those of whom the pool knows more have places of their own.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stakepool_core::accounts::{PasswordCheck, PasswordError, PasswordHasher, PasswordHashes, UserId};

use crate::limits::origin::ClientAddress;

/// Places of all.
const ALL: u32 = 64;
/// Places beside these, of known users alone.
const RESERVED: u32 = 16;
/// Most places of a client's network, and of one known user.
const MOST: u32 = 4;
/// Most places of all clients of whom a proxy does not say who they are.
const MOST_UNKNOWN: u32 = 4 * MOST;
/// Most places of a neighbourhood: a /48 of IPv6, a /24 of IPv4.
const MOST_OF_NEIGHBOURHOOD: u32 = 8;

/// Whose password is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// Anybody, from a client.
    Stranger(ClientAddress),
    /// A user who has shown to be one: by a session, a link from a mail, or the note of a browser.
    Known(UserId),
}

/// Hashes and checks passwords for visitors.
#[derive(Debug)]
pub struct PasswordQueue {
    hasher: PasswordHasher,
    taken: Mutex<Taken>,
}

/// Those who have places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Network(IpAddr),
    Neighbourhood(IpAddr),
    User(UserId),
}

/// The places that are taken.
#[derive(Debug, Default)]
struct Taken {
    strangers: u32,
    known: u32,
    by: HashMap<Holder, u32>,
}

/// A place in the queue; free again when it is dropped.
#[derive(Debug)]
struct Place<'a> {
    taken: &'a Mutex<Taken>,
    visitor: Visitor,
}

impl PasswordQueue {
    /// Shares a hasher among visitors.
    pub fn new(hasher: PasswordHasher) -> Self {
        Self { hasher, taken: Mutex::default() }
    }

    /// As [`PasswordHasher::hash`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, visitor: Visitor, password: &str) -> Result<String, PasswordError> {
        self.hasher.hash_in(self.place(visitor)?, password).await
    }

    /// As [`PasswordHasher::rehash`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn rehash(
        &self,
        visitor: Visitor,
        password: &str,
        before: &PasswordHashes,
    ) -> Result<PasswordHashes, PasswordError> {
        self.hasher.rehash_in(self.place(visitor)?, password, before).await
    }

    /// As [`PasswordHasher::check`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn check(
        &self,
        visitor: Visitor,
        password: &str,
        hashes: Option<&PasswordHashes>,
    ) -> Result<PasswordCheck, PasswordError> {
        self.hasher.check_in(self.place(visitor)?, password, hashes).await
    }

    fn place(&self, visitor: Visitor) -> Result<Place<'_>, PasswordError> {
        if lock(&self.taken).take(visitor) {
            Ok(Place { taken: &self.taken, visitor })
        } else {
            Err(PasswordError::Busy)
        }
    }
}

impl Taken {
    /// Takes a place, unless there is none or the visitor has a full share.
    fn take(&mut self, visitor: Visitor) -> bool {
        let free = self.free(visitor);
        let shares = shares(visitor, free);
        if free == 0 || shares.iter().any(|(holder, share)| self.by.get(holder).is_some_and(|taken| taken >= share)) {
            return false;
        }
        *self.count(visitor) += 1;
        for (holder, _) in shares {
            *self.by.entry(holder).or_default() += 1;
        }
        true
    }

    fn give_back(&mut self, visitor: Visitor) {
        let count = self.count(visitor);
        *count = count.saturating_sub(1);
        for (holder, _) in shares(visitor, 0) {
            if let Some(taken) = self.by.get_mut(&holder) {
                *taken = taken.saturating_sub(1);
                if *taken == 0 {
                    self.by.remove(&holder);
                }
            }
        }
    }

    /// The places that are free for a visitor. Known users overflow into those of all.
    fn free(&self, visitor: Visitor) -> u32 {
        match visitor {
            Visitor::Stranger(_) => ALL.saturating_sub(self.strangers + self.known.saturating_sub(RESERVED)),
            Visitor::Known(_) => (ALL + RESERVED).saturating_sub(self.strangers + self.known),
        }
    }

    const fn count(&mut self, visitor: Visitor) -> &mut u32 {
        match visitor {
            Visitor::Stranger(_) => &mut self.strangers,
            Visitor::Known(_) => &mut self.known,
        }
    }
}

/// Who holds the place of a visitor, and how many places each may hold while so many are free.
fn shares(visitor: Visitor, free: u32) -> Vec<(Holder, u32)> {
    match visitor {
        Visitor::Known(user) => vec![(Holder::User(user), MOST)],
        // All who share an unknown address together have no more than a few clients would.
        Visitor::Stranger(client) if client.is_unknown() => {
            vec![(Holder::Network(client.network()), (free / 2).clamp(1, MOST_UNKNOWN))]
        }
        Visitor::Stranger(client) => vec![
            (Holder::Network(client.network()), (free / 8).clamp(1, MOST)),
            (Holder::Neighbourhood(client.neighbourhood()), (free / 4).clamp(1, MOST_OF_NEIGHBOURHOOD)),
        ],
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        lock(self.taken).give_back(self.visitor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::accounts::{PasswordCosts, SystemRandom};
    use std::sync::Arc;
    use std::time::Duration;

    fn queue(floor: Duration) -> PasswordQueue {
        let costs = PasswordCosts { memory_kib: 64, passes: 1, floor };
        PasswordQueue::new(PasswordHasher::new(costs, Arc::new(SystemRandom)).unwrap())
    }

    fn stranger(host: &str) -> Visitor {
        Visitor::Stranger(ClientAddress(host.parse().unwrap()))
    }

    /// Takes all the places that visitors get who ask again and again.
    fn crowd(queue: &PasswordQueue, visitors: impl Fn() -> Vec<Visitor>) -> Vec<Place<'_>> {
        let mut places = Vec::new();
        loop {
            let more: Vec<_> = visitors().into_iter().filter_map(|visitor| queue.place(visitor).ok()).collect();
            if more.is_empty() {
                return places;
            }
            places.extend(more);
        }
    }

    #[tokio::test]
    async fn a_network_has_four_places_and_leaves_the_others_to_others() {
        let passwords = queue(Duration::ZERO);
        let hosts = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5", "2001:db8:0:1::1"];
        let hash = |host: &str| passwords.hash(stranger(host), "a password");
        let hashed = futures_util::future::join_all(hosts.map(hash)).await;
        let busy: Vec<bool> = hashed.iter().map(|hash| *hash == Err(PasswordError::Busy)).collect();
        assert_eq!(busy, [false, false, false, false, true, false]);
        assert!(hash(hosts[4]).await.is_ok());
        let taken = passwords.taken.lock().unwrap();
        assert!(taken.by.is_empty() && taken.strangers == 0 && taken.known == 0, "{taken:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_before_the_answer_goes_out() {
        let passwords = queue(Duration::from_secs(3600));
        let check = passwords.check(stranger("203.0.113.9"), "a password", None);
        let free = async {
            while passwords.taken.lock().unwrap().strangers == 0 {
                tokio::task::yield_now().await;
            }
            while passwords.taken.lock().unwrap().strangers > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = check => panic!("the answer waits for the floor"),
            () = free => {}
        }
    }

    #[test]
    fn sixteen_networks_leave_room_for_every_newcomer() {
        let neighbours = || (0..16).map(|n| stranger(&format!("2001:db8:0:{n:x}::1"))).collect();
        let strangers = || (0..16).map(|n| stranger(&format!("203.0.{n}.1"))).collect();
        let one_house = || (0..16).map(|n| stranger(&format!("203.0.113.{n}"))).collect();
        for attackers in [&neighbours as &dyn Fn() -> Vec<Visitor>, &strangers, &one_house] {
            let passwords = queue(Duration::ZERO);
            let _taken = crowd(&passwords, attackers);
            for victim in ["198.51.100.7", "2001:db8:1::1", "192.0.2.1"].map(stranger) {
                assert!(passwords.place(victim).is_ok(), "{victim:?}");
            }
        }
    }

    #[test]
    fn a_crowd_of_strangers_takes_no_place_of_known_users_and_no_user_takes_those_of_others() {
        let passwords = queue(Duration::ZERO);
        let _taken = crowd(&passwords, || (0..=255).map(|n| stranger(&format!("203.0.{n}.1"))).collect());
        assert!(passwords.place(stranger("198.51.100.7")).is_err());
        let _own = crowd(&passwords, || vec![Visitor::Known(UserId(1))]);
        assert!(passwords.place(Visitor::Known(UserId(1))).is_err());
        assert!(passwords.place(Visitor::Known(UserId(2))).is_ok());
    }
}

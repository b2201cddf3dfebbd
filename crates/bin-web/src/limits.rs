//! Limits of tries: how often somebody may fail before having to wait.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stakepool_core::accounts::Email;
use tokio::time::Instant;

use crate::client::ClientAddress;
use crate::options::TryLimits;

/// Most counters that are kept; beyond it the oldest half goes.
const MAX_COUNTERS: usize = 100_000;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// Sign-ins of an account.
    Account(String),
    /// Sign-ins from a client.
    SignInClient(IpAddr),
    /// Sign-ups from a client.
    SignUpClient(IpAddr),
}

/// Too many tries: how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MustWait(pub Duration);

impl MustWait {
    /// The wait for people, rounded up.
    pub fn in_words(self) -> String {
        let seconds = self.0.as_secs().max(1);
        match seconds {
            1 => "1 second".to_owned(),
            2..=90 => format!("{seconds} seconds"),
            _ => format!("{} minutes", seconds.div_ceil(60)),
        }
    }
}

/// Counts tries in this instance's memory.
#[derive(Debug)]
pub struct Limiter {
    limits: TryLimits,
    counters: Mutex<HashMap<Subject, Counter>>,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    since: Instant,
    tries: u32,
}

impl Limiter {
    /// A limiter that has seen nothing yet.
    pub fn new(limits: TryLimits) -> Self {
        Self { limits, counters: Mutex::default() }
    }

    /// Whether a sign-in may be tried. The text is what was typed as an e-mail address.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn check_sign_in(&self, email: &str, client: ClientAddress) -> Result<(), MustWait> {
        self.check(&Subject::SignInClient(client.network()), self.limits.sign_ins_per_client)?;
        self.check(&account(email), self.limits.sign_ins_per_account)
    }

    /// Notes a sign-in that failed.
    pub fn sign_in_failed(&self, email: &str, client: ClientAddress) {
        self.count(Subject::SignInClient(client.network()));
        self.count(account(email));
    }

    /// Forgets an account's failures after a success.
    pub fn sign_in_succeeded(&self, email: &Email) {
        self.lock().remove(&account(email.as_str()));
    }

    /// Notes a sign-up, unless there were too many.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn sign_up(&self, client: ClientAddress) -> Result<(), MustWait> {
        let subject = Subject::SignUpClient(client.network());
        self.check(&subject, self.limits.sign_ups_per_client)?;
        self.count(subject);
        Ok(())
    }

    fn check(&self, subject: &Subject, most: u32) -> Result<(), MustWait> {
        match self.lock().get(subject) {
            Some(counter) if counter.tries >= most => {
                let left = self.limits.window.saturating_sub(counter.since.elapsed());
                if left.is_zero() { Ok(()) } else { Err(MustWait(left)) }
            }
            _ => Ok(()),
        }
    }

    fn count(&self, subject: Subject) {
        let (now, window) = (Instant::now(), self.limits.window);
        let mut counters = self.lock();
        if counters.len() >= MAX_COUNTERS && !counters.contains_key(&subject) {
            make_room(&mut counters, now, window);
        }
        let counter = counters.entry(subject).or_insert(Counter { since: now, tries: 0 });
        if now.duration_since(counter.since) >= window {
            *counter = Counter { since: now, tries: 0 };
        }
        counter.tries = counter.tries.saturating_add(1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Subject, Counter>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spellings of one address count together; long nonsense is cut, not stored.
fn account(email: &str) -> Subject {
    Subject::Account(email.trim().chars().take(254).flat_map(char::to_lowercase).collect())
}

fn make_room<K: Clone + Eq + Hash>(counters: &mut HashMap<K, Counter>, now: Instant, window: Duration) {
    counters.retain(|_, counter| now.duration_since(counter.since) < window);
    if counters.len() >= MAX_COUNTERS {
        let mut ages: Vec<Instant> = counters.values().map(|counter| counter.since).collect();
        let middle = ages.len() / 2;
        let (_, median, _) = ages.select_nth_unstable(middle);
        let median = *median;
        counters.retain(|_, counter| counter.since > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn from(last: u8) -> ClientAddress {
        ClientAddress(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)))
    }

    fn limiter() -> Limiter {
        Limiter::new(TryLimits {
            sign_ins_per_account: 2,
            sign_ins_per_client: 3,
            sign_ups_per_client: 1,
            window: Duration::from_secs(600),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_must_wait_whoever_tries_and_however_it_is_spelled() {
        let limiter = limiter();
        limiter.sign_in_failed("a@example.org", from(1));
        assert_eq!(limiter.check_sign_in("a@example.org", from(3)), Ok(()));
        limiter.sign_in_failed(" A@Example.org", from(2));
        assert_eq!(limiter.check_sign_in("a@example.org", from(3)), Err(MustWait(Duration::from_secs(600))));
        assert_eq!(limiter.check_sign_in("b@example.org", from(3)), Ok(()));
        tokio::time::advance(Duration::from_secs(599)).await;
        assert_eq!(limiter.check_sign_in("a@example.org", from(3)), Err(MustWait(Duration::from_secs(1))));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(limiter.check_sign_in("a@example.org", from(3)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_must_wait_whatever_account_it_tries() {
        let limiter = limiter();
        for account in ["a", "b", "c"] {
            assert_eq!(limiter.check_sign_in("d", from(1)), Ok(()));
            limiter.sign_in_failed(account, from(1));
        }
        assert!(limiter.check_sign_in("d", from(1)).is_err());
        assert_eq!(limiter.check_sign_in("d", from(2)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_forgives_the_account() {
        let limiter = limiter();
        limiter.sign_in_failed("a@example.org", from(1));
        limiter.sign_in_succeeded(&Email::parse("a@example.org").unwrap());
        limiter.sign_in_failed("a@example.org", from(1));
        assert_eq!(limiter.check_sign_in("a@example.org", from(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn sign_ups_are_limited_by_client() {
        let limiter = limiter();
        assert_eq!(limiter.sign_up(from(1)), Ok(()));
        assert!(limiter.sign_up(from(1)).is_err());
        assert_eq!(limiter.sign_up(from(2)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_the_newest_counters_stay() {
        let limiter = limiter();
        for n in 0..=MAX_COUNTERS {
            if n % 1000 == 0 {
                tokio::time::advance(Duration::from_millis(1)).await;
            }
            limiter.count(Subject::Account(n.to_string()));
        }
        let counters = limiter.lock();
        assert!(counters.len() < MAX_COUNTERS);
        assert!(counters.contains_key(&Subject::Account(MAX_COUNTERS.to_string())));
    }

    #[test]
    fn waits_are_told_in_words() {
        let words = |seconds| MustWait(Duration::from_secs(seconds)).in_words();
        assert_eq!([words(0), words(1), words(61), words(541)], ["1 second", "1 second", "61 seconds", "10 minutes"]);
    }
}

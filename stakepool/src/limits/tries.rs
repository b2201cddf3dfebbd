//! Limits of tries: how often somebody may fail before having to wait.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stakepool_core::accounts::{Email, UserId};
use tokio::time::Instant;

use crate::limits::known_browsers::KnownBrowser;
use crate::limits::origin::ClientAddress;

/// How many tries are allowed before a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryLimits {
    /// Failed sign-ins of one account from one client address within [`TryLimits::window`]; from all together ten times
    /// as many.
    pub sign_ins_per_account: u32,
    /// Failed sign-ins from one client address within the window; here and below, from a /48 of IPv6 ten times as many.
    pub sign_ins_per_client: u32,
    /// Sign-ups, whatever their outcome, from one client address within the window.
    pub sign_ups_per_client: u32,
    /// Mails that may be asked for one account (or unknown address) within the window.
    pub mails_per_account: u32,
    /// Mails that may be asked for from one client address within the window.
    pub mails_per_client: u32,
    /// Changes that the wallets of one user may make by the API within the window.
    pub api_writes_per_user: u32,
    /// The time for which tries are counted.
    pub window: Duration,
}

impl Default for TryLimits {
    fn default() -> Self {
        Self {
            sign_ins_per_account: 10,
            sign_ins_per_client: 30,
            sign_ups_per_client: 10,
            mails_per_account: 3,
            mails_per_client: 10,
            api_writes_per_user: 60,
            window: Duration::from_secs(10 * 60),
        }
    }
}

/// Most counters that are kept; beyond it the oldest half goes.
const MAX_COUNTERS: usize = 100_000;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// Sign-ins of an account, whoever tries.
    Account(String),
    /// Sign-ins of an account from a client.
    AccountFrom(String, IpAddr),
    /// Sign-ins from a browser that has signed in to this account before.
    Known(KnownBrowser),
    /// Tries of a kind that names no account, from a client. A variant of its own: what is typed as an e-mail address must
    /// not reach it.
    Stranger(&'static str, IpAddr),
    /// Sign-ins from a client.
    SignInClient(IpAddr),
    /// Sign-ups from a client.
    SignUpClient(IpAddr),
    /// Passwords that a signed-in user is asked for once more.
    Confirmation(UserId),
    /// Second factors of a user whose password was right.
    SecondFactor(UserId),
    /// Changes that a user's wallets make by the API.
    ApiWrite(UserId),
    /// Mails to an account.
    MailAccount(String),
    /// Mails that a client asks for.
    MailClient(IpAddr),
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

/// How many times as much the networks of one customer of a provider may do with one account as one of them.
const NEIGHBOURS: u32 = 2;
/// How many times as much a crowd may do as one of it: all clients that try one account, all networks of a provider's
/// customer. Low enough to stop guessing. Who is locked out of an account by a crowd gets in with a browser that has
/// signed in to it before.
const CROWD: u32 = 10;

/// A try that is counted. Unless it is taken back, it counts as a failure.
#[derive(Debug)]
#[must_use]
pub struct Try {
    account: Vec<Subject>,
    client: Vec<Subject>,
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

    /// Counts a sign-in before its password is looked at, so that tries at the same moment count, too. The text is what
    /// was typed as an e-mail address. A browser that is known for the account has tries of its own.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn sign_in(&self, email: &str, client: ClientAddress, known: Option<KnownBrowser>) -> Result<Try, MustWait> {
        let (email, of_account) = (spelling(email), self.limits.sign_ins_per_account);
        let mut account = Vec::new();
        if let Some(browser) = known {
            account.push((Subject::Known(browser), of_account));
        } else {
            let wide = client.wide_network().map(|wide| Subject::AccountFrom(email.clone(), wide));
            account.extend(wide.map(|subject| (subject, of_account.saturating_mul(NEIGHBOURS))));
            // Those who share an address without a fault of theirs do not share the tries of an account, too.
            if !client.is_unknown() {
                account.push((Subject::AccountFrom(email.clone(), client.network()), of_account));
            }
            account.push((Subject::Account(email), of_account.saturating_mul(CROWD)));
        }
        let client = from_client(client, Subject::SignInClient, self.limits.sign_ins_per_client);
        self.count_all(account.iter().chain(&client))?;
        let subjects = |limits: Vec<(Subject, u32)>| limits.into_iter().map(|(subject, _)| subject).collect();
        Ok(Try { account: subjects(account), client: subjects(client) })
    }

    /// Counts that a signed-in user is asked for the password once more. Others who fail to sign in to the account do
    /// not keep its user from this.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn confirmation(&self, user: UserId) -> Result<Try, MustWait> {
        self.of_user(Subject::Confirmation(user))
    }

    /// Counts that a user shows a second factor. Only who knows the password gets so far, so that all clients share one
    /// limit: few tries guess six digits.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn second_factor(&self, user: UserId) -> Result<Try, MustWait> {
        self.of_user(Subject::SecondFactor(user))
    }

    fn of_user(&self, subject: Subject) -> Result<Try, MustWait> {
        self.count_all([&(subject.clone(), self.limits.sign_ins_per_account)])?;
        Ok(Try { account: vec![subject], client: Vec::new() })
    }

    /// Forgives an account whose user has shown in another way to be there: with a link from a mail.
    pub fn forgive(&self, email: &Email, client: ClientAddress) {
        let email = spelling(email.as_str());
        let mut counters = self.lock();
        for network in client.wide_network().into_iter().chain([client.network()]) {
            counters.remove(&Subject::AccountFrom(email.clone(), network));
        }
        counters.remove(&Subject::Account(email));
    }

    /// Forgives the account after the right password: its failures are forgotten, and of the client this try.
    pub fn succeeded(&self, tried: Try) {
        self.uncount(&tried.client);
        let mut counters = self.lock();
        for subject in &tried.account {
            counters.remove(subject);
        }
    }

    /// Takes a try back whose password could not be looked at.
    pub fn take_back(&self, tried: Try) {
        self.uncount(&tried.client);
        self.uncount(&tried.account);
    }

    /// Counts by client, as failed sign-ins are, what names no account. `what` tells kinds of it apart.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn stranger(&self, what: &'static str, client: ClientAddress) -> Result<Try, MustWait> {
        let account = Subject::Stranger(what, client.network());
        let from = from_client(client, Subject::SignInClient, self.limits.sign_ins_per_client);
        let own = (account.clone(), client.share(self.limits.sign_ins_per_account));
        self.count_all([&own].into_iter().chain(&from))?;
        Ok(Try { account: vec![account], client: from.into_iter().map(|(subject, _)| subject).collect() })
    }

    /// Notes a change that a user's wallet makes by the API, unless there were too many.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn api_write(&self, user: UserId) -> Result<(), MustWait> {
        self.count_all([&(Subject::ApiWrite(user), self.limits.api_writes_per_user)])
    }

    /// Notes a sign-up, unless there were too many.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn sign_up(&self, client: ClientAddress) -> Result<(), MustWait> {
        self.count_all(&from_client(client, Subject::SignUpClient, self.limits.sign_ups_per_client))
    }

    /// Notes that somebody asks for a mail to what was typed as an e-mail address, unless there were too many. Known and
    /// unknown addresses count alike.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn ask_for_mail(&self, email: &str, client: ClientAddress) -> Result<(), MustWait> {
        let to = (Subject::MailAccount(spelling(email)), self.limits.mails_per_account);
        self.count_all(from_client(client, Subject::MailClient, self.limits.mails_per_client).iter().chain([&to]))
    }

    /// Counts a try of each subject, unless one of them has had as many as it may.
    fn count_all<'a>(&self, limits: impl IntoIterator<Item = &'a (Subject, u32)> + Clone) -> Result<(), MustWait> {
        let (now, window) = (Instant::now(), self.limits.window);
        // One lock for all: of two tries at the same moment the second sees the first.
        let mut counters = self.lock();
        let wait = |(subject, most): &(Subject, u32)| {
            let counter = counters.get(subject).filter(|counter| counter.tries >= *most)?;
            let left = window.saturating_sub(now.duration_since(counter.since));
            (!left.is_zero()).then_some(MustWait(left))
        };
        if let Some(longest) = limits.clone().into_iter().filter_map(wait).max_by_key(|wait| wait.0) {
            return Err(longest);
        }
        for (subject, _) in limits {
            count(&mut counters, subject.clone(), now, window);
        }
        Ok(())
    }

    fn uncount(&self, subjects: &[Subject]) {
        let mut counters = self.lock();
        for subject in subjects {
            if let Some(counter) = counters.get_mut(subject) {
                counter.tries = counter.tries.saturating_sub(1);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Subject, Counter>> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's own limit, and that of the wider network around it where it is of IPv6: who has a /48 there has 65,536
/// networks to come from.
fn from_client(client: ClientAddress, subject: fn(IpAddr) -> Subject, most: u32) -> Vec<(Subject, u32)> {
    let wide = client.wide_network().map(|wide| (subject(wide), most.saturating_mul(CROWD)));
    [(subject(client.network()), client.share(most))].into_iter().chain(wide).collect()
}

fn count(counters: &mut HashMap<Subject, Counter>, subject: Subject, now: Instant, window: Duration) {
    if counters.len() >= MAX_COUNTERS && !counters.contains_key(&subject) {
        make_room(counters, now, window);
    }
    let counter = counters.entry(subject).or_insert(Counter { since: now, tries: 0 });
    if now.duration_since(counter.since) >= window {
        *counter = Counter { since: now, tries: 0 };
    }
    counter.tries = counter.tries.saturating_add(1);
}

/// Spellings of one address count together; long nonsense is cut, not stored.
fn spelling(email: &str) -> String {
    email.trim().chars().take(254).flat_map(char::to_lowercase).collect()
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
mod tests;

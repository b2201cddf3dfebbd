//! Rate limits of sign-ins and other tries, against guessing: how often somebody may fail before having to wait.

use std::net::IpAddr;
use std::time::Duration;

use stakepool_core::accounts::{Email, UserId};
use stakepool_core::ports::CountedTry;
use stakepool_core::time::UnixTime;

use crate::limits::counters::{Counters, Limit};
use crate::limits::known_browsers::KnownBrowser;
use crate::limits::origin::ClientAddress;
use crate::limits::subject::{MailKind, Subject};
use crate::limits::wait::MustWait;
use crate::signed::Signer;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many tries are allowed before a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryLimits {
    /// Failed sign-ins of one account from one client address within [`TryLimits::window`]; from all together ten times
    /// as many. Confirmations of the password and second factors are limited to as many, each counted for itself.
    pub sign_ins_per_account: u32,
    /// Failed sign-ins from one client address within the window; here and below, from a /48 of IPv6 ten times as many.
    pub sign_ins_per_client: u32,
    /// Right passwords of one account within an hour: they cost as much as wrong ones. A browser that has signed in to the
    /// account before has as many of its own.
    pub right_passwords_per_account: u32,
    /// Sign-ups, whatever their outcome, from one client address within the window.
    pub sign_ups_per_client: u32,
    /// Mails of one kind that are sent to one account within [`TryLimits::mail_window`].
    pub mails_per_account: u32,
    /// The time for which the mails to an account are counted. No longer than a link in a mail works, so that who asked too
    /// often, or was made to, has one that works.
    pub mail_window: Duration,
    /// Mails of every kind that are sent within a day to one address that nobody has shown to be theirs.
    pub mails_per_unverified_address: u32,
    /// Mails that may be asked for from one client address within the window.
    pub mails_per_client: u32,
    /// Changes that the wallets of one user may make by the API within the window.
    pub api_writes_per_user: u32,
    /// Addresses that the whole pool registers within an hour. There are as many key indexes as `maxusers` says, and each is
    /// given for good.
    pub registrations_per_hour: u32,
    /// The time for which tries are counted.
    pub window: Duration,
}

impl Default for TryLimits {
    fn default() -> Self {
        Self {
            sign_ins_per_account: 10,
            sign_ins_per_client: 30,
            right_passwords_per_account: 60,
            sign_ups_per_client: 10,
            mails_per_account: 3,
            mail_window: HOUR,
            mails_per_unverified_address: 5,
            mails_per_client: 10,
            api_writes_per_user: 60,
            registrations_per_hour: 50,
            window: Duration::from_secs(10 * 60),
        }
    }
}

/// The account that somebody wants to sign in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// One that there is.
    Of(UserId),
    /// One that there is not: what was typed, as one of so many buckets. Whatever is made up takes that much room at most.
    Unknown(u16),
}

/// How many times as much the networks of one customer of a provider may do with one account as one of them.
const NEIGHBOURS: u32 = 2;
/// How many times as much a crowd may do as one of it: all clients that try one account, all networks of a provider's
/// customer. Low enough to stop guessing. Who is locked out of an account by a crowd gets in with a browser that has
/// signed in to it before.
const CROWD: u32 = 10;

/// How many of a kind are told apart where all instances count by address: the store has no more rows of it, however many
/// networks a flood comes from. So many that honest clients hardly ever share one.
const BUCKETS: u64 = 1 << 17;

/// A try that is counted. Unless it is taken back, it counts as a failure.
#[derive(Debug)]
#[must_use]
pub struct Try {
    account: Vec<Limit<Subject>>,
    client: Vec<Limit<Subject>>,
    right: Option<Limit<Subject>>,
}

fn subjects(limits: &[Limit<Subject>]) -> Vec<Subject> {
    limits.iter().map(|limit| limit.subject).collect()
}

/// Counts tries in this instance's memory.
#[derive(Debug)]
pub struct Limiter {
    limits: TryLimits,
    counters: Counters<Subject>,
    /// Nobody who makes a text up knows into which bucket it falls, which is the same in every instance.
    names: Signer,
}

impl Limiter {
    /// A limiter that has seen nothing yet. Instances that count together have the same `names`.
    pub fn new(limits: TryLimits, names: Signer) -> Self {
        Self { limits, counters: Counters::default(), names }
    }

    /// The account of what was typed as an e-mail address, which is that of `user` where there is one. Spellings of one
    /// address count together.
    pub fn account(&self, typed: &str, user: Option<UserId>) -> Account {
        // Made for every address, so that the time does not say which has an account.
        let [.., high, low] = self.hash(Email::spelling(typed).chars().take(254)).to_be_bytes();
        user.map_or(Account::Unknown(u16::from_be_bytes([high, low])), Account::Of)
    }

    fn hash(&self, text: impl Iterator<Item = char>) -> u64 {
        let text = text.flat_map(char::to_lowercase).collect::<String>();
        let signed = self.names.sign(&[b"bucket", text.as_bytes()]);
        signed.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// A try as all instances count it: by names that say nothing to whoever reads them.
    pub fn together(&self, tried: &Try, now: UnixTime) -> Vec<CountedTry> {
        self.counted(tried.account.iter().chain(&tried.client), now)
    }

    /// The names of what a try counts for: the account, and the client.
    pub fn names(&self, tried: &Try) -> (Vec<String>, Vec<String>) {
        let names = |limits: &[Limit<Subject>]| limits.iter().map(|limit| self.name(limit.subject)).collect();
        (names(&tried.account), names(&tried.client))
    }

    /// A [sign-up](Limiter::sign_up) as all instances count it.
    pub fn sign_up_together(&self, client: ClientAddress, now: UnixTime) -> Vec<CountedTry> {
        self.counted(&self.by_client(client, Subject::SignUpClient, self.limits.sign_ups_per_client), now)
    }

    /// That a client [asks for a mail](Limiter::ask_for_mail), as all instances count it.
    pub fn mail_together(&self, client: ClientAddress, now: UnixTime) -> Vec<CountedTry> {
        self.counted(&self.by_client(client, Subject::MailClient, self.limits.mails_per_client), now)
    }

    fn counted<'a>(&self, limits: impl IntoIterator<Item = &'a Limit<Subject>>, now: UnixTime) -> Vec<CountedTry> {
        let mut counted: Vec<CountedTry> = Vec::new();
        for limit in limits {
            let subject = self.name(limit.subject);
            match counted.iter_mut().find(|one| one.subject == subject) {
                // They share a bucket.
                Some(one) => one.most = one.most.max(limit.most),
                None => counted.push(CountedTry { subject, most: limit.most, until: now.plus(limit.window) }),
            }
        }
        counted
    }

    fn name(&self, subject: Subject) -> String {
        let name = subject.name();
        let signed = match subject.by_address() {
            Some(kind) => {
                let bucket = self.hash(name.chars()) % BUCKETS;
                self.names.sign(&[b"subjects", kind.as_bytes(), &bucket.to_be_bytes()])
            }
            None => self.names.sign(&[b"subject", name.as_bytes()]),
        };
        format!("tries/{}", hex::encode(&signed[..16]))
    }

    /// Counts a sign-in before its password is looked at, so that tries at the same moment count, too. A browser that is
    /// known for the account has tries of its own, wherever it is.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn sign_in(
        &self,
        account: Account,
        client: ClientAddress,
        known: Option<KnownBrowser>,
    ) -> Result<Try, MustWait> {
        let right = match (account, known) {
            (Account::Unknown(_), _) => None,
            (Account::Of(_), Some(browser)) => Some(self.right(Subject::RightFromKnown(browser))),
            (Account::Of(user), None) => Some(self.right(Subject::Right(user))),
        };
        if let Some(right) = &right {
            self.counters.check(right)?;
        }
        if let (Account::Of(user), Some(browser)) = (account, known) {
            return self.tried(self.by_known_browser(user, browser), Vec::new(), right);
        }
        let from = self.by_client(client, Subject::SignInClient, self.limits.sign_ins_per_client);
        self.tried(self.by_stranger(account, client), from, right)
    }

    fn by_known_browser(&self, user: UserId, browser: KnownBrowser) -> Vec<Limit<Subject>> {
        let most = self.limits.sign_ins_per_account;
        vec![
            self.within_window(Subject::Known(browser), most),
            self.within_window(Subject::KnownTo(user), most.saturating_mul(CROWD)),
        ]
    }

    fn by_stranger(&self, account: Account, client: ClientAddress) -> Vec<Limit<Subject>> {
        let most = self.limits.sign_ins_per_account;
        let (all, from): (_, &dyn Fn(IpAddr) -> Subject) = match account {
            Account::Of(user) => (Subject::Account(user), &move |network| Subject::AccountFrom(user, network)),
            Account::Unknown(text) => (Subject::Unknown(text), &move |network| Subject::UnknownFrom(text, network)),
        };
        let wide = client.wide_network().map(|wide| self.within_window(from(wide), most.saturating_mul(NEIGHBOURS)));
        // Those who share an address without a fault of theirs do not share the tries of an account, too.
        let own = (!client.is_unknown()).then(|| self.within_window(from(client.network()), most));
        let all = self.within_window(all, most.saturating_mul(CROWD));
        own.into_iter().chain(wide).chain([all]).collect()
    }

    /// Counts a try of the account and, apart from it, of the client.
    fn tried(
        &self,
        account: Vec<Limit<Subject>>,
        client: Vec<Limit<Subject>>,
        right: Option<Limit<Subject>>,
    ) -> Result<Try, MustWait> {
        self.counters.count(&[&account[..], &client[..]].concat())?;
        Ok(Try { account, client, right })
    }

    /// Counts that a signed-in user is asked for the password once more. Others who fail to sign in to the account do
    /// not keep its user from this.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn confirmation(&self, user: UserId) -> Result<Try, MustWait> {
        // Who signs in elsewhere with the right password must not keep its user from changing it.
        let right = self.right(Subject::RightConfirmed(user));
        self.counters.check(&right)?;
        let limit = self.within_window(Subject::Confirmation(user), self.limits.sign_ins_per_account);
        self.tried(vec![limit], Vec::new(), Some(right))
    }

    /// Counts that a user shows a second factor. Only who knows the password gets so far, so that all clients share one
    /// limit: few tries guess six digits.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn second_factor(&self, user: UserId) -> Result<Try, MustWait> {
        let limit = self.within_window(Subject::SecondFactor(user), self.limits.sign_ins_per_account);
        self.tried(vec![limit], Vec::new(), None)
    }

    /// Forgives an account whose user has shown in another way to be there: with a link from a mail.
    /// Returns the names of what is forgiven.
    pub fn forgive(&self, user: UserId, client: ClientAddress) -> Vec<String> {
        let networks = client.wide_network().into_iter().chain([client.network()]);
        let from = networks.map(|network| Subject::AccountFrom(user, network));
        let subjects: Vec<_> = from.chain([Subject::Account(user), Subject::Right(user)]).collect();
        self.counters.forget(&subjects);
        subjects.into_iter().map(|subject| self.name(subject)).collect()
    }

    /// Forgives the account after the right password: its failures are forgotten, and of the client this try. That the
    /// password was right is counted.
    pub fn succeeded(&self, tried: Try) {
        self.counters.take_back(&subjects(&tried.client));
        self.counters.forget(&subjects(&tried.account));
        if let Some(right) = tried.right {
            // Tries at the same moment may be one too many; the next one waits.
            let _ = self.counters.count(&[right]);
        }
    }

    /// Takes a try of an account back whose password could not be looked at. It still counts for the client: who keeps
    /// the pool busy must wait, too.
    pub fn take_back(&self, tried: Try) {
        self.counters.take_back(&subjects(&tried.account));
    }

    /// Takes a try back that was not made at all.
    pub fn undo(&self, tried: Try) {
        self.counters.take_back(&subjects(&tried.client));
        self.counters.take_back(&subjects(&tried.account));
    }

    /// Counts by client, as failed sign-ins are, what names no account. `what` tells kinds of it apart.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn stranger(&self, what: &'static str, client: ClientAddress) -> Result<Try, MustWait> {
        let own = Subject::Stranger(what, client.network());
        let own = self.within_window(own, client.share(self.limits.sign_ins_per_account));
        let from = self.by_client(client, Subject::SignInClient, self.limits.sign_ins_per_client);
        self.tried(vec![own], from, None)
    }

    /// Notes a change that a user's wallet makes by the API, unless there were too many.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn api_write(&self, user: UserId) -> Result<(), MustWait> {
        self.counters.count(&[self.within_window(Subject::ApiWrite(user), self.limits.api_writes_per_user)])
    }

    /// Notes that an address is about to be registered, unless there were too many.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn registration(&self) -> Result<(), MustWait> {
        self.counters.count(&[self.registrations()])
    }

    /// Takes a registration back that came to nothing.
    pub fn registration_failed(&self) {
        self.counters.take_back(&[Subject::Registrations]);
    }

    /// Whether an address could be registered now.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn may_register(&self) -> Result<(), MustWait> {
        self.counters.check(&self.registrations())
    }

    const fn registrations(&self) -> Limit<Subject> {
        Limit { subject: Subject::Registrations, most: self.limits.registrations_per_hour, window: HOUR }
    }

    /// Notes a sign-up, unless there were too many.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn sign_up(&self, client: ClientAddress) -> Result<(), MustWait> {
        self.counters.count(&self.by_client(client, Subject::SignUpClient, self.limits.sign_ups_per_client))
    }

    /// Notes that a client asks for a mail, unless it asked for too many. Known and unknown addresses count alike.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn ask_for_mail(&self, client: ClientAddress) -> Result<(), MustWait> {
        self.counters.count(&self.by_client(client, Subject::MailClient, self.limits.mails_per_client))
    }

    /// Notes that a mail is about to be sent for an account, unless there were too many of its kind. A stranger who asks
    /// must not learn of a refusal, which tells that there is such an account.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn mail(&self, kind: MailKind, user: UserId) -> Result<(), MustWait> {
        let TryLimits { mails_per_account, mail_window, .. } = self.limits;
        let limit = Limit { subject: Subject::Mail(kind, user), most: mails_per_account, window: mail_window };
        self.counters.count(&[limit])
    }

    /// Notes that a user is about to be mailed of a network from which the API key is used, unless that was done today.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn mail_of_network(&self, user: UserId) -> Result<(), MustWait> {
        self.counters.count(&[Limit { subject: Subject::NetworkMail(user), most: 1, window: DAY }])
    }

    /// Notes that a mail is about to be sent to an address that nobody has shown to be theirs, unless there were too many.
    ///
    /// # Errors
    /// [`MustWait`].
    pub fn mail_to_unverified(&self, address: &Email) -> Result<(), MustWait> {
        let subject = Subject::UnverifiedAddress(self.hash(address.as_str().chars()));
        let limit = Limit { subject, most: self.limits.mails_per_unverified_address, window: DAY };
        self.counters.count(&[limit])
    }

    /// A client's own limit, and that of the wider network around it where it is of IPv6: who has a /48 there has 65,536
    /// networks to come from.
    fn by_client(&self, client: ClientAddress, subject: fn(IpAddr) -> Subject, most: u32) -> Vec<Limit<Subject>> {
        let wide = client.wide_network().map(|wide| self.within_window(subject(wide), most.saturating_mul(CROWD)));
        [self.within_window(subject(client.network()), client.share(most))].into_iter().chain(wide).collect()
    }

    const fn within_window(&self, subject: Subject, most: u32) -> Limit<Subject> {
        Limit { subject, most, window: self.limits.window }
    }

    const fn right(&self, subject: Subject) -> Limit<Subject> {
        Limit { subject, most: self.limits.right_passwords_per_account, window: HOUR }
    }
}

#[cfg(test)]
mod tests;

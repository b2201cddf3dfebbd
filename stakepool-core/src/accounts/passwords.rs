//! Passwords: which are taken, how they are hashed, and how a sign-in is checked.
//!
//! Argon2id with 19 MiB and two passes, of the password in the form of [`typed::password`]. The predecessor's bcrypt
//! hashes, and those of before that form, are verified, too, and the caller is handed a new hash to store. At most two
//! hashes are computed at a time, each in memory that is kept for the next one, so that sign-ins cannot take the machine's
//! memory and processors from the votes; and every check of a password takes at least the same time, so that nobody learns
//! from it which e-mail addresses have accounts.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use self::memory::Memory;
use super::email::Email;
use super::tokens::SecureRandom;
use super::user::PasswordHashes;
use crate::typed;

mod memory;

/// Fewest characters of a new password.
pub const MIN_CHARACTERS: usize = 8;
/// Most bytes of a password.
pub const MAX_BYTES: usize = 1000;

const AT_A_TIME: usize = 2;
/// Most that wait for their hash at a time; a front end that shares the places out gives no more.
const MAX_WAITING: usize = 80;
const SALT_BYTES: usize = 16;
/// The predecessor's cost.
const BCRYPT_COST: u32 = 10;

/// Over 16,000 of the commonest passwords of at least [`MIN_CHARACTERS`] characters, lower case, one a line. From where they
/// are, and under which licences, stands in `common_passwords.LICENSE`.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordPolicyError {
    /// Too short.
    #[error("the password is too short: use at least {MIN_CHARACTERS} characters, such as four random words")]
    TooShort,
    /// Too long.
    #[error("the password is too long: use at most {MAX_BYTES} bytes")]
    TooLong,
    /// Everybody tries it first.
    #[error("the password is one of those that are tried first: choose another one, such as four random words")]
    Common,
    /// It is the e-mail address.
    #[error("the password must not be the e-mail address")]
    IsEmail,
    /// It is a part of the e-mail address or the pool's name, perhaps with digits.
    #[error(
        "the password is little more than your e-mail address or the pool's name: choose another one, such as four random words"
    )]
    Telling,
}

/// Why a password could not be hashed or checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many sign-ins at this moment; try again in a few seconds")]
    Busy,
    /// The hash in the store cannot be read, or the hash function failed.
    #[error("the password could not be checked: {0}")]
    Failed(String),
}

/// The outcome of a check.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordCheck {
    /// Another password, or no such account.
    Wrong,
    /// The right one.
    Right,
    /// The right one, checked against a hash of before: the predecessor's, or of a password in another form. Store this
    /// Argon2id hash; it stands beside the predecessor's.
    RightUpgraded(String),
}

impl fmt::Debug for PasswordCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wrong => "Wrong",
            Self::Right => "Right",
            Self::RightUpgraded(_) => "RightUpgraded(…)",
        })
    }
}

/// Whether a new password may be taken by the user with an e-mail address.
///
/// # Errors
/// [`PasswordPolicyError`].
pub fn check_policy(password: &str, email: &Email) -> Result<(), PasswordPolicyError> {
    check_policy_at(password, email, &[])
}

/// As [`check_policy`], at a pool of which everybody knows these names: they are tried first there.
///
/// # Errors
/// [`PasswordPolicyError`].
pub fn check_policy_at(password: &str, email: &Email, names: &[&str]) -> Result<(), PasswordPolicyError> {
    if password.len() > MAX_BYTES {
        return Err(PasswordPolicyError::TooLong);
    }
    let password = typed::password(password);
    if password.chars().count() < MIN_CHARACTERS {
        return Err(PasswordPolicyError::TooShort);
    }
    let lower = password.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    if characters.all(|c| Some(c) == first) || COMMON.lines().any(|common| common == lower) {
        return Err(PasswordPolicyError::Common);
    }
    if lower == email.as_str() {
        return Err(PasswordPolicyError::IsEmail);
    }
    let (local, domain) = email.as_str().rsplit_once('@').unwrap_or((email.as_str(), ""));
    let host = domain.split('.').next().unwrap_or_default();
    let word = letters(&lower);
    if !word.is_empty() && [local, domain, host].iter().chain(names).any(|name| letters(&name.to_lowercase()) == word) {
        return Err(PasswordPolicyError::Telling);
    }
    Ok(())
}

/// The letters of a word: what digits and signs around and within it do not change.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// What hashing costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCosts {
    /// Argon2id memory in KiB.
    pub memory_kib: u32,
    /// Argon2id passes.
    pub passes: u32,
    /// The least time that a check takes. Above the time of any real check, which it hides. A password that may have been hashed
    /// in several forms, as those with accents, takes it once for each, whoever's it is.
    pub floor: Duration,
}

impl Default for PasswordCosts {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, floor: Duration::from_millis(250) }
    }
}

/// Hashes and checks passwords, a few at a time.
///
/// It does not limit how often somebody may try: that is the caller's.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use stakepool_core::accounts::{
///     Email, PasswordCheck, PasswordCosts, PasswordHasher, PasswordHashes, SystemRandom, check_policy,
/// };
///
/// let hasher = PasswordHasher::new(PasswordCosts::default(), Arc::new(SystemRandom))?;
/// let (email, password) = (Email::parse("alice@example.org")?, "four words chosen randomly");
/// check_policy(password, &email)?;
/// let hashes = PasswordHashes { argon2: Some(hasher.hash(password).await?), bcrypt: None };
/// assert_eq!(hasher.check(password, Some(&hashes)).await?, PasswordCheck::Right);
/// assert_eq!(hasher.check("another one", Some(&hashes)).await?, PasswordCheck::Wrong);
/// assert_eq!(hasher.check(password, None).await?, PasswordCheck::Wrong, "there is no such user");
/// # Ok(())
/// # }
/// ```
pub struct PasswordHasher {
    argon2: Argon2<'static>,
    memory: Arc<Memory>,
    floor: Duration,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    random: Arc<dyn SecureRandom>,
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("floor", &self.floor).finish_non_exhaustive()
    }
}

impl PasswordHasher {
    /// A hasher with these costs; salts come from `random`.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] where Argon2 does not know such costs.
    pub fn new(costs: PasswordCosts, random: Arc<dyn SecureRandom>) -> Result<Self, PasswordError> {
        let params = Params::new(costs.memory_kib, costs.passes, 1, None).map_err(failed)?;
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            memory: Arc::default(),
            floor: costs.floor,
            permits: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: AtomicUsize::new(0),
            random,
        })
    }

    /// Hashes a new password into PHC format. [`check_policy`] is the caller's.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        self.hash_in((), password).await
    }

    /// As [`PasswordHasher::hash`], for a caller who shares out places: this one is dropped once the hash is computed,
    /// before the wait for the floor.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash_in<P: Send>(&self, place: P, password: &str) -> Result<String, PasswordError> {
        let job = self.hashing(password);
        self.run(place, self.floor, job).await?
    }

    /// Hashes a user's new password in the place of the hashes `before`. Where there is one of the predecessor among
    /// them, so there is afterwards: the predecessor's program, should the operator go back to it, then takes the new
    /// password and not the old one. [`check_policy`] is the caller's.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn rehash(&self, password: &str, before: &PasswordHashes) -> Result<PasswordHashes, PasswordError> {
        self.rehash_in((), password, before).await
    }

    /// As [`PasswordHasher::rehash`], in a place as that of [`PasswordHasher::hash_in`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn rehash_in<P: Send>(
        &self,
        place: P,
        password: &str,
        before: &PasswordHashes,
    ) -> Result<PasswordHashes, PasswordError> {
        let hashing = self.hashing(password);
        let for_predecessor = before.bcrypt.is_some().then(|| password.to_owned());
        let job = move || {
            let argon2 = Some(hashing()?);
            // Of a password over 72 bytes the first 72 count there, as they always did. A hash that cannot be made
            // leaves none, and no password opens the account there.
            let hash = |password| bcrypt::hash_with_result(password, BCRYPT_COST).ok();
            let bcrypt = for_predecessor.and_then(hash).map(|hash| hash.format_for_version(bcrypt::Version::TwoA));
            Ok(PasswordHashes { bcrypt, argon2 })
        };
        self.run(place, self.floor, job).await?
    }

    /// Checks a password against a user's hashes, or against nothing where there is no such user. Takes the same
    /// time in every case, waiting for others apart.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn check(&self, password: &str, hashes: Option<&PasswordHashes>) -> Result<PasswordCheck, PasswordError> {
        self.check_in((), password, hashes).await
    }

    /// As [`PasswordHasher::check`], in a place as that of [`PasswordHasher::hash_in`].
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn check_in<P: Send>(
        &self,
        place: P,
        password: &str,
        hashes: Option<&PasswordHashes>,
    ) -> Result<PasswordCheck, PasswordError> {
        let stored = hashes.cloned().unwrap_or_default();
        let hashing = self.hashing(password);
        let memory = Arc::clone(&self.memory);
        // An empty or endless password is wrong, whatever a store of the predecessor says; it costs the same.
        let impossible = password.is_empty() || password.len() > MAX_BYTES;
        let password = if impossible { "" } else { password };
        let forms =
            Forms { now: typed::password(password).into_owned(), older: typed::older_forms_of_password(password) };
        // As many hashes may be computed for somebody who has an account.
        let floor = self.floor * u32::try_from(1 + forms.older.len()).unwrap_or(u32::MAX);
        let job = move || {
            let found = match (stored.argon2, stored.bcrypt) {
                (Some(hash), _) => forms.find(|form| memory.is_right(form.as_bytes(), &hash).map_err(failed))?,
                // The predecessor's library looked at the first 72 bytes only; so does this one.
                (None, Some(hash)) => {
                    forms.find(|form| bcrypt::verify(form, &hash).map_err(failed))?.map(|_| Form::Older)
                }
                // As much work as for somebody.
                (None, None) => forms.find(|_| hashing().map(|_| false))?,
            };
            match found {
                Some(_) if impossible => Ok(PasswordCheck::Wrong),
                Some(Form::Now) => Ok(PasswordCheck::Right),
                Some(Form::Older) => hashing().map(PasswordCheck::RightUpgraded),
                None => Ok(PasswordCheck::Wrong),
            }
        };
        self.run(place, floor, job).await?
    }

    fn hashing(&self, password: &str) -> impl Fn() -> Result<String, PasswordError> + Send + 'static {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt);
        let (argon2, memory) = (self.argon2.clone(), Arc::clone(&self.memory));
        let password = typed::password(password).into_owned();
        move || memory.hash(&argon2, password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(failed)
    }

    /// Runs a job on a thread of its own when it is its turn, and answers no sooner than the floor. Waiting for the
    /// turn does not count, so that a busy pool tells no more than an idle one; sleeping holds no turn and no place, not
    /// even the caller's.
    async fn run<T: Send + 'static>(
        &self,
        callers_place: impl Send,
        floor: Duration,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Place::take(&self.waiting).ok_or(PasswordError::Busy)?;
        let permit = self.permits.clone().acquire_owned().await.map_err(failed)?;
        let began = Instant::now();
        let outcome = tokio::task::spawn_blocking(move || {
            // The permit goes with the job: a request that is given up does not let a third hash begin.
            let _permit = permit;
            job()
        })
        .await
        .map_err(failed)?;
        drop((place, callers_place));
        tokio::time::sleep_until(began + floor).await;
        Ok(outcome)
    }
}

/// The forms of a password in which it may have been hashed.
struct Forms {
    now: String,
    older: Vec<String>,
}

/// Whether a hash is of the form in which passwords are hashed now.
enum Form {
    Now,
    Older,
}

impl Forms {
    /// The first form that is the right one.
    fn find(
        &self,
        mut is_right: impl FnMut(&str) -> Result<bool, PasswordError>,
    ) -> Result<Option<Form>, PasswordError> {
        if is_right(&self.now)? {
            return Ok(Some(Form::Now));
        }
        for form in &self.older {
            if is_right(form)? {
                return Ok(Some(Form::Older));
            }
        }
        Ok(None)
    }
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn failed(error: impl fmt::Display) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

#[cfg(test)]
mod tests;

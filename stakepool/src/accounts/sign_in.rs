//! Signing in with the password.

use std::fmt;
use std::time::Duration;

use stakepool_core::accounts::{PasswordCheck, PasswordError, PasswordHashes, User, UserId};
use stakepool_core::ports::{SessionToken, StoreError};
use stakepool_core::time::UnixTime;

use crate::accounts::sessions::{FactorShown, NewSession};
use crate::accounts::shared_tries::SharedTryError;
use crate::limits::origin::Origin;
use crate::limits::password_queue::Visitor;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// How long a user who has shown the right password has for the second factor.
pub const FIRST_STEP_LASTS: Duration = Duration::from_secs(600);

/// What came of the right password.
pub enum SignedIn {
    /// A session has begun.
    Session(Box<NewSession>),
    /// The second factor is to be shown. The note says who has shown the right password; the browser keeps it for
    /// [`FIRST_STEP_LASTS`] and brings it to [`Pool::second_step`].
    SecondFactor(String),
}

// The note stands for the right password: it stays out of logs.
impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(session) => f.debug_tuple("Session").field(session).finish(),
            Self::SecondFactor(_) => f.write_str("SecondFactor(…)"),
        }
    }
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Too many tries.
    #[error("too many tries; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The address or the password is wrong: which of them is not said.
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    /// Too many sign-ins at this moment. The account is not counted, the client is.
    #[error("too many sign-ins at this moment; try again in a few seconds")]
    Busy,
    /// The account is disabled.
    #[error("this account is disabled")]
    Disabled,
    /// The e-mail address is not verified yet.
    #[error("the e-mail address is not verified yet")]
    Unverified,
    /// The password was changed while it was checked.
    #[error("the password was changed at the same moment; sign in with the new one")]
    PasswordChanged(Box<User>),
    /// The password could not be checked, because of a fault of ours.
    #[error("the password could not be checked: {0}")]
    Failed(PasswordError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no session begins though all is shown.
pub(super) enum EnterError {
    PasswordChanged(Box<User>),
    Store(StoreError),
}

impl From<StoreError> for EnterError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<EnterError> for SignInError {
    fn from(error: EnterError) -> Self {
        match error {
            EnterError::PasswordChanged(user) => Self::PasswordChanged(user),
            EnterError::Store(error) => Self::Store(error),
        }
    }
}

impl Pool {
    /// Signs a user in. Tries are limited by account, by client and by browser; an unknown address costs the same time as
    /// a wrong password. A browser that signs in again gets a new session: its `old` one ends.
    ///
    /// ```
    /// use stakepool::Pool;
    /// use stakepool::accounts::{Origin, SignInError, SignedIn};
    ///
    /// /// The cookies to set, by name.
    /// async fn sign_in(
    ///     pool: &Pool,
    ///     email: &str,
    ///     password: &str,
    ///     origin: &Origin,
    /// ) -> Result<Vec<(&'static str, String)>, SignInError> {
    ///     Ok(match pool.sign_in(email, password, origin, None).await? {
    ///         SignedIn::Session(session) => {
    ///             vec![("session", session.secret.reveal()), ("known", session.known_browser)]
    ///         }
    ///         // Ask for a code, and bring the note to `Pool::second_step`.
    ///         SignedIn::SecondFactor(note) => vec![("firststep", note)],
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        origin: &Origin,
        old: Option<&SessionToken>,
    ) -> Result<SignedIn, SignInError> {
        // An address that cannot be one costs the same time as any unknown one.
        let user = self.user_of_typed_email(email).await?;
        let known = origin.known_browser.as_deref().and_then(|note| self.known_browsers.browser(note, email));
        let account = self.limiter.account(email, user.as_ref().map(|user| user.id));
        let tried = self.limiter.sign_in(account, origin.client, known).map_err(SignInError::Wait)?;
        let tried = self.count_together(tried).await.map_err(|refused| match refused {
            SharedTryError::Wait(wait) => SignInError::Wait(wait),
            SharedTryError::Store(error) => SignInError::Store(error),
        })?;
        let visitor = match (&user, known) {
            (Some(user), Some(_)) => Visitor::Known(user.id),
            _ => Visitor::Stranger(origin.client),
        };
        let hashes = user.as_ref().map(|user| &user.password);
        let check = self.passwords.check(visitor, password, hashes).await;
        let user = match (user, check) {
            (Some(user), Ok(PasswordCheck::Right)) => user,
            (Some(user), Ok(PasswordCheck::RightUpgraded(argon2))) => self.upgrade(user, argon2).await,
            (_, Ok(_)) => {
                tracing::info!(client = %origin.client, "a sign-in failed");
                return Err(SignInError::Wrong);
            }
            (_, Err(PasswordError::Busy)) => {
                self.take_back_together(tried).await;
                return Err(SignInError::Busy);
            }
            (_, Err(error)) => {
                tracing::error!(%error, "a password could not be checked");
                return Err(SignInError::Failed(error));
            }
        };
        self.succeeded_together(tried).await;
        if user.disabled {
            return Err(SignInError::Disabled);
        }
        if self.must_verify(&user) {
            return Err(SignInError::Unverified);
        }
        if self.lacks_second_factor(user.id).await? {
            return Ok(SignedIn::Session(Box::new(self.enter(user, FactorShown::No, origin, old).await?)));
        }
        Ok(SignedIn::SecondFactor(self.first_step_of(&user)))
    }

    /// Begins the session of a user who has shown all that is needed; the password in `user` is the one that was right.
    pub(super) async fn enter(
        &self,
        user: User,
        shown: FactorShown,
        origin: &Origin,
        old: Option<&SessionToken>,
    ) -> Result<NewSession, EnterError> {
        if let Some(old) = old {
            self.parts.sessions.end(old).await?;
        }
        let mut session = match self.begin_session(user.clone(), shown, origin).await {
            Err(StoreError::Conflict(_)) => return Err(EnterError::PasswordChanged(Box::new(user))),
            begun => begun?,
        };
        tracing::info!(user = %session.user.id, client = %origin.client, "signed in");
        session.second_factor_due =
            self.needs_second_factor(&session.user) && self.lacks_second_factor(session.user.id).await?;
        Ok(session)
    }

    /// Stores a new Argon2id hash, beside the predecessor's where there is one, unless the password was changed in the meantime. Where that
    /// fails, the next sign-in tries again.
    async fn upgrade(&self, mut user: User, argon2: String) -> User {
        let upgraded = PasswordHashes { argon2: Some(argon2), bcrypt: user.password.bcrypt.clone() };
        match self.set_password(user.id, &user.password, &upgraded).await {
            Ok(()) => user.password = upgraded,
            Err(error) => tracing::warn!(user = %user.id, %error, "the new password hash could not be stored"),
        }
        user
    }

    /// The note of a user who has shown the right password.
    fn first_step_of(&self, user: &User) -> String {
        let (id, expires) = (user.id.0.to_be_bytes(), self.now().plus(FIRST_STEP_LASTS).0.to_be_bytes());
        let signature = self.first_steps.sign(&signed_parts(user, &id, &expires));
        format!("{}{}{}", hex::encode(id), hex::encode(expires), hex::encode(signature))
    }

    /// The user who has shown the right password a short while ago, by the note that the browser keeps.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn first_step(&self, note: &str) -> Result<Option<User>, StoreError> {
        let Ok(note) = hex::decode(note) else { return Ok(None) };
        let Some((id, rest)) = note.split_first_chunk::<8>() else { return Ok(None) };
        let Some((expires, signature)) = rest.split_first_chunk::<8>() else { return Ok(None) };
        if UnixTime(i64::from_be_bytes(*expires)) <= self.now() {
            return Ok(None);
        }
        let user = self.parts.users.by_id(UserId(i64::from_be_bytes(*id))).await?;
        let is_right =
            |user: &User| !user.disabled && self.first_steps.is_right(&signed_parts(user, id, expires), signature);
        Ok(user.filter(is_right))
    }
}

/// What is signed: the password's hash is part of it, so that a new password ends all first steps.
fn signed_parts<'a>(user: &'a User, id: &'a [u8], expires: &'a [u8]) -> [&'a [u8]; 3] {
    let hash = user.password.argon2.as_deref().or(user.password.bcrypt.as_deref()).unwrap_or_default();
    [id, expires, hash.as_bytes()]
}

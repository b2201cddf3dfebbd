//! Making an account.

use std::time::Duration;

use stakepool_core::accounts::{
    Email, EmailError, InvitationCode, PasswordError, PasswordHashes, PasswordPolicyError, UserId,
};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{NewUser, StoreError};
use tokio::time::{Instant, sleep_until};

use crate::accounts::password::NewPassword;
use crate::accounts::shared_tries::SharedTryError;
use crate::limits::origin::Origin;
use crate::limits::password_queue::Visitor;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

/// How long storing an account may take unnoticed: the answer waits for as long, whether there is one already or not.
const ANSWER_AFTER: Duration = Duration::from_millis(100);

/// A sign-up that passed all that costs nothing. Where the front end asks a question against robots, here is the place
/// for it; then [`CheckedSignUp::finish`].
#[must_use]
pub struct CheckedSignUp<'a> {
    pool: &'a Pool,
    email: Email,
    password: &'a str,
    invitation: &'a str,
    origin: &'a Origin,
}

/// What came of a sign-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedUp {
    /// The account can be used: no mail is sent.
    Ready(UserId),
    /// A mail is on its way, to a new user or to one who has an account already: the answer must not say which.
    CheckMail,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// The pool is closed; the operator's words.
    #[error("{0}")]
    Closed(String),
    /// Too many sign-ups from the client.
    #[error("too many sign-ups from your address; try again in {}", .0.in_words())]
    TooManySignUps(MustWait),
    /// Too many mails were asked for by the client.
    #[error("too many mails were asked for; try again in {}", .0.in_words())]
    TooManyMails(MustWait),
    /// The pool asks for an invitation, and none was typed.
    #[error("this pool takes new users by invitation only; ask the pool's operator for a code")]
    NoInvitation,
    /// No open invitation has this code.
    #[error("this invitation code is wrong, or was used or has ended; type it as it was given to you")]
    WrongInvitation,
    /// Too many wrong codes from the client.
    #[error("too many wrong invitation codes came from your address; try again in {}", .0.in_words())]
    TooManyInvitations(MustWait),
    /// The e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// The password.
    #[error(transparent)]
    Password(#[from] PasswordPolicyError),
    /// The two passwords differ.
    #[error("the two passwords differ; type the same one twice")]
    Mismatch,
    /// The password could not be hashed now.
    #[error("the server is too busy; try again in a few seconds")]
    Busy(PasswordError),
    /// There is an account with the address. Said only where no mail is sent.
    #[error("there is an account with this e-mail address already; sign in with its password")]
    EmailTaken,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Looks at a sign-up: whether the pool is open, the client has tries left, and the address and password can be used.
    ///
    /// ```
    /// use stakepool::Pool;
    /// use stakepool::accounts::{NewPassword, Origin, SignUpError, SignedUp};
    ///
    /// async fn sign_up(pool: &Pool, email: &str, typed: NewPassword<'_>, origin: &Origin) -> Result<String, SignUpError> {
    ///     let checked = pool.sign_up(email, typed, origin)?;
    ///     // Here a question against robots would be asked.
    ///     Ok(match checked.finish().await? {
    ///         SignedUp::Ready(user) => format!("Your account has the number {user}: sign in."),
    ///         SignedUp::CheckMail => "A mail is on its way to you: open the link in it.".to_owned(),
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// [`SignUpError`].
    pub fn sign_up<'a>(
        &'a self,
        email: &str,
        password: NewPassword<'a>,
        origin: &'a Origin,
    ) -> Result<CheckedSignUp<'a>, SignUpError> {
        if let Some(message) = &*self.terms.closed.get() {
            return Err(SignUpError::Closed(message.clone()));
        }
        self.limiter.sign_up(origin.client).map_err(SignUpError::TooManySignUps)?;
        let email = Email::parse(email)?;
        self.check_policy(password.text, &email)?;
        if !password.is_repeated() {
            return Err(SignUpError::Mismatch);
        }
        Ok(CheckedSignUp { pool: self, email, password: password.text, invitation: "", origin })
    }

    /// A new user, who votes by default until there is a choice.
    pub(crate) fn new_user(&self, email: Email, password: PasswordHashes, verified: bool, admin: bool) -> NewUser {
        NewUser { email, password, verified, admin, voting: self.default_voting(), created: self.now() }
    }
}

impl<'a> CheckedSignUp<'a> {
    /// With the code of an invitation, as it was typed. Needed where the pool
    /// [asks for one](Pool::asks_for_invitations), else not looked at.
    pub fn invitation(self, typed: &'a str) -> Self {
        Self { invitation: typed, ..self }
    }

    /// Makes the account. Where mail is sent, neither the answer nor its time says whether there was one already: the mail
    /// does.
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn finish(self) -> Result<SignedUp, SignUpError> {
        let pool = self.pool;
        let tries = pool.limiter.sign_up_together(self.origin.client, pool.now());
        pool.tried_together(&tries).await.map_err(|refused| match refused {
            SharedTryError::Wait(wait) => SignUpError::TooManySignUps(wait),
            SharedTryError::Store(error) => SignUpError::Store(error),
        })?;
        let invitation = pool.check_invitation(self.invitation, self.origin.client).await?;
        if pool.sends_mail() {
            pool.limiter.ask_for_mail(self.origin.client).map_err(SignUpError::TooManyMails)?;
            let tries = pool.limiter.mail_together(self.origin.client, pool.now());
            pool.tried_together(&tries).await.map_err(|refused| match refused {
                SharedTryError::Wait(wait) => SignUpError::TooManyMails(wait),
                SharedTryError::Store(error) => SignUpError::Store(error),
            })?;
        }
        let argon2 =
            pool.passwords.hash(Visitor::Stranger(self.origin.client), self.password).await.map_err(|error| {
                tracing::warn!(%error, "a sign-up failed");
                SignUpError::Busy(error)
            })?;
        let began = Instant::now();
        let outcome = self.create(PasswordHashes { argon2: Some(argon2), bcrypt: None }, invitation).await;
        if pool.sends_mail() {
            sleep_until(began + ANSWER_AFTER).await;
        }
        outcome
    }

    async fn create(
        &self,
        password: PasswordHashes,
        invitation: Option<InvitationCode>,
    ) -> Result<SignedUp, SignUpError> {
        let (pool, mail) = (self.pool, self.pool.sends_mail());
        let is_taken = pool.has_other_spelling(&self.email).await?;
        let invitation = pool.use_invitation(invitation.as_ref()).await?;
        let created = match is_taken {
            true => Err(StoreError::EmailTaken),
            false => pool.parts.users.create(pool.new_user(self.email.clone(), password, !mail, false)).await,
        };
        match created {
            Ok(id) => {
                let client = self.origin.client;
                tracing::info!(user = %id, %client, "signed up");
                let by = invitation.map(|invitation| format!(", by invitation {invitation}")).unwrap_or_default();
                pool.note(id, AuditAction::AccountCreate, format!("from {client}{by}")).await;
                if !mail {
                    return Ok(SignedUp::Ready(id));
                }
                pool.note_invited(id, invitation).await?;
                if pool.may_mail_stranger(&self.email) {
                    pool.send_verification(id, &self.email).await?;
                }
            }
            // The invitation is used up here, too: whether it is must not say that there is such an account.
            Err(StoreError::EmailTaken) if mail => {
                if let Some(owner) = pool.user_of_typed_email(self.email.as_str()).await? {
                    pool.tell_of_account(&owner);
                }
            }
            Err(error) => {
                pool.return_invitation(invitation).await?;
                return Err(if error == StoreError::EmailTaken { SignUpError::EmailTaken } else { error.into() });
            }
        }
        Ok(SignedUp::CheckMail)
    }
}

//! What several pages do with accounts: ask for the password again, send tokens, and note what was done.

use std::sync::Arc;
use std::time::Duration;

use stakepool::accounts::revoke_all_access;
use stakepool_core::accounts::{Actor, Email, EmailState, PasswordCheck, SecretToken, TokenError, User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, Mail, StoreError, TokenPurpose};
use warp::http::StatusCode;

use crate::app::App;
use crate::client::ClientAddress;
use crate::limits::{MustWait, Try};
use crate::mail::letters;
use crate::options::WebOptions;
use crate::pages::error::Trouble;
use crate::visit::Visit;

/// How long an address may be verified.
const VERIFY_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// How long a password may be reset and a new address confirmed.
const CHANGE_WITHIN: Duration = Duration::from_secs(3600);

/// Why a password that was asked for again does not open the way.
#[derive(Debug)]
pub enum Denied {
    /// Too many failed tries.
    Wait(MustWait),
    /// It is wrong.
    Wrong,
    /// It could not be checked.
    Busy,
}

impl Denied {
    /// The status of the page that tells it.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Wrong => StatusCode::OK,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The reason, to stand behind what was not done.
    pub fn reason(&self) -> String {
        match self {
            Self::Wait(wait) => format!("too many failed tries; try again in {}", wait.in_words()),
            Self::Wrong => "the current password is wrong".to_owned(),
            Self::Busy => "the server could not check the password now; try again in a few seconds".to_owned(),
        }
    }
}

/// Checks the signed-in user's password once more, which the form brings as `password`.
///
/// # Errors
/// [`Denied`].
pub async fn confirm_password(visit: &Visit, user: &User) -> Result<(), Denied> {
    let app = &visit.app;
    let tried = app.limiter.confirmation(user.id).map_err(Denied::Wait)?;
    match app.passwords.check(visit.client, visit.form.text("password"), Some(&user.password)).await {
        Ok(PasswordCheck::Right | PasswordCheck::RightUpgraded(_)) => {
            app.limiter.succeeded(tried);
            Ok(())
        }
        Ok(PasswordCheck::Wrong) => Err(Denied::Wrong),
        Err(error) => {
            app.limiter.take_back(tried);
            tracing::warn!(%error, "a password could not be checked");
            Err(Denied::Busy)
        }
    }
}

/// Reads the token that a link or a form brings as `t`.
///
/// # Errors
/// [`TokenError`].
pub fn token_of(visit: &Visit) -> Result<SecretToken, TokenError> {
    SecretToken::parse(visit.form.text("t"))
}

/// Uses the token up that a form brings. Before anything is written it is looked at, and tokens that are none are
/// counted by client.
///
/// # Errors
/// [`Trouble`] where the client brought too many, or the store fails.
pub async fn take_token(visit: &Visit, purpose: TokenPurpose) -> Result<Option<(UserId, Option<Email>)>, Trouble> {
    let app = &visit.app;
    let Ok(token) = token_of(visit) else { return Ok(None) };
    let tried = app.count_stranger("links", visit.client).map_err(|_| Trouble::too_many_tries())?;
    if app.services.tokens.peek(purpose, &token.hash(), app.now()).await?.is_none() {
        return Ok(None);
    }
    app.limiter.succeeded(tried);
    Ok(app.services.tokens.take(purpose, &token.hash(), app.now()).await?)
}

impl App {
    /// Counts by client, as failed sign-ins are, that somebody does what names no account. `what` is told apart.
    ///
    /// # Errors
    /// [`MustWait`]; then nothing is counted.
    pub fn count_stranger(&self, what: &str, client: ClientAddress) -> Result<Try, MustWait> {
        // As an account that nobody else tries, so that none uses up what another may do.
        self.limiter.sign_in(&format!("{what} from {}", client.network()), client, None)
    }

    /// Ends the sessions of a user and makes every link in a mail to them worthless, as behind a new password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_all_access(&self, user: UserId) -> Result<(), StoreError> {
        revoke_all_access(self.services.sessions.as_ref(), self.services.access.as_ref(), user).await
    }

    /// Notes an act that matters to the safety of an account. The act is done already, so that a failure to note it is
    /// told to the operator and not to the user.
    pub async fn note(&self, user: UserId, action: AuditAction, detail: impl Into<String>) {
        self.note_of(Actor::User(user), user, action, detail.into()).await;
    }

    async fn note_of(&self, actor: Actor, user: UserId, action: AuditAction, detail: String) {
        let entry = AuditEntry::new(self.now(), actor, action, &user, detail);
        if let Err(error) = self.services.audit.append(&entry).await {
            tracing::error!(%error, %user, action = action.name(), "an act is missing in the audit log");
        }
    }

    /// Tells a user by mail what happened to the account, where mail is sent and the address is theirs.
    pub fn tell(&self, user: &User, what: &str) {
        if self.post.is_on() && user.email_state != EmailState::Unverified {
            self.post.send_later(letters::told(&self.options, user, what));
        }
    }

    /// Whether a user must verify the e-mail address before the account can be used.
    pub fn must_verify(&self, user: &User) -> bool {
        self.post.is_on() && user.email_state == EmailState::Unverified
    }

    /// Whether a user's account is open to whoever has the password alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lacks_second_factor(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(!self.services.second_factors.second_factor(user).await?.is_some_and(|factor| factor.confirmed))
    }

    /// Whether a user is an administrator who must have a second factor.
    pub fn needs_second_factor(&self, user: &User) -> bool {
        self.options.admin_totp && self.options.administration.is_administrator(user)
    }

    async fn make_token(
        &self,
        purpose: TokenPurpose,
        user: UserId,
        email: &Email,
        lasts: Duration,
    ) -> Result<SecretToken, StoreError> {
        let token = SecretToken::random(self.services.random.as_ref());
        let expires = self.now().plus(lasts);
        self.services.tokens.put(purpose, token.hash(), user, Some(email), expires).await?;
        Ok(token)
    }

    /// Makes a token and sends it.
    async fn send_token(
        &self,
        purpose: TokenPurpose,
        user: UserId,
        email: &Email,
        lasts: Duration,
        letter: fn(&WebOptions, &Email, &SecretToken) -> Mail,
    ) -> Result<(), StoreError> {
        let token = self.make_token(purpose, user, email, lasts).await?;
        self.post.send_later(letter(&self.options, email, &token));
        Ok(())
    }

    /// Sends a link with which a user shows that the e-mail address is theirs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn send_verification(&self, user: UserId, email: &Email) -> Result<(), StoreError> {
        self.send_token(TokenPurpose::VerifyEmail, user, email, VERIFY_WITHIN, letters::verify).await
    }

    /// Sends a link to a new e-mail address, and word of it to the old one. A taken address gets word of that only.
    /// `user` is as it was when the password was found right; where that has become another one, nothing is sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn send_email_change(&self, user: &User, new: &Email) -> Result<(), StoreError> {
        if self.services.users.by_email(new).await?.is_some() {
            self.post.send_later(letters::known_already(&self.options, new));
            return Ok(());
        }
        self.services.access.revoke_tokens(user.id, TokenPurpose::ChangeEmail).await?;
        let token = self.make_token(TokenPurpose::ChangeEmail, user.id, new, CHANGE_WITHIN).await?;
        // Looked at after the token is stored: a password that is changed later takes it away.
        let stored = self.services.users.by_id(user.id).await?;
        if stored.is_none_or(|stored| stored.password != user.password) {
            return self.services.access.revoke_tokens(user.id, TokenPurpose::ChangeEmail).await;
        }
        self.post.send_later(letters::change(&self.options, new, &token));
        if user.email_state != EmailState::Unverified {
            self.post.send_later(letters::change_asked(&self.options, &user.email));
        }
        Ok(())
    }

    async fn send_reset(&self, email: &Email, client: ClientAddress) -> Result<(), StoreError> {
        match self.services.users.by_email(email).await? {
            Some(user) if !user.disabled => {
                self.send_token(TokenPurpose::ResetPassword, user.id, &user.email, CHANGE_WITHIN, letters::reset)
                    .await?;
                // Whoever asks has shown nothing yet.
                self.note_of(Actor::Visitor, user.id, AuditAction::AccountResetAsk, format!("from {client}")).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn send_verification_again(&self, email: &Email) -> Result<(), StoreError> {
        match self.services.users.by_email(email).await? {
            Some(user) if user.email_state == EmailState::Unverified && !user.disabled => {
                self.send_verification(user.id, &user.email).await
            }
            _ => Ok(()),
        }
    }
}

/// Sends what was asked for to an address that may have an account or not. All of it happens behind the answer, which
/// therefore takes the same time for every address.
pub fn send_behind(app: &Arc<App>, what: TokenPurpose, email: Email, client: ClientAddress) {
    let app = app.clone();
    tokio::spawn(async move {
        let sent = match what {
            TokenPurpose::ResetPassword => app.send_reset(&email, client).await,
            TokenPurpose::VerifyEmail | TokenPurpose::ChangeEmail => app.send_verification_again(&email).await,
        };
        if let Err(error) = sent {
            tracing::error!(%error, "a mail that was asked for was not sent");
        }
    });
}

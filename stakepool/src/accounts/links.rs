//! Links in mails: a token in the store, and the letter that carries it.

use std::time::Duration;

use stakepool_core::accounts::{Email, EmailState, SecretToken, User, UserId};
use stakepool_core::ports::{Mail, StoreError, TokenPurpose};

use crate::accounts::revoke::revoke_all_access;
use crate::accounts::shared_tries::SharedTryError;
use crate::limits::origin::ClientAddress;
use crate::limits::subject::MailKind;
use crate::limits::wait::MustWait;
use crate::mail::letters;
use crate::pool::Pool;
use crate::terms::SiteIdentity;

/// How long an address may be verified.
const VERIFY_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// How long a password may be reset and a new address confirmed.
pub(super) const CHANGE_WITHIN: Duration = Duration::from_secs(3600);

/// Why a token was not used up.
pub(super) enum TakeError {
    Wait(MustWait),
    Store(StoreError),
}

impl From<StoreError> for TakeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Pool {
    /// Looks at the token of a link, which stays usable.
    pub(super) async fn peek_token(
        &self,
        purpose: TokenPurpose,
        token: &str,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        let Ok(token) = SecretToken::parse(token) else { return Ok(None) };
        self.parts.tokens.peek(purpose, &token.hash(), self.now()).await
    }

    /// Uses up the token of a link. Before anything is written it is looked at, and tokens that are none are counted by
    /// client.
    pub(super) async fn take_token(
        &self,
        purpose: TokenPurpose,
        token: &str,
        client: ClientAddress,
    ) -> Result<Option<(UserId, Option<Email>)>, TakeError> {
        let Ok(token) = SecretToken::parse(token) else { return Ok(None) };
        let tried = self.limiter.stranger("links", client).map_err(TakeError::Wait)?;
        let tried = self.count_together(tried).await.map_err(|refused| match refused {
            SharedTryError::Wait(wait) => TakeError::Wait(wait),
            SharedTryError::Store(error) => TakeError::Store(error),
        })?;
        let peeked = self.parts.tokens.peek(purpose, &token.hash(), self.now()).await;
        let (tried, peeked) = self.or_undo_together(tried, peeked).await?;
        if peeked.is_none() {
            return Ok(None);
        }
        self.succeeded_together(tried).await;
        Ok(self.parts.tokens.take(purpose, &token.hash(), self.now()).await?)
    }

    pub(super) async fn make_token(
        &self,
        purpose: TokenPurpose,
        user: UserId,
        email: &Email,
        lasts: Duration,
    ) -> Result<SecretToken, StoreError> {
        let token = SecretToken::random(self.parts.random.as_ref());
        let expires = self.now().plus(lasts);
        self.parts.tokens.put(purpose, token.hash(), user, Some(email), expires).await?;
        Ok(token)
    }

    /// Makes a token and mails it.
    pub(super) async fn send_token(
        &self,
        purpose: TokenPurpose,
        user: UserId,
        email: &Email,
        lasts: Duration,
        letter: fn(&SiteIdentity, &Email, &SecretToken) -> Mail,
    ) -> Result<(), StoreError> {
        let token = self.make_token(purpose, user, email, lasts).await?;
        self.outbox.send_later(user, letter(&self.settings.site, email, &token));
        Ok(())
    }

    /// Whether one more mail of a kind is sent to a user; it is counted. The answer to whoever asked for it must be the same.
    pub(super) fn may_mail(&self, kind: MailKind, user: &User) -> bool {
        let is_theirs = user.email_state != EmailState::Unverified;
        let few = self.limiter.mail(kind, user.id).is_ok() && (is_theirs || self.may_mail_stranger(&user.email));
        if !few {
            tracing::info!(user = %user.id, ?kind, "a mail that was asked for is not sent: there were too many");
        }
        few
    }

    /// Whether one more mail is sent to an address that nobody has shown to be theirs; it is counted.
    pub(super) fn may_mail_stranger(&self, address: &Email) -> bool {
        self.limiter.mail_to_unverified(address).is_ok()
    }

    /// Mails a user that somebody wanted to use the address of the account.
    pub(super) fn tell_of_account(&self, owner: &User) {
        if self.may_mail(MailKind::SignUp, owner) {
            self.outbox.send_later(owner.id, letters::known_already(&self.settings.site, &owner.email));
        }
    }

    /// Mails a link with which a user shows that the e-mail address is theirs.
    pub(crate) async fn send_verification(&self, user: UserId, email: &Email) -> Result<(), StoreError> {
        self.send_token(TokenPurpose::VerifyEmail, user, email, VERIFY_WITHIN, letters::verify).await
    }

    /// Ends the sessions of a user and makes every link in a mail to them worthless, as behind a new password.
    pub(super) async fn revoke_access(&self, user: &User) -> Result<(), StoreError> {
        revoke_all_access(self.parts.sessions.as_ref(), self.parts.access.as_ref(), user.id).await
    }
}

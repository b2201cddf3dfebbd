//! Showing that an e-mail address is one's own.

use std::sync::Arc;

use stakepool_core::accounts::EmailState;
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{StoreError, TokenPurpose};

use crate::accounts::links::TakeError;
use crate::limits::origin::{ClientAddress, Origin};
use crate::limits::subject::MailKind;
use crate::limits::wait::MustWait;
use crate::pool::Pool;

const PURPOSE: TokenPurpose = TokenPurpose::VerifyEmail;

/// A request for a new link that passed all that costs nothing. Where the front end asks a question against robots, here
/// is the place for it; then [`VerificationRequest::send`].
#[must_use]
pub struct VerificationRequest<'a> {
    pool: &'a Arc<Pool>,
    typed: String,
    client: ClientAddress,
}

/// Why an address is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The link was used, is too old, or was never one.
    #[error("the link was used, is too old, or was never one")]
    Stale,
    /// Too many wrong links from the client.
    #[error("too many wrong links; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TakeError> for VerifyError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Wait(wait) => Self::Wait(wait),
            TakeError::Store(error) => Self::Store(error),
        }
    }
}

impl Pool {
    /// Whether a link for verification works. Looking changes nothing: programs that look for harmful links open them, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn can_verify_email(&self, token: &str) -> Result<bool, StoreError> {
        Ok(self.peek_token(PURPOSE, token).await?.is_some())
    }

    /// Verifies the address to which the token was sent, and uses the token up.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify_email(&self, token: &str, origin: &Origin) -> Result<(), VerifyError> {
        let (id, email) = self.take_token(PURPOSE, token, origin.client).await?.ok_or(VerifyError::Stale)?;
        let user = self.parts.users.by_id(id).await?;
        // The link shows that one address can be read, and no other.
        let user = user.filter(|user| email.is_none_or(|email| email == user.email)).ok_or(VerifyError::Stale)?;
        self.change_user(user.id, |user| user.email_state = EmailState::Verified).await.map_err(
            |error| match error {
                // The account was removed in this very moment.
                StoreError::NotFound(_) => VerifyError::Stale,
                error => VerifyError::Store(error),
            },
        )?;
        self.parts.access.revoke_tokens(user.id, PURPOSE).await?;
        self.forget_invitation(user.id).await?;
        self.note(user.id, AuditAction::AccountVerify, "").await;
        tracing::info!(user = %user.id, client = %origin.client, "e-mail address verified");
        Ok(())
    }

    /// Looks at a request for a new link to an address that may have an account or not.
    ///
    /// # Errors
    /// [`MustWait`] where too many came from the client.
    pub fn ask_verification<'a>(
        self: &'a Arc<Self>,
        typed: &str,
        origin: &Origin,
    ) -> Result<VerificationRequest<'a>, MustWait> {
        self.limiter.stranger("verifications", origin.client).map(drop)?;
        Ok(VerificationRequest { pool: self, typed: typed.to_owned(), client: origin.client })
    }

    /// As [`Pool::ask_verification`] and [`VerificationRequest::send`], for a front end that asks no question against robots.
    ///
    /// # Errors
    /// [`MustWait`] where too many mails were asked for.
    pub fn resend_verification(self: &Arc<Self>, typed: &str, origin: &Origin) -> Result<(), MustWait> {
        self.ask_verification(typed, origin)?.send()
    }

    async fn send_verification_again(&self, typed: &str, client: ClientAddress) -> Result<(), StoreError> {
        if !self.may_ask_for_mail_together(client).await? {
            return Ok(());
        }
        match self.user_of_typed_email(typed).await? {
            Some(user)
                if user.email_state == EmailState::Unverified
                    && !user.disabled
                    && self.may_mail(MailKind::Verification, &user) =>
            {
                self.send_verification(user.id, &user.email).await
            }
            _ => Ok(()),
        }
    }
}

impl VerificationRequest<'_> {
    /// Sends the mail, if there is such an account, it is not verified, and it got few of them. All of it happens behind the
    /// answer, which is therefore the same, and takes the same time, for every address.
    ///
    /// # Errors
    /// [`MustWait`] where the client asked for too many mails.
    pub fn send(self) -> Result<(), MustWait> {
        self.pool.limiter.ask_for_mail(self.client)?;
        let (pool, typed, client) = (Arc::clone(self.pool), self.typed, self.client);
        tokio::spawn(async move {
            if let Err(error) = pool.send_verification_again(&typed, client).await {
                tracing::error!(%error, "a mail that was asked for was not sent");
            }
        });
        Ok(())
    }
}

//! Another e-mail address.

use std::sync::Arc;

use stakepool_core::accounts::{Email, EmailError, EmailState, User};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{StoreError, TokenPurpose};

use crate::accounts::confirm::{Confirmation, Denied};
use crate::accounts::links::{CHANGE_WITHIN, TakeError};
use crate::accounts::revoke::revoke_all_tokens;
use crate::limits::origin::Origin;
use crate::limits::subject::MailKind;
use crate::limits::wait::MustWait;
use crate::mail::letters;
use crate::pool::Pool;

const PURPOSE: TokenPurpose = TokenPurpose::ChangeEmail;

/// What came of the wish for another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChange {
    /// A link is on its way to the new address, unless it has an account, which the answer must not say.
    Asked,
    /// The address is changed: no mail is sent.
    Changed,
}

/// Why the address stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// The new address.
    #[error(transparent)]
    Email(#[from] EmailError),
    /// It is the account's already.
    #[error("this is your address already")]
    Same,
    /// The password.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Too many mails were asked for or, where none is sent, too many addresses were tried.
    #[error("too many tries; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// There is an account with the address. Said only where no mail is sent.
    #[error("there is an account with the new address already")]
    Taken,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a link does not change the address.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailError {
    /// The link was used, is too old, or was never one.
    #[error("the link was used, is too old, or was never one")]
    Stale,
    /// Too many wrong links from the client.
    #[error("too many wrong links; try again in {}", .0.in_words())]
    Wait(MustWait),
    /// An account with the address was made meanwhile.
    #[error("there is an account with the new address already")]
    Taken,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TakeError> for ConfirmEmailError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Wait(wait) => Self::Wait(wait),
            TakeError::Store(error) => Self::Store(error),
        }
    }
}

impl Pool {
    /// Mails a link to the new address of a signed-in user or, where no mail is sent, changes it at once.
    ///
    /// # Errors
    /// [`ChangeEmailError`].
    pub async fn change_email(
        self: &Arc<Self>,
        user: &User,
        typed: &str,
        confirmation: impl Into<Confirmation<'_>>,
        origin: &Origin,
    ) -> Result<EmailChange, ChangeEmailError> {
        let new = Email::parse(typed)?;
        if new == user.email {
            return Err(ChangeEmailError::Same);
        }
        let confirmation = confirmation.into();
        self.confirm_password(user, confirmation.password, origin.client).await?;
        // Where no mail is sent the answer tells whether an address has an account, which must not be asked for many.
        let limiter = &self.limiter;
        limiter
            .ask_for_mail(origin.client)
            .and_then(|()| limiter.mail(MailKind::Change, user.id))
            .map_err(ChangeEmailError::Wait)?;
        if !self.sends_mail() && self.other_holder(user, &new).await?.is_some() {
            return Err(ChangeEmailError::Taken);
        }
        self.confirm_code(user, confirmation.code, origin.client).await?;
        if !self.sends_mail() {
            return self.change_email_now(user, new).await;
        }
        // Behind the answer, so that its time does not tell whether the address has an account.
        let (behind, account, address) = (Arc::clone(self), user.clone(), new.clone());
        tokio::spawn(async move {
            if let Err(error) = behind.send_email_change(&account, &address).await {
                tracing::error!(user = %account.id, %error, "a change of address could not be begun");
            }
        });
        self.note(user.id, AuditAction::AccountEmailAsk, format!("{new} from {}", origin.client)).await;
        Ok(EmailChange::Asked)
    }

    async fn change_email_now(&self, user: &User, new: Email) -> Result<EmailChange, ChangeEmailError> {
        match self.change_user(user.id, |user| user.email = new.clone()).await {
            Err(StoreError::EmailTaken) => return Err(ChangeEmailError::Taken),
            changed => drop(changed?),
        }
        self.note(user.id, AuditAction::AccountEmail, format!("{} to {new}", user.email)).await;
        Ok(EmailChange::Changed)
    }

    /// Somebody else who has an address, in whichever spelling.
    async fn other_holder(&self, user: &User, new: &Email) -> Result<Option<User>, StoreError> {
        Ok(self.user_of_typed_email(new.as_str()).await?.filter(|holder| holder.id != user.id))
    }

    /// Sends a link to a new e-mail address, and word of it to the old one. A taken address gets word of that only.
    /// `user` is as it was when the password was found right; where that has become another one, nothing is sent.
    async fn send_email_change(&self, user: &User, new: &Email) -> Result<(), StoreError> {
        let (site, access) = (&self.settings.site, &self.parts.access);
        if let Some(holder) = self.other_holder(user, new).await? {
            self.tell_of_account(&holder);
            return Ok(());
        }
        if !self.may_mail_stranger(new) {
            tracing::info!(user = %user.id, "a change of address is not begun: the new one got too many mails today");
            return Ok(());
        }
        access.revoke_tokens(user.id, PURPOSE).await?;
        let token = self.make_token(PURPOSE, user.id, new, CHANGE_WITHIN).await?;
        // Looked at after the token is stored: a password that is changed later takes it away.
        let stored = self.parts.users.by_id(user.id).await?;
        if stored.is_none_or(|stored| stored.password != user.password) {
            return access.revoke_tokens(user.id, PURPOSE).await;
        }
        self.outbox.send_later(user.id, letters::change(site, new, &token));
        if user.email_state != EmailState::Unverified {
            self.outbox.send_later(user.id, letters::change_asked(site, &user.email));
        }
        Ok(())
    }

    /// The new address that a link would confirm. The link stays usable.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn pending_email(&self, token: &str) -> Result<Option<Email>, StoreError> {
        Ok(self.peek_token(PURPOSE, token).await?.and_then(|(_, email)| email))
    }

    /// Changes the address to the one to which the token was sent, and uses the token up.
    ///
    /// # Errors
    /// [`ConfirmEmailError`].
    pub async fn confirm_email(&self, token: &str, origin: &Origin) -> Result<(), ConfirmEmailError> {
        let taken = self.take_token(PURPOSE, token, origin.client).await?;
        let Some((id, Some(email))) = taken else { return Err(ConfirmEmailError::Stale) };
        let before = self.parts.users.by_id(id).await?.filter(|user| !user.disabled).ok_or(ConfirmEmailError::Stale)?;
        let change = |user: &mut User| {
            user.email = email.clone();
            user.email_state = EmailState::Verified;
        };
        match self.change_user(id, change).await {
            Err(StoreError::EmailTaken) => return Err(ConfirmEmailError::Taken),
            changed => drop(changed?),
        }
        // What was sent to the old address opens the account no longer.
        revoke_all_tokens(self.parts.access.as_ref(), id).await?;
        if before.email_state != EmailState::Unverified {
            self.outbox.send_later(id, letters::changed(&self.settings.site, &before.email, &email));
        }
        self.note(id, AuditAction::AccountEmail, format!("{} to {email}", before.email)).await;
        tracing::info!(user = %id, client = %origin.client, "e-mail address changed");
        Ok(())
    }
}

//! What an administrator may do about a user. Nothing here touches live tickets: they are voted whatever becomes of the
//! account. Every act is noted in the audit log.

use stakepool_core::accounts::{Actor, Email, PasswordHashes, User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, SessionToken, StoreError, UserOverview};

use crate::accounts::Origin;
use crate::administration::rescue::AccountRescue;
use crate::pool::Pool;

/// Why nothing was done with a user.
#[derive(Debug, thiserror::Error)]
pub enum AdministerError {
    /// An administrator's own account is another administrator's to disable.
    #[error("you cannot disable your own account: ask another administrator")]
    OwnAccount,
    /// An administrator's own second factor is turned off in the settings, with the password: an open browser is not
    /// enough for it.
    #[error("you cannot take away your own second factor here: turn it off in the settings, with your password")]
    OwnSecondFactor,
    /// The user has none.
    #[error("this user has no second factor")]
    NoSecondFactor,
    /// The address is verified, or the pool sends no mail.
    #[error("there is nothing to verify")]
    NothingToVerify,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Makes a user on behalf of the operator: verified, and without a mail. The caller has looked at the password.
    ///
    /// # Errors
    /// [`StoreError::EmailTaken`], or another [`StoreError`].
    pub async fn create_user(
        &self,
        by: Actor,
        email: Email,
        password: PasswordHashes,
        admin: bool,
    ) -> Result<UserId, StoreError> {
        let role = if admin { "administrator" } else { "user" };
        let detail = format!("{role} {email}");
        let id = self.parts.users.create(self.new_user(email, password, true, admin)).await?;
        self.parts.audit.append(&AuditEntry::new(self.now(), by, AuditAction::UserCreate, &id, detail)).await?;
        Ok(id)
    }

    /// All that an administrator sees of a user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_overview(&self, id: UserId) -> Result<Option<UserOverview>, StoreError> {
        self.parts.admin.user_overview(id, self.now()).await
    }

    /// Disables an account and ends its sessions. Its live tickets are voted all the same.
    ///
    /// # Errors
    /// [`AdministerError`].
    pub async fn disable_user(&self, by: UserId, user: &User, origin: &Origin) -> Result<(), AdministerError> {
        if user.id == by {
            return Err(AdministerError::OwnAccount);
        }
        self.change_user(user.id, |user| user.disabled = true).await?;
        self.parts.sessions.end_all(user.id, None).await?;
        Ok(self.note_act(by, AuditAction::UserDisable, user, origin).await?)
    }

    /// Enables an account again.
    ///
    /// # Errors
    /// [`AdministerError::Store`].
    pub async fn enable_user(&self, by: UserId, user: &User, origin: &Origin) -> Result<(), AdministerError> {
        self.change_user(user.id, |user| user.disabled = false).await?;
        Ok(self.note_act(by, AuditAction::UserEnable, user, origin).await?)
    }

    /// Ends all sessions of a user; of the administrator's own all but the one that is used.
    ///
    /// # Errors
    /// [`AdministerError::Store`].
    pub async fn end_sessions_of(
        &self,
        by: UserId,
        user: &User,
        session: Option<&SessionToken>,
        origin: &Origin,
    ) -> Result<(), AdministerError> {
        self.parts.sessions.end_all(user.id, session.filter(|_| user.id == by)).await?;
        Ok(self.note_act(by, AuditAction::UserEndSessions, user, origin).await?)
    }

    /// Mails a new link for verification to a user whose address is not verified.
    ///
    /// # Errors
    /// [`AdministerError`].
    pub async fn resend_verification_to(
        &self,
        by: UserId,
        user: &User,
        origin: &Origin,
    ) -> Result<(), AdministerError> {
        if !self.must_verify(user) {
            return Err(AdministerError::NothingToVerify);
        }
        self.send_verification(user.id, &user.email).await?;
        Ok(self.note_act(by, AuditAction::UserResendVerification, user, origin).await?)
    }

    /// Takes the second factor of a user away who lost the device, and tells the user by mail.
    ///
    /// # Errors
    /// [`AdministerError`].
    pub async fn remove_second_factor_of(
        &self,
        by: UserId,
        user: &User,
        origin: &Origin,
    ) -> Result<(), AdministerError> {
        if user.id == by {
            return Err(AdministerError::OwnSecondFactor);
        }
        if !self.rescue(Actor::User(by)).remove_second_factor(user).await? {
            return Err(AdministerError::NoSecondFactor);
        }
        let client = origin.client;
        tracing::info!(user = %by, %client, subject = %user.id, "an administrator removed a second factor");
        self.mail_change(user, "The second factor of your account was taken away by the operator of the pool.");
        Ok(())
    }

    /// What the operator does for a user who cannot get into an account.
    pub fn rescue(&self, by: Actor) -> AccountRescue<'_> {
        let parts = &self.parts;
        AccountRescue {
            users: parts.users.as_ref(),
            sessions: parts.sessions.as_ref(),
            access: parts.access.as_ref(),
            factors: parts.second_factors.as_ref(),
            audit: parts.audit.as_ref(),
            by,
            now: self.now(),
        }
    }

    async fn note_act(&self, by: UserId, action: AuditAction, user: &User, origin: &Origin) -> Result<(), StoreError> {
        let (client, name) = (origin.client, action.name());
        tracing::info!(user = %by, %client, action = name, subject = %user.id, "an administrator acted");
        let entry = AuditEntry::new(self.now(), Actor::User(by), action, &user.id, user.email.to_string());
        self.parts.audit.append(&entry).await
    }
}

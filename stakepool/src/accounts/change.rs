//! Reading and changing users, and the notes and mails that follow.

use std::sync::Arc;

use stakepool_core::accounts::{Actor, EmailState, PasswordHashes, User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, StoreError};
use tokio::time::Instant;

use crate::mail::letters;
use crate::pool::Pool;

/// A user before and after a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// As the store had it.
    pub before: User,
    /// As the store has it now.
    pub after: User,
}

impl Pool {
    /// A user, at most a second old. As long as it is the same reading, the `Arc` is the same.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(&self, id: UserId) -> Result<Option<Arc<User>>, StoreError> {
        if let Some(user) = self.users.get(id) {
            return Ok(user);
        }
        let read_at = Instant::now();
        let user = self.parts.users.by_id(id).await?.map(Arc::new);
        self.users.put(id, read_at, user.clone());
        Ok(user)
    }

    /// Changes a user. The change is made on the user as the store has it now; where somebody else changes the same
    /// field at the same moment, it is made once more on what they left. A change that changes nothing is not written.
    pub(crate) async fn change_user(&self, id: UserId, change: impl Fn(&mut User)) -> Result<User, StoreError> {
        let change = |user: &mut User| {
            change(user);
            Ok(())
        };
        self.try_change_user(id, change).await.map(|changed| changed.after)
    }

    /// As [`Pool::change_user`], with a change that may refuse.
    pub(crate) async fn try_change_user(
        &self,
        id: UserId,
        change: impl Fn(&mut User) -> Result<(), StoreError>,
    ) -> Result<Changed, StoreError> {
        let mut tries = 0;
        loop {
            let before = self.parts.users.by_id(id).await?.ok_or(StoreError::NotFound("user"))?;
            let mut after = before.clone();
            change(&mut after)?;
            if after == before {
                return Ok(Changed { before, after });
            }
            let stored = self.parts.users.update(&before, &after).await;
            self.users.forget(id);
            tries += 1;
            match stored {
                Ok(()) => return Ok(Changed { before, after }),
                Err(StoreError::Conflict(_)) if tries < 3 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Replaces a user's password, whose hashes were `verified` when it was asked for, by `new`. [`StoreError::Conflict`]
    /// where it was changed since.
    pub(crate) async fn set_password(
        &self,
        id: UserId,
        verified: &PasswordHashes,
        new: &PasswordHashes,
    ) -> Result<(), StoreError> {
        let set = |user: &mut User| {
            if user.password != *verified {
                return Err(StoreError::Conflict("password"));
            }
            user.password.clone_from(new);
            Ok(())
        };
        self.try_change_user(id, set).await.map(drop)
    }

    /// Notes an act that matters to the safety of an account. The act is done already, so that a failure to note it is
    /// logged for the operator and hidden from the user.
    pub(crate) async fn note(&self, user: UserId, action: AuditAction, detail: impl Into<String>) {
        self.note_of(Actor::User(user), user, action, detail.into()).await;
    }

    /// As [`Pool::note`], of an act by somebody else.
    pub(crate) async fn note_of(&self, actor: Actor, user: UserId, action: AuditAction, detail: String) {
        let entry = AuditEntry::new(self.now(), actor, action, &user, detail);
        if let Err(error) = self.parts.audit.append(&entry).await {
            tracing::error!(%error, %user, action = action.name(), "an act is missing in the audit log");
        }
    }

    /// Mails a user what happened to the account, where mail is sent and the address is theirs.
    pub(crate) fn mail_change(&self, user: &User, what: &str) {
        if self.outbox.is_on() && user.email_state != EmailState::Unverified {
            self.outbox.send_later(user.id, letters::account_changed(&self.settings.site, user, what));
        }
    }

    /// Whether a user must verify the e-mail address before the account can be used.
    pub fn must_verify(&self, user: &User) -> bool {
        self.outbox.is_on() && user.email_state == EmailState::Unverified
    }

    /// Whether the password alone opens a user's account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lacks_second_factor(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(!self.parts.second_factors.second_factor(user).await?.is_some_and(|factor| factor.confirmed))
    }

    /// Whether a user is an administrator who must have a second factor.
    pub fn needs_second_factor(&self, user: &User) -> bool {
        self.settings.admin_second_factor && self.settings.administers(user)
    }
}

//! Invitations to sign up. Where the pool asks for one, nobody else makes an account: key indexes are few, and each is given
//! for good.

use std::time::Duration;

use stakepool_core::accounts::{Actor, InvitationCode};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{AuditEntry, Invitation, InvitationId, Listed, NewInvitation, Slice, StoreError};
use stakepool_core::sanitize::is_hidden;
use stakepool_core::time::UnixTime;

use crate::pool::Pool;

/// Most characters of a note.
const MOST_NOTE: usize = 100;
/// Most accounts that may be made with one invitation.
const MOST_USES: u32 = 10_000;
/// The longest time that one lasts, in days: a year.
const MOST_DAYS: u32 = 366;

/// What an invitation is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationWish<'a> {
    /// For whom it is, for people; may be empty.
    pub note: &'a str,
    /// How many accounts may be made with it.
    pub uses: u32,
    /// How long it lasts, in days.
    pub days: u32,
}

/// An invitation that was made.
#[derive(Debug)]
pub struct Invited {
    /// Its number.
    pub id: InvitationId,
    /// Its code, which is shown now and never again.
    pub code: InvitationCode,
    /// When it ends.
    pub expires: UnixTime,
}

/// Why no invitation was made.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// The number of uses.
    #[error("an invitation may be used from 1 to {MOST_USES} times")]
    Uses,
    /// The time.
    #[error("an invitation may last from 1 to {MOST_DAYS} days")]
    Days,
    /// The note.
    #[error("a note may have {MOST_NOTE} characters at most, on one line, and none that is not seen")]
    Note,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Makes an invitation.
    ///
    /// # Errors
    /// [`InviteError`].
    pub async fn invite(&self, by: Actor, wish: &InvitationWish<'_>) -> Result<Invited, InviteError> {
        let InvitationWish { note, uses, days } = *wish;
        let note = note.trim();
        if !(1..=MOST_USES).contains(&uses) {
            return Err(InviteError::Uses);
        }
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(InviteError::Days);
        }
        if note.chars().count() > MOST_NOTE || note.chars().any(|c| c.is_control() || is_hidden(c)) {
            return Err(InviteError::Note);
        }
        let code = InvitationCode::random(self.parts.random.as_ref());
        let now = self.now();
        let expires = now.plus(Duration::from_secs(24 * 3600 * u64::from(days)));
        let (code_hash, made_by, note) = (code.hash(), by.to_string(), note.to_owned());
        let invitation = NewInvitation { code_hash, made_by, note, uses, created: now, expires };
        let id = self.parts.invitations.add_invitation(&invitation).await?;
        let detail = format!("{uses} uses until {}; {}", expires.readable(), invitation.note);
        self.note_invitation(by, AuditAction::InvitationCreate, id, detail.trim_end_matches("; ")).await?;
        Ok(Invited { id, code, expires })
    }

    /// Ends an invitation. False where it had ended, was used up, or was never made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_invitation(&self, by: Actor, id: InvitationId) -> Result<bool, StoreError> {
        let revoked = self.parts.invitations.revoke_invitation(id, self.now()).await?;
        if revoked {
            self.note_invitation(by, AuditAction::InvitationRevoke, id, "").await?;
        }
        Ok(revoked)
    }

    /// Invitations, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitations(&self, slice: Slice) -> Result<Listed<Invitation>, StoreError> {
        self.parts.invitations.invitations(slice).await
    }

    async fn note_invitation(
        &self,
        by: Actor,
        action: AuditAction,
        id: InvitationId,
        detail: &str,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry::new(self.now(), by, action, &format!("invitation {id}"), detail);
        self.parts.audit.append(&entry).await
    }
}

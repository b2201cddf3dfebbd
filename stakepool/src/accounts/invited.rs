//! Whether a sign-up has the invitation that the pool asks for.

use stakepool_core::accounts::{InvitationCode, UserId};
use stakepool_core::ports::{InvitationId, StoreError};

use crate::accounts::shared_tries::SharedTryError;
use crate::accounts::sign_up::SignUpError;
use crate::limits::origin::ClientAddress;
use crate::pool::Pool;

/// What wrong codes of a client are counted as.
const WHAT: &str = "invitations";

impl Pool {
    /// Whether an account is only made for who has an invitation.
    pub fn asks_for_invitations(&self) -> bool {
        *self.settings.invitations_required.get()
    }

    /// The code of an open invitation, where the pool asks for one. Wrong codes are counted by client.
    pub(super) async fn check_invitation(
        &self,
        typed: &str,
        client: ClientAddress,
    ) -> Result<Option<InvitationCode>, SignUpError> {
        if !self.asks_for_invitations() {
            return Ok(None);
        }
        if typed.trim().is_empty() {
            return Err(SignUpError::NoInvitation);
        }
        let tried = self.limiter.stranger(WHAT, client).map_err(SignUpError::TooManyInvitations)?;
        let tried = self.count_together(tried).await.map_err(|refused| match refused {
            SharedTryError::Wait(wait) => SignUpError::TooManyInvitations(wait),
            SharedTryError::Store(error) => SignUpError::Store(error),
        })?;
        let code = InvitationCode::parse(typed).ok_or(SignUpError::WrongInvitation)?;
        let open = self.parts.invitations.open_invitation(&code.hash(), self.now()).await;
        let (tried, open) = self.or_undo_together(tried, open).await?;
        match open {
            Some(_) => self.succeeded_together(tried).await,
            None => return Err(SignUpError::WrongInvitation),
        }
        Ok(Some(code))
    }

    /// Uses the invitation of a code, where there is one.
    pub(super) async fn use_invitation(
        &self,
        code: Option<&InvitationCode>,
    ) -> Result<Option<InvitationId>, SignUpError> {
        let Some(code) = code else { return Ok(None) };
        let used = self.parts.invitations.use_invitation(&code.hash(), self.now()).await?;
        used.map(Some).ok_or(SignUpError::WrongInvitation)
    }

    /// Notes by which invitation an account was made, for as long as it may be removed because nobody verified its address.
    pub(super) async fn note_invited(&self, user: UserId, invitation: Option<InvitationId>) -> Result<(), StoreError> {
        match invitation {
            Some(id) => self.parts.upkeep.set_note(&note_of(user), &id.to_string()).await,
            None => Ok(()),
        }
    }

    /// Forgets by which invitation an account was made: it stays.
    pub(super) async fn forget_invitation(&self, user: UserId) -> Result<(), StoreError> {
        self.parts.upkeep.forget_note(&note_of(user)).await
    }

    /// Takes the use of an invitation back whose account was removed because nobody verified its address.
    pub(super) async fn return_invitation_of(&self, user: UserId) -> Result<(), StoreError> {
        let name = note_of(user);
        let notes = self.parts.upkeep.notes(&name).await?;
        // The names of other users' notes may begin alike.
        let Some((_, noted)) = notes.into_iter().find(|(noted, _)| *noted == name) else { return Ok(()) };
        self.return_invitation(noted.parse().ok().map(InvitationId)).await?;
        self.parts.upkeep.forget_note(&name).await
    }

    /// Takes the use of an invitation back: no account came of it.
    pub(super) async fn return_invitation(&self, invitation: Option<InvitationId>) -> Result<(), StoreError> {
        match invitation {
            Some(id) => self.parts.invitations.return_invitation(id).await,
            None => Ok(()),
        }
    }
}

/// The name of the note by which invitation an account was made.
fn note_of(user: UserId) -> String {
    format!("invited/{user}")
}

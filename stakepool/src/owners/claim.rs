//! Tickets of wallets of today that users have claimed: these count as theirs in lists, files and mails.

use std::collections::HashMap;

use stakepool_core::accounts::{User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{Claim, RegisteredTicket, StoreError};

use super::error::OwnershipError;
use super::show::Answered;
use crate::limits::origin::ClientAddress;
use crate::pool::Pool;

/// Why a ticket is not claimed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// It is not shown to be the user's.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// Another account has it.
    #[error("another account has this ticket: sign in there and release it first")]
    OfAnother,
}

impl From<StoreError> for ClaimError {
    fn from(error: StoreError) -> Self {
        Self::Ownership(error.into())
    }
}

/// A claim, and how its ticket stands. No key is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedTicket {
    /// The claim.
    pub claim: Claim,
    /// The ticket; `None` where it is registered no more.
    pub ticket: Option<RegisteredTicket>,
}

impl Pool {
    /// Has a ticket be a user's who has signed the text for it, until the user releases it or closes the account. Done twice, it
    /// comes to the same.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn claim_ticket(
        &self,
        user: &User,
        answered: Answered<'_>,
        client: ClientAddress,
    ) -> Result<(), ClaimError> {
        let ticket = self.signed_for(answered, client).await?.registration.ticket;
        let claim = Claim { ticket, user: user.id, made: self.now() };
        if self.parts().claims.add_claim(&claim).await? {
            self.note(user.id, AuditAction::AccountTicketClaim, ticket.to_string()).await;
            return Ok(());
        }
        let holders = self.parts().claims.claims_among(&[ticket]).await?;
        if holders.iter().any(|holder| holder.user == user.id) { Ok(()) } else { Err(ClaimError::OfAnother) }
    }

    /// Takes back a user's claim. False where the user has none on the ticket.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_ticket(&self, user: &User, ticket: &TicketHash) -> Result<bool, StoreError> {
        let is_released = self.parts().claims.release_claim(ticket, user.id).await?;
        if is_released {
            self.note(user.id, AuditAction::AccountTicketRelease, ticket.to_string()).await;
        }
        Ok(is_released)
    }

    /// The tickets that a user has claimed, the last claimed first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claimed_tickets(&self, user: UserId) -> Result<Vec<ClaimedTicket>, StoreError> {
        let claims = self.parts().claims.claims_of(user).await?;
        let hashes: Vec<_> = claims.iter().map(|claim| claim.ticket).collect();
        let known = self.parts().vsp_tickets.registered_among(&hashes).await?;
        let without_keys = |ticket| RegisteredTicket { voting_key: None, payment: None, ..ticket };
        let mut known: HashMap<_, _> =
            known.into_iter().map(|ticket| (ticket.registration.ticket, without_keys(ticket))).collect();
        Ok(claims.into_iter().map(|claim| ClaimedTicket { ticket: known.remove(&claim.ticket), claim }).collect())
    }
}

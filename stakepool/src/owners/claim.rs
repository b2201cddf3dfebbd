//! Tickets of wallets of today that users have claimed: these count as theirs in lists, files and mails.

use std::collections::HashMap;

use stakepool_core::accounts::{User, UserId};
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{Claim, RegisteredTicket, StoreError};

use super::challenge::Purpose;
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
    /// Another account got it after the text was made.
    #[error("another account has added this ticket since the text was made: sign a new text, which takes it over")]
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
    /// Has a ticket be a user's who has signed the text for [`Purpose::Claim`], until the user releases it, closes the account, or
    /// somebody signs a later text for another account. Done twice, it comes to the same.
    ///
    /// # Errors
    /// [`ClaimError`].
    pub async fn claim_ticket(
        &self,
        user: &User,
        answered: Answered<'_>,
        client: ClientAddress,
    ) -> Result<(), ClaimError> {
        let ticket = self.signed_for(answered, Purpose::Claim(user.id), client).await?.registration.ticket;
        let claim = Claim { ticket, user: user.id, made: self.now() };
        if !self.parts().claims.add_claim(&claim).await? {
            let holders = self.parts().claims.claims_among(&[ticket]).await?;
            if holders.iter().any(|holder| holder.user == user.id) {
                return Ok(());
            }
            // A text from before the claim could be one that its holder was made to sign, and would undo it again and again.
            if holders.iter().any(|holder| holder.made >= answered.made) {
                return Err(ClaimError::OfAnother);
            }
            for holder in holders {
                self.displace(&holder, user.id).await?;
            }
            if !self.parts().claims.add_claim(&claim).await? {
                return Err(ClaimError::OfAnother);
            }
        }
        self.note(user.id, AuditAction::AccountTicketClaim, ticket.to_string()).await;
        Ok(())
    }

    /// Takes a ticket out of the account of a former holder; the audit log notes it there.
    async fn displace(&self, former: &Claim, by: UserId) -> Result<(), StoreError> {
        if self.parts().claims.release_claim(&former.ticket, former.user).await? {
            let detail = format!("{}, which its owner signed over to account {by}", former.ticket);
            self.note(former.user, AuditAction::AccountTicketRelease, detail).await;
        }
        Ok(())
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

    /// Whether a user has claimed a ticket.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_claims(&self, user: UserId) -> Result<bool, StoreError> {
        Ok(!self.parts().claims.claims_of(user).await?.is_empty())
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

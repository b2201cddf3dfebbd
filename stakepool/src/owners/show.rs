//! Showing a ticket to whoever signs for it.

use stakepool_core::chain::{Address, TicketHash};
use stakepool_core::ports::RegisteredTicket;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{RecordKind, authenticate};

use super::challenge::{Challenge, Purpose, is_fresh};
use super::error::OwnershipError;
use crate::limits::origin::ClientAddress;
use crate::pool::Pool;
use crate::signed::Signer;

/// What texts of this room are signed for.
const ROOM: &str = "ticket of a wallet of today";

/// A ticket as its owner sees it. No key is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedTicket {
    /// The ticket.
    pub ticket: RegisteredTicket,
    /// What was signed for it on both sides, the oldest first: of which kind, and the time that the request says.
    pub signed: Vec<(RecordKind, UnixTime)>,
}

/// A text with its signature, as it comes from a browser.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The ticket.
    pub ticket: TicketHash,
    /// When the text was made.
    pub made: UnixTime,
    /// A secret that only this browser has.
    pub browser: &'a str,
    /// What the wallet's `signmessage` gave.
    pub signature: &'a str,
}

impl Pool {
    /// The text that the owner of a ticket signs for a purpose in a browser, which has a secret of its own.
    pub fn ownership_challenge(
        &self,
        purpose: Purpose,
        ticket: TicketHash,
        made: UnixTime,
        browser: &str,
    ) -> Challenge {
        Challenge::new(&self.owners_signer(), &self.site().base_url, purpose, ticket, made, browser)
    }

    /// The address of a ticket's owner, which is on the chain. Another one that may sign, too, no stranger is told.
    ///
    /// # Errors
    /// [`OwnershipError`] where it is not registered.
    pub async fn may_sign_for(&self, ticket: &TicketHash) -> Result<Address, OwnershipError> {
        Ok(self.registered_by_wallet(ticket).await?.registration.owner)
    }

    /// Shows a ticket to whoever has signed the text for [`Purpose::Show`]. Wrong signatures count as failed sign-ins do.
    ///
    /// # Errors
    /// [`OwnershipError`].
    pub async fn show_to_owner(
        &self,
        answered: Answered<'_>,
        client: ClientAddress,
    ) -> Result<OwnedTicket, OwnershipError> {
        let known = self.signed_for(answered, Purpose::Show, client).await?;
        self.as_owner_sees(known).await
    }

    /// The ticket of a text that whoever may do so has signed for a purpose.
    pub(super) async fn signed_for(
        &self,
        answered: Answered<'_>,
        purpose: Purpose,
        client: ClientAddress,
    ) -> Result<RegisteredTicket, OwnershipError> {
        let tried = self.limiter.stranger("ticket signature", client)?;
        let Answered { ticket, made, browser, signature } = answered;
        let known = match self.registered_by_wallet(&ticket).await {
            Ok(known) => known,
            Err(error) => {
                if let OwnershipError::Store(_) = error {
                    self.limiter.undo(tried);
                }
                return Err(error);
            }
        };
        if !is_fresh(made, self.now()) {
            // No signature was looked at, and none of the tries before is forgiven.
            self.limiter.undo(tried);
            return Err(OwnershipError::Stale);
        }
        let challenge = self.ownership_challenge(purpose, ticket, made, browser);
        let (owner, alternate) = (known.registration.owner, known.registration.alternate);
        authenticate(challenge.text.as_bytes(), Some(signature), owner, alternate)
            .map_err(|_| OwnershipError::BadSignature)?;
        self.limiter.succeeded(tried);
        Ok(known)
    }

    fn owners_signer(&self) -> Signer {
        self.settings().signer(ROOM)
    }

    async fn registered_by_wallet(&self, ticket: &TicketHash) -> Result<RegisteredTicket, OwnershipError> {
        if self.vsp().is_none() {
            return Err(OwnershipError::NotServed);
        }
        self.parts().vsp_tickets.registered_ticket(ticket).await?.ok_or(OwnershipError::Unknown)
    }

    async fn as_owner_sees(&self, known: RegisteredTicket) -> Result<OwnedTicket, OwnershipError> {
        let records = self.parts().vsp_tickets.records(&known.registration.ticket).await?;
        let signed = records.into_iter().map(|record| (record.kind, record.timestamp)).collect();
        Ok(OwnedTicket { ticket: RegisteredTicket { voting_key: None, payment: None, ..known }, signed })
    }
}

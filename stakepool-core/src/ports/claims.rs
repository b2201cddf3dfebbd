//! Tickets of wallets of today that users have claimed, by a signature of the ticket's address.

use async_trait::async_trait;

use super::stores::StoreError;
use crate::accounts::UserId;
use crate::chain::TicketHash;
use crate::time::UnixTime;

/// A ticket that votes by a key of its own, and the user who has shown that it is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The ticket.
    pub ticket: TicketHash,
    /// The user.
    pub user: UserId,
    /// When it was claimed.
    pub made: UnixTime,
}

/// The claims, which are on tickets that vote by keys of their own alone. While one is claimed, the ledger has it as that user's,
/// whatever daemons report: these know of no claims.
#[async_trait]
pub trait ClaimStore: Send + Sync {
    /// Has a ticket be a user's. False where it is claimed already, by whomever: nothing has changed then.
    async fn add_claim(&self, claim: &Claim) -> Result<bool, StoreError>;

    /// Takes back a user's claim. False where the user has none on the ticket.
    async fn release_claim(&self, ticket: &TicketHash, user: UserId) -> Result<bool, StoreError>;

    /// Takes back all claims of a user, and says how many there were.
    async fn release_claims(&self, user: UserId) -> Result<u64, StoreError>;

    /// The claims of a user, the latest first.
    async fn claims_of(&self, user: UserId) -> Result<Vec<Claim>, StoreError>;

    /// The claims on some tickets.
    async fn claims_among(&self, tickets: &[TicketHash]) -> Result<Vec<Claim>, StoreError>;
}

//! Claims of users on tickets.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::Tables;
use crate::accounts::UserId;
use crate::chain::TicketHash;
use crate::ports::{Claim, ClaimStore, StoreError};

impl Tables {
    /// The user who has claimed a ticket.
    pub(super) fn claimant(&self, ticket: &TicketHash) -> Option<UserId> {
        self.claims.get(&ticket.to_string()).map(|claim| claim.user)
    }

    fn release(&mut self, ticket: &TicketHash) {
        self.ledger_changes += 1;
        self.claims.remove(&ticket.to_string());
        if let Some(known) = self.tickets.get_mut(&ticket.to_string()) {
            known.report.user = None;
        }
    }
}

#[async_trait]
impl ClaimStore for MemoryStore {
    async fn add_claim(&self, claim: &Claim) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let key = claim.ticket.to_string();
        if tables.claims.contains_key(&key) {
            return Ok(false);
        }
        tables.claims.insert(key.clone(), *claim);
        tables.ledger_changes += 1;
        if let Some(known) = tables.tickets.get_mut(&key) {
            known.report.user = known.report.user.or(Some(claim.user));
        }
        Ok(true)
    }

    async fn release_claim(&self, ticket: &TicketHash, user: UserId) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let is_theirs = tables.claimant(ticket) == Some(user);
        if is_theirs {
            tables.release(ticket);
        }
        Ok(is_theirs)
    }

    async fn release_claims(&self, user: UserId) -> Result<u64, StoreError> {
        let claims = self.claims_of(user).await?;
        let mut tables = self.tables();
        claims.iter().for_each(|claim| tables.release(&claim.ticket));
        Ok(claims.len() as u64)
    }

    async fn claims_of(&self, user: UserId) -> Result<Vec<Claim>, StoreError> {
        let mut claims: Vec<_> = self.tables().claims.values().filter(|claim| claim.user == user).copied().collect();
        claims.sort_by_key(|claim| Reverse(claim.made));
        Ok(claims)
    }

    async fn claims_among(&self, tickets: &[TicketHash]) -> Result<Vec<Claim>, StoreError> {
        Ok(self.tables().claims.values().filter(|claim| tickets.contains(&claim.ticket)).copied().collect())
    }
}

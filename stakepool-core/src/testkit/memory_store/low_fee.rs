//! Low-fee tickets that an administrator added.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::Tables;
use crate::chain::{BlockHeight, TicketHash};
use crate::ports::{LowFeeStore, LowFeeTicket, StoreError};
use crate::reports::TicketReport;
use crate::time::UnixTime;

impl Tables {
    pub(super) fn report(&self, ticket: &TicketHash) -> Option<&TicketReport> {
        self.tickets.get(&ticket.to_string()).map(|ticket| &ticket.report)
    }

    /// What the ledger knows of a ticket goes before the time of day.
    fn may_vote(&self, added: &LowFeeTicket, now: UnixTime) -> bool {
        let lives = || self.report(&added.ticket).is_some_and(|report| !report.state.is_over());
        added.outcome.is_none() && (added.expires > now || lives())
    }

    /// All added tickets, the last added first.
    pub(super) fn added(&self) -> Vec<LowFeeTicket> {
        let mut added: Vec<_> = self.low_fee.iter().rev().cloned().collect();
        added.sort_by_key(|ticket| Reverse(ticket.created));
        added
    }
}

#[async_trait]
impl LowFeeStore for MemoryStore {
    async fn add(&self, ticket: &LowFeeTicket) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let known = tables.low_fee.iter().find(|added| added.ticket == ticket.ticket);
        if known.is_some_and(|added| tables.may_vote(added, ticket.created)) {
            return Ok(false);
        }
        tables.low_fee.retain(|added| added.ticket != ticket.ticket);
        let outcome = ticket.outcome.filter(|outcome| outcome.is_over());
        tables.low_fee.push(LowFeeTicket { outcome, ..ticket.clone() });
        Ok(true)
    }

    async fn remove(&self, ticket: &TicketHash) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let before = tables.low_fee.len();
        tables.low_fee.retain(|added| added.ticket != *ticket || added.outcome.is_some());
        Ok(tables.low_fee.len() < before)
    }

    async fn active(&self, now: UnixTime) -> Result<Vec<LowFeeTicket>, StoreError> {
        let tables = self.tables();
        let mut active: Vec<_> = tables.low_fee.iter().filter(|added| tables.may_vote(added, now)).cloned().collect();
        active.sort_by_key(|added| added.created);
        Ok(active)
    }

    async fn settle(&self, deep: BlockHeight) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let mut settled = tables.low_fee.clone();
        for added in &mut settled {
            let Some(report) = tables.report(&added.ticket) else { continue };
            let is_over = report.state.is_over();
            if !is_over || report.ended_at.is_some_and(|height| height <= deep) {
                added.outcome = is_over.then_some(report.state);
            }
        }
        let changed = settled != tables.low_fee;
        tables.low_fee = settled;
        Ok(changed)
    }
}

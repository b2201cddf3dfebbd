//! What charts are made of.

use async_trait::async_trait;

use super::MemoryStore;
use crate::accounts::UserId;
use crate::chain::BlockHeight;
use crate::ports::{HistoryStore, NetworkDay, StoreError, Turnover};
use crate::reports::{TicketReport, TicketState};
use crate::time::Day;

#[async_trait]
impl HistoryStore for MemoryStore {
    async fn note_day(&self, seen: &NetworkDay) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if tables.days.get(&seen.day).is_none_or(|noted| seen.height >= noted.height) {
            tables.days.insert(seen.day, *seen);
        }
        Ok(())
    }

    async fn days_since(&self, first: Day) -> Result<Vec<NetworkDay>, StoreError> {
        Ok(self.tables().days.range(first..).map(|(_, day)| *day).collect())
    }

    async fn turnover(&self, user: Option<UserId>, bounds: &[BlockHeight]) -> Result<Vec<Turnover>, StoreError> {
        let tables = self.tables();
        let reports = tables.tickets.values().map(|ticket| &ticket.report);
        let counted: Vec<_> = reports
            .filter(|report| !report.is_ignored() && user.is_none_or(|user| report.user == Some(user)))
            .collect();
        Ok(bounds.windows(2).map(|span| within(&counted, span[0], span[1])).collect())
    }
}

/// What happened above one height, up to another.
fn within(reports: &[&TicketReport], above: BlockHeight, up_to: BlockHeight) -> Turnover {
    let falls_in = |height: BlockHeight| height > above && height <= up_to;
    let mut turnover = Turnover::default();
    for report in reports {
        turnover.mined += u64::from(falls_in(report.facts.mined_at));
        if report.ended_at.is_some_and(falls_in) {
            match report.state {
                TicketState::Voted => turnover.voted += 1,
                TicketState::Missed => turnover.missed += 1,
                TicketState::Expired => turnover.expired += 1,
                TicketState::Immature | TicketState::Live => {}
            }
        }
    }
    turnover
}

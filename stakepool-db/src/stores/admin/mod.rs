//! Lists for administrators.

mod acts;
mod users;
mod votes;

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{
    AdminStore, AuditEntry, AuditQuery, Listed, LowFeeTicket, Slice, StoreError, UserFilter, UserOverview,
    VoteOverview, VoteQuery,
};
use stakepool_core::time::UnixTime;

use super::low_fee;
use super::page::page as page_of;
use crate::database::Database;
use crate::sql::{limit, sql};

#[async_trait]
impl AdminStore for Database {
    async fn find_users(
        &self,
        text: &str,
        filter: UserFilter,
        slice: Slice,
        now: UnixTime,
    ) -> Result<Listed<UserOverview>, StoreError> {
        users::find(self, text.trim(), filter, slice, now).await
    }

    async fn user_overview(&self, id: UserId, now: UnixTime) -> Result<Option<UserOverview>, StoreError> {
        users::one(self, id, now).await
    }

    async fn find_votes(&self, query: &VoteQuery, slice: Slice) -> Result<Listed<VoteOverview>, StoreError> {
        votes::find(self, query, slice).await
    }

    async fn added_tickets(&self, slice: Slice) -> Result<Listed<LowFeeTicket>, StoreError> {
        // The predecessor adds a ticket as often as it is asked to; the last row counts.
        let count = sql("SELECT COUNT(DISTINCT TicketHash COLLATE exact) FROM LowFeeTicket");
        let page = sql("SELECT * FROM LowFeeTicket WHERE LowFeeTicketID IN \
             (SELECT MAX(LowFeeTicketID) FROM LowFeeTicket GROUP BY TicketHash COLLATE exact) \
             ORDER BY Created DESC, LowFeeTicketID DESC LIMIT ? OFFSET ?")
        .bind(limit(slice.limit))
        .bind(limit(slice.offset));
        let (total, rows) = page_of(self, &count, &page).await?;
        let rows = rows.iter().map(low_fee::read).collect::<Result<_, _>>()?;
        Ok(Listed { total, rows })
    }

    async fn audit_log(&self, query: &AuditQuery, slice: Slice) -> Result<Listed<AuditEntry>, StoreError> {
        acts::find(self, query, slice).await
    }
}

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

use super::failure::backend;
use super::row::limit;
use super::{Database, low_fee};

#[async_trait]
impl AdminStore for Database {
    async fn find_users(
        &self,
        text: &str,
        filter: UserFilter,
        slice: Slice,
        now: UnixTime,
    ) -> Result<Listed<UserOverview>, StoreError> {
        users::find(self.readers(), text.trim(), filter, slice, now).await
    }

    async fn user_overview(&self, id: UserId, now: UnixTime) -> Result<Option<UserOverview>, StoreError> {
        users::one(self.readers(), id, now).await
    }

    async fn find_votes(&self, query: &VoteQuery, slice: Slice) -> Result<Listed<VoteOverview>, StoreError> {
        votes::find(self.readers(), query, slice).await
    }

    async fn added_tickets(&self, slice: Slice) -> Result<Listed<LowFeeTicket>, StoreError> {
        let mut transaction = self.readers().begin().await.map_err(backend)?;
        // The predecessor adds a ticket as often as it is asked to; the last row counts.
        let total: i64 = sqlx::query_scalar("SELECT COUNT(DISTINCT TicketHash) FROM LowFeeTicket")
            .fetch_one(&mut *transaction)
            .await
            .map_err(backend)?;
        let rows = sqlx::query(
            "SELECT * FROM LowFeeTicket WHERE LowFeeTicketID IN \
             (SELECT MAX(LowFeeTicketID) FROM LowFeeTicket GROUP BY TicketHash) \
             ORDER BY Created DESC, LowFeeTicketID DESC LIMIT ? OFFSET ?",
        )
        .bind(limit(slice.limit))
        .bind(limit(slice.offset))
        .fetch_all(&mut *transaction)
        .await
        .map_err(backend)?;
        let rows = rows.iter().map(low_fee::read).collect::<Result<_, _>>()?;
        Ok(Listed { total: total.unsigned_abs(), rows })
    }

    async fn audit_log(&self, query: &AuditQuery, slice: Slice) -> Result<Listed<AuditEntry>, StoreError> {
        acts::find(self.readers(), query, slice).await
    }
}

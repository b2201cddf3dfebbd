//! Whom mail did not reach.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MOST_MAIL_FAILURES, MailFailure, MailFailureStore, StoreError};
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::{Fields, limit};

#[async_trait]
impl MailFailureStore for Database {
    async fn mail_failed(&self, failure: &MailFailure) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        forget(&mut transaction, failure.user).await?;
        sqlx::query("INSERT INTO mail_failures (user_id, failed_at, reason) VALUES (?, ?, ?)")
            .bind(failure.user.0)
            .bind(failure.at.0)
            .bind(failure.reason.as_str())
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM mail_failures")
            .fetch_one(&mut *transaction)
            .await
            .map_err(backend)?;
        let too_many = count.saturating_sub(limit(MOST_MAIL_FAILURES)).max(0);
        let oldest: Vec<i64> =
            sqlx::query_scalar("SELECT user_id FROM mail_failures ORDER BY failed_at, user_id LIMIT ?")
                .bind(too_many)
                .fetch_all(&mut *transaction)
                .await
                .map_err(backend)?;
        for user in oldest {
            forget(&mut transaction, UserId(user)).await?;
        }
        transaction.commit().await.map_err(backend)
    }

    async fn mail_arrived(&self, user: UserId) -> Result<(), StoreError> {
        // Nearly every mail arrives, and nearly nobody has a row: reading waits for nobody.
        let failed: Option<i64> = sqlx::query_scalar("SELECT user_id FROM mail_failures WHERE user_id = ?")
            .bind(user.0)
            .fetch_optional(self.readers())
            .await
            .map_err(backend)?;
        if failed.is_none() {
            return Ok(());
        }
        let mut transaction = self.write().await?;
        forget(&mut transaction, user).await?;
        transaction.commit().await.map_err(backend)
    }

    async fn mail_failures(&self, after: UnixTime) -> Result<Vec<MailFailure>, StoreError> {
        let rows = sqlx::query(
            "SELECT user_id, failed_at, reason FROM mail_failures WHERE failed_at > ? \
             ORDER BY failed_at DESC, user_id DESC",
        )
        .bind(after.0)
        .fetch_all(self.readers())
        .await
        .map_err(backend)?;
        rows.iter().map(read).collect()
    }
}

async fn forget(connection: &mut SqliteConnection, user: UserId) -> Result<(), StoreError> {
    let statement = sqlx::query("DELETE FROM mail_failures WHERE user_id = ?").bind(user.0);
    statement.execute(connection).await.map(drop).map_err(backend)
}

fn read(row: &SqliteRow) -> Result<MailFailure, StoreError> {
    let user: i64 = Fields::new(row, "mail_failures", "of a user").number("user_id")?;
    let fields = Fields::new(row, "mail_failures", format_args!("of user {user}"));
    let at = UnixTime(fields.number("failed_at")?);
    Ok(MailFailure { user: UserId(user), at, reason: fields.text("reason")?.to_owned() })
}

//! Whom mail did not reach.

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MOST_MAIL_FAILURES, MailFailure, MailFailureStore, StoreError};
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Statement, Turn, limit, sql};

#[async_trait]
impl MailFailureStore for Database {
    async fn mail_failed(&self, failure: &MailFailure) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::Mails), |transaction| {
            transaction.execute(&forget(failure.user)).await?;
            transaction
                .execute(
                    &sql("INSERT INTO mail_failures (user_id, failed_at, reason) VALUES (?, ?, ?)")
                        .bind(failure.user.0)
                        .bind(failure.at.0)
                        .bind(failure.reason.as_str()),
                )
                .await?;
            let count = transaction.number(&sql("SELECT COUNT(*) FROM mail_failures")).await?.unwrap_or(0);
            let too_many = count.saturating_sub(limit(MOST_MAIL_FAILURES)).max(0);
            let oldest = sql("SELECT user_id FROM mail_failures ORDER BY failed_at, user_id LIMIT ?").bind(too_many);
            for row in transaction.rows(&oldest).await? {
                let user = UserId(Fields::new(&row, "mail_failures", "of a user").number("user_id")?);
                transaction.execute(&forget(user)).await?;
            }
            Ok(())
        })
    }

    async fn mail_arrived(&self, user: UserId) -> Result<(), StoreError> {
        // Nearly every mail arrives, and nearly nobody has a row: reading waits for nobody.
        let failed: Option<i64> =
            self.number(&sql("SELECT user_id FROM mail_failures WHERE user_id = ?").bind(user.0)).await?;
        if failed.is_none() {
            return Ok(());
        }
        self.execute(&forget(user)).await.map(drop)
    }

    async fn mail_failures(&self, after: UnixTime) -> Result<Vec<MailFailure>, StoreError> {
        let rows = self
            .rows(
                &sql("SELECT user_id, failed_at, reason FROM mail_failures WHERE failed_at > ? \
             ORDER BY failed_at DESC, user_id DESC")
                .bind(after.0),
            )
            .await?;
        rows.iter().map(read).collect()
    }
}

fn forget(user: UserId) -> Statement {
    sql("DELETE FROM mail_failures WHERE user_id = ?").bind(user.0)
}

fn read(row: &Row) -> Result<MailFailure, StoreError> {
    let user: i64 = Fields::new(row, "mail_failures", "of a user").number("user_id")?;
    let fields = Fields::new(row, "mail_failures", format_args!("of user {user}"));
    let at = UnixTime(fields.number("failed_at")?);
    Ok(MailFailure { user: UserId(user), at, reason: fields.text("reason")?.to_owned() })
}

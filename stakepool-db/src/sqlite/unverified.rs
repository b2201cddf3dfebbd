//! Accounts that nobody has shown to be theirs.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{StoreError, UnverifiedStore};
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::limit;

/// What goes with a user, by the number. The row of `accounts` stays, so that the number is not given twice.
const OF_USER: [&str; 7] = [
    "DELETE FROM tokens WHERE user_id = ?",
    "DELETE FROM sessions WHERE user_id = ?",
    "DELETE FROM recovery_codes WHERE user_id = ?",
    "DELETE FROM second_factors WHERE user_id = ?",
    "DELETE FROM mail_wishes WHERE user_id = ?",
    "DELETE FROM mail_failures WHERE user_id = ?",
    "UPDATE accounts SET email_key = NULL, argon2 = '' WHERE user_id = ?",
];

#[async_trait]
impl UnverifiedStore for Database {
    async fn remove_unverified(&self, before: UnixTime, keep: &[UserId], most: u64) -> Result<Vec<UserId>, StoreError> {
        // Mostly there are none: looking keeps nobody from writing.
        if unused(&mut *self.readers().acquire().await.map_err(backend)?, before, keep, most).await?.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.write().await?;
        let unused = unused(&mut transaction, before, keep, most).await?;
        for user in &unused {
            sqlx::query("DELETE FROM Users WHERE UserId = ?")
                .bind(user.0)
                .execute(&mut *transaction)
                .await
                .map_err(backend)?;
            for statement in OF_USER {
                sqlx::query(statement).bind(user.0).execute(&mut *transaction).await.map_err(backend)?;
            }
        }
        transaction.commit().await.map_err(backend)?;
        Ok(unused)
    }
}

async fn unused(
    connection: &mut SqliteConnection,
    before: UnixTime,
    keep: &[UserId],
    most: u64,
) -> Result<Vec<UserId>, StoreError> {
    // As many more are read as may be left out.
    let rows = most.saturating_add(keep.len() as u64);
    let users: Vec<i64> = sqlx::query_scalar(
        "SELECT u.UserId FROM Users u JOIN accounts a ON a.user_id = u.UserId \
         WHERE u.EmailVerified = 0 AND COALESCE(u.MultiSigAddress, '') = '' \
         AND a.admin = 0 AND a.last_sign_in = 0 AND a.created > 0 AND a.created < ? \
         AND NOT EXISTS (SELECT 1 FROM key_indexes k WHERE k.user_id = u.UserId) \
         AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.user_id = u.UserId) \
         ORDER BY u.UserId LIMIT ?",
    )
    .bind(before.0)
    .bind(limit(rows))
    .fetch_all(connection)
    .await
    .map_err(backend)?;
    let unused = users.into_iter().map(UserId).filter(|user| !keep.contains(user));
    Ok(unused.take(usize::try_from(most).unwrap_or(usize::MAX)).collect())
}

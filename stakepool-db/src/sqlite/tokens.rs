//! Single-use tokens.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use stakepool_core::accounts::{Email, UserId};
use stakepool_core::ports::{StoreError, TokenPurpose, TokenStore};
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::Fields;

#[async_trait]
impl TokenStore for Database {
    async fn put(
        &self,
        purpose: TokenPurpose,
        hash: [u8; 32],
        user: UserId,
        email: Option<&Email>,
        expires: UnixTime,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let inserted = sqlx::query(
            "INSERT INTO tokens (token_hash, purpose, user_id, email, expires) \
             SELECT ?, ?, UserId, ?, ? FROM Users WHERE UserId = ?",
        )
        .bind(hash.as_slice())
        .bind(name(purpose))
        .bind(email.map_or("", Email::as_str))
        .bind(expires.0)
        .bind(user.0)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        if inserted.rows_affected() == 0 {
            return Err(StoreError::NotFound("user"));
        }
        transaction.commit().await.map_err(backend)
    }

    async fn peek(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        find(self.readers(), purpose, hash, now).await
    }

    async fn take(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        let mut transaction = self.write().await?;
        let found = find(&mut *transaction, purpose, hash, now).await?;
        // Expired ones go along, so that the table stays small.
        sqlx::query("DELETE FROM tokens WHERE (token_hash = ? AND purpose = ?) OR expires <= ?")
            .bind(hash.as_slice())
            .bind(name(purpose))
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(found)
    }
}

async fn find(
    executor: impl SqliteExecutor<'_>,
    purpose: TokenPurpose,
    hash: &[u8; 32],
    now: UnixTime,
) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
    let row = sqlx::query("SELECT user_id, email FROM tokens WHERE token_hash = ? AND purpose = ? AND expires > ?")
        .bind(hash.as_slice())
        .bind(name(purpose))
        .bind(now.0)
        .fetch_optional(executor)
        .await
        .map_err(backend)?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<(UserId, Option<Email>), StoreError> {
    let user: i64 = Fields::new(row, "tokens", "of a user").number("user_id")?;
    let email = Fields::new(row, "tokens", format_args!("of user {user}")).text("email")?;
    Ok((UserId(user), (!email.is_empty()).then(|| Email::from_store(email.to_owned()))))
}

pub(super) const fn name(purpose: TokenPurpose) -> &'static str {
    match purpose {
        TokenPurpose::VerifyEmail => "verify_email",
        TokenPurpose::ResetPassword => "reset_password",
        TokenPurpose::ChangeEmail => "change_email",
    }
}

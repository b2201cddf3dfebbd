//! Open ways into accounts, and things that count once.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{AccessStore, Session, SessionToken, StoreError, TokenPurpose};
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::Fields;
use super::{sessions, tokens};

#[async_trait]
impl AccessStore for Database {
    async fn sessions_of(&self, user: UserId, now: UnixTime) -> Result<Vec<(SessionToken, Session)>, StoreError> {
        let rows = sqlx::query(
            "SELECT token_hash, user_id, created, last_seen, expires, client FROM sessions \
             WHERE user_id = ? AND expires > ? ORDER BY last_seen DESC, created DESC, token_hash",
        )
        .bind(user.0)
        .bind(now.0)
        .fetch_all(self.readers())
        .await
        .map_err(backend)?;
        rows.iter().map(|row| Ok((token(row, user)?, sessions::read(row)?))).collect()
    }

    async fn revoke_tokens(&self, user: UserId, purpose: TokenPurpose) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM tokens WHERE user_id = ? AND purpose = ?")
            .bind(user.0)
            .bind(tokens::name(purpose))
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn first_use(&self, key: &[u8; 32], now: UnixTime, expires: UnixTime) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM used_once WHERE expires <= ?")
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        let inserted = sqlx::query("INSERT OR IGNORE INTO used_once (key, expires) VALUES (?, ?)")
            .bind(key.as_slice())
            .bind(expires.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(inserted.rows_affected() == 1)
    }
}

fn token(row: &SqliteRow, user: UserId) -> Result<SessionToken, StoreError> {
    let fields = Fields::new(row, "sessions", format_args!("of user {user}"));
    let bytes = fields.bytes("token_hash")?;
    bytes.try_into().map(SessionToken).map_err(|_| fields.corrupt("token_hash", "it has not 32 bytes"))
}

//! The sessions.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MOST_SESSIONS, Session, SessionStore, SessionToken, StoreError};
use stakepool_core::time::UnixTime;

use super::Database;
use super::failure::backend;
use super::row::Fields;

/// A use is noted at most this often, in seconds, so that reading a page is no write.
const NOTE_EVERY: i64 = 60;

#[async_trait]
impl SessionStore for Database {
    async fn begin(&self, token: &SessionToken, session: &Session) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE expires <= ?")
            .bind(session.created.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        sqlx::query(
            "INSERT INTO sessions (token_hash, user_id, created, last_seen, expires, client) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(token.0.as_slice())
        .bind(session.user.0)
        .bind(session.created.0)
        .bind(session.last_seen.0)
        .bind(session.expires.0)
        .bind(session.client.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        // The new session stays whatever the clock says; of the others the youngest.
        sqlx::query(
            "DELETE FROM sessions WHERE user_id = ?1 AND token_hash <> ?2 AND token_hash NOT IN (SELECT token_hash FROM \
             sessions WHERE user_id = ?1 AND token_hash <> ?2 ORDER BY created DESC, last_seen DESC LIMIT ?3)",
        )
        .bind(session.user.0)
        .bind(token.0.as_slice())
        .bind(MOST_SESSIONS - 1)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        sqlx::query("UPDATE accounts SET last_sign_in = ? WHERE user_id = ? AND last_sign_in < ?")
            .bind(session.created.0)
            .bind(session.user.0)
            .bind(session.created.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn find(&self, token: &SessionToken, now: UnixTime) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(
            "SELECT user_id, created, last_seen, expires, client FROM sessions WHERE token_hash = ? AND expires > ?",
        )
        .bind(token.0.as_slice())
        .bind(now.0)
        .fetch_optional(self.readers())
        .await
        .map_err(backend)?;
        let Some(mut session) = row.as_ref().map(read).transpose()? else { return Ok(None) };
        if now.0 >= session.last_seen.0.saturating_add(NOTE_EVERY) {
            session.last_seen = now;
            // Who is signed in must not depend on whether a note can be written (a full disk, for one).
            if let Err(error) = self.note_use(token, now).await {
                tracing::warn!(%error, "the use of a session was not noted");
            }
        }
        Ok(Some(session))
    }

    async fn set_end(&self, token: &SessionToken, expires: UnixTime) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE sessions SET expires = ? WHERE token_hash = ?")
            .bind(expires.0)
            .bind(token.0.as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn end(&self, token: &SessionToken) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("DELETE FROM sessions WHERE token_hash = ?")
            .bind(token.0.as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }

    async fn end_all(&self, user: UserId, except: Option<&SessionToken>) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        // No token is empty, so without an exception all rows differ from it.
        sqlx::query("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?")
            .bind(user.0)
            .bind(except.map_or(&[][..], |token| &token.0))
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }
}

impl Database {
    async fn note_use(&self, token: &SessionToken, now: UnixTime) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        sqlx::query("UPDATE sessions SET last_seen = ? WHERE token_hash = ? AND last_seen < ?")
            .bind(now.0)
            .bind(token.0.as_slice())
            .bind(now.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<Session, StoreError> {
    // The token's hash would not help a person to find the row, and need not be known.
    let user: i64 = Fields::new(row, "sessions", "of a user").number("user_id")?;
    let fields = Fields::new(row, "sessions", format_args!("of user {user}"));
    Ok(Session {
        user: UserId(user),
        created: UnixTime(fields.number("created")?),
        last_seen: UnixTime(fields.number("last_seen")?),
        expires: UnixTime(fields.number("expires")?),
        client: fields.text("client")?.to_owned(),
    })
}

//! The sessions.

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{MOST_SESSIONS, Session, SessionStore, SessionToken, StoreError};
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Turn, limit, sql};

/// A use is noted at most this often, in seconds, so that reading a page is no write.
const NOTE_EVERY: i64 = 60;

#[async_trait]
impl SessionStore for Database {
    async fn begin(&self, token: &SessionToken, session: &Session) -> Result<(), StoreError> {
        let clear = sql("DELETE FROM sessions WHERE expires <= ?").bind(session.created.0);
        let begin = sql(
            "INSERT INTO sessions (token_hash, user_id, created, last_seen, expires, client) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(token.0.as_slice())
        .bind(session.user.0)
        .bind(session.created.0)
        .bind(session.last_seen.0)
        .bind(session.expires.0)
        .bind(session.client.as_str());
        // The new session stays whatever the clock says; of the others the youngest.
        let beyond = sql("SELECT token_hash FROM sessions WHERE user_id = ? AND token_hash <> ? \
             ORDER BY created DESC, last_seen DESC LIMIT ? OFFSET ?")
        .bind(session.user.0)
        .bind(token.0.as_slice())
        .bind(limit(u64::MAX))
        .bind(MOST_SESSIONS - 1);
        // First: two sessions of one user begin one after the other, by the lock on this row.
        let signed_in = sql(
            "UPDATE accounts SET last_sign_in = CASE WHEN last_sign_in < ? THEN ? ELSE last_sign_in END WHERE user_id = ?",
        )
        .bind(session.created.0)
        .bind(session.created.0)
        .bind(session.user.0);
        transaction!(self.writes(Turn::None), |transaction| {
            transaction.execute(&signed_in).await?;
            transaction.execute(&clear).await?;
            transaction.execute(&begin).await?;
            for row in transaction.rows(&beyond).await? {
                let token =
                    Fields::new(&row, "sessions", format_args!("of user {}", session.user)).bytes("token_hash")?;
                transaction.execute(&sql("DELETE FROM sessions WHERE token_hash = ?").bind(token)).await?;
            }
            Ok(())
        })
    }

    async fn find(&self, token: &SessionToken, now: UnixTime) -> Result<Option<Session>, StoreError> {
        let row = self.row(&sql("SELECT user_id, created, last_seen, expires, client FROM sessions WHERE token_hash = ? AND expires > ?").bind(token.0.as_slice()).bind(now.0)).await?;
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
        self.execute(
            &sql("UPDATE sessions SET expires = ? WHERE token_hash = ?").bind(expires.0).bind(token.0.as_slice()),
        )
        .await
        .map(drop)
    }

    async fn end(&self, token: &SessionToken) -> Result<(), StoreError> {
        self.execute(&sql("DELETE FROM sessions WHERE token_hash = ?").bind(token.0.as_slice())).await.map(drop)
    }

    async fn end_all(&self, user: UserId, except: Option<&SessionToken>) -> Result<(), StoreError> {
        // No token is empty, so without an exception all rows differ from it.
        self.execute(
            &sql("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?")
                .bind(user.0)
                .bind(except.map_or(&[][..], |token| &token.0)),
        )
        .await
        .map(drop)
    }
}

impl Database {
    async fn note_use(&self, token: &SessionToken, now: UnixTime) -> Result<(), StoreError> {
        self.execute(
            &sql("UPDATE sessions SET last_seen = ? WHERE token_hash = ? AND last_seen < ?")
                .bind(now.0)
                .bind(token.0.as_slice())
                .bind(now.0),
        )
        .await
        .map(drop)
    }
}

pub(super) fn read(row: &Row) -> Result<Session, StoreError> {
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

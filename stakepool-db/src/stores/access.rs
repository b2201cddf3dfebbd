//! Open ways into accounts, and things that count once.

use async_trait::async_trait;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::{AccessStore, Session, SessionToken, StoreError, TokenPurpose};
use stakepool_core::time::UnixTime;

use super::{sessions, tokens};
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Turn, sql};

#[async_trait]
impl AccessStore for Database {
    async fn sessions_of(&self, user: UserId, now: UnixTime) -> Result<Vec<(SessionToken, Session)>, StoreError> {
        let rows = self
            .rows(
                &sql("SELECT token_hash, user_id, created, last_seen, expires, client FROM sessions \
             WHERE user_id = ? AND expires > ? ORDER BY last_seen DESC, created DESC, token_hash")
                .bind(user.0)
                .bind(now.0),
            )
            .await?;
        rows.iter().map(|row| Ok((token(row, user)?, sessions::read(row)?))).collect()
    }

    async fn revoke_tokens(&self, user: UserId, purpose: TokenPurpose) -> Result<(), StoreError> {
        self.execute(
            &sql("DELETE FROM tokens WHERE user_id = ? AND purpose = ?").bind(user.0).bind(tokens::name(purpose)),
        )
        .await
        .map(drop)
    }

    async fn first_use(&self, key: &[u8; 32], now: UnixTime, expires: UnixTime) -> Result<bool, StoreError> {
        transaction!(self.writes(Turn::None), |transaction| {
            transaction.execute(&sql("DELETE FROM used_once WHERE expires <= ?").bind(now.0)).await?;
            let first =
                sql("INSERT INTO used_once (`key`, expires) VALUES (?, ?)").bind(key.as_slice()).bind(expires.0);
            transaction.insert_new(&first).await
        })
    }
}

fn token(row: &Row, user: UserId) -> Result<SessionToken, StoreError> {
    let fields = Fields::new(row, "sessions", format_args!("of user {user}"));
    let bytes = fields.bytes("token_hash")?;
    bytes.try_into().map(SessionToken).map_err(|_| fields.corrupt("token_hash", "it has not 32 bytes"))
}

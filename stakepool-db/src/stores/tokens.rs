//! Single-use tokens.

use async_trait::async_trait;
use stakepool_core::accounts::{Email, UserId};
use stakepool_core::ports::{StoreError, TokenPurpose, TokenStore};
use stakepool_core::time::UnixTime;

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Fields, Row, Statement, Turn, sql};

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
        let known = sql("SELECT 1 FROM Users WHERE UserId = ?").bind(user.0);
        let insert = sql("INSERT INTO tokens (token_hash, purpose, user_id, email, expires) VALUES (?, ?, ?, ?, ?)")
            .bind(hash.as_slice())
            .bind(name(purpose))
            .bind(user.0)
            .bind(email.map_or("", Email::as_str))
            .bind(expires.0);
        transaction!(self.writes(Turn::None), |transaction| {
            if transaction.number(&known).await?.is_none() {
                return Err(StoreError::NotFound("user").into());
            }
            transaction.execute(&insert).await.map(drop)
        })
    }

    async fn peek(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        found(self.row(&find(purpose, hash, now)).await?)
    }

    async fn take(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
        let find = find(purpose, hash, now);
        let take =
            sql("DELETE FROM tokens WHERE token_hash = ? AND purpose = ?").bind(hash.as_slice()).bind(name(purpose));
        // So that the table stays small.
        let clear = sql("DELETE FROM tokens WHERE expires <= ?").bind(now.0);
        transaction!(self.writes(Turn::None), |transaction| {
            let row = transaction.row(&find).await?;
            // Whose deletion finds the row has it, and nobody else.
            let is_mine = transaction.execute(&take).await? == 1;
            transaction.execute(&clear).await?;
            Ok(found(row.filter(|_| is_mine))?)
        })
    }
}

fn find(purpose: TokenPurpose, hash: &[u8; 32], now: UnixTime) -> Statement {
    sql("SELECT user_id, email FROM tokens WHERE token_hash = ? AND purpose = ? AND expires > ?")
        .bind(hash.as_slice())
        .bind(name(purpose))
        .bind(now.0)
}

fn found(row: Option<Row>) -> Result<Option<(UserId, Option<Email>)>, StoreError> {
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<(UserId, Option<Email>), StoreError> {
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

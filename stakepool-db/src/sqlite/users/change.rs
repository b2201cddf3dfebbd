//! Changes of a user.

use sqlx::sqlite::SqliteConnection;
use stakepool_core::accounts::{User, UserId};
use stakepool_core::ports::StoreError;
use stakepool_core::store_rules::{email_key, merge_user};

use super::super::adopt::give_email_keys;
use super::super::failure::backend;
use super::find::{find, holder_of_email};
use super::read::email_verified;

/// Stores what differs between two records of a user.
pub(super) async fn update(connection: &mut SqliteConnection, before: &User, after: &User) -> Result<(), StoreError> {
    let stored = find(&mut *connection, after.id).await?.ok_or(StoreError::NotFound("user"))?;
    let next = merge_user(&stored, before, after)?;
    if next == stored {
        return Ok(());
    }
    ensure_account(connection, next.id).await?;
    if email_key(next.email.as_str()) != email_key(stored.email.as_str()) {
        change_email(connection, &next).await?;
    }
    sqlx::query("UPDATE Users SET EmailVerified = ?, Password = ?, VoteBits = ?, VoteBitsVersion = ? WHERE UserId = ?")
        .bind(email_verified(next.email_state))
        .bind(next.password.bcrypt.as_deref().unwrap_or_default().as_bytes())
        .bind(i64::from(next.voting.bits.0))
        .bind(i64::from(next.voting.version.0))
        .bind(next.id.0)
        .execute(&mut *connection)
        .await
        .map_err(backend)?;
    sqlx::query("UPDATE accounts SET argon2 = ?, api_keys_valid_from = ?, disabled = ?, admin = ? WHERE user_id = ?")
        .bind(next.password.argon2.as_deref().unwrap_or_default())
        .bind(next.api_keys_valid_from.0)
        .bind(next.disabled)
        .bind(next.admin)
        .bind(next.id.0)
        .execute(connection)
        .await
        .map(drop)
        .map_err(backend)
}

/// A row written by the predecessor's programs since the start has no row of ours yet.
pub(super) async fn ensure_account(connection: &mut SqliteConnection, id: UserId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO accounts (user_id) VALUES (?) ON CONFLICT (user_id) DO NOTHING")
        .bind(id.0)
        .execute(connection)
        .await
        .map(drop)
        .map_err(backend)
}

/// Gives a user another e-mail address. Where a double was waiting for the old one, that user has it from now on.
async fn change_email(connection: &mut SqliteConnection, user: &User) -> Result<(), StoreError> {
    let key = email_key(user.email.as_str());
    if holder_of_email(&mut *connection, &key).await?.is_some_and(|holder| holder != user.id.0) {
        return Err(StoreError::EmailTaken);
    }
    sqlx::query("UPDATE Users SET Email = ? WHERE UserId = ?")
        .bind(user.email.as_str())
        .bind(user.id.0)
        .execute(&mut *connection)
        .await
        .map_err(backend)?;
    sqlx::query("UPDATE accounts SET email_key = ? WHERE user_id = ?")
        .bind(key)
        .bind(user.id.0)
        .execute(&mut *connection)
        .await
        .map_err(backend)?;
    // Doubles that remain were told at the start.
    give_email_keys(connection).await.map(drop).map_err(backend)
}

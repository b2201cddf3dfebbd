//! Changes of a user.

use stakepool_core::accounts::{User, UserId};
use stakepool_core::ports::StoreError;
use stakepool_core::store_rules::{email_key, merge_user};

use super::find::{by_id, holder_of_email};
use super::read::{email_verified, user};
use crate::adopt::give_email_keys;
use crate::changed::note_password;
use crate::sql::{Failure, Transaction, sql};

/// Stores what differs between two records of a user.
pub(super) async fn update(transaction: &mut Transaction, before: &User, after: &User) -> Result<(), Failure> {
    let row = transaction.row(&by_id(after.id)).await?.ok_or(StoreError::NotFound("user"))?;
    let stored = user(&row)?;
    let next = merge_user(&stored, before, after)?;
    if next == stored {
        return Ok(());
    }
    ensure_account(transaction, next.id).await?;
    if email_key(next.email.as_str()) != email_key(stored.email.as_str()) {
        change_email(transaction, &next).await?;
    }
    transaction
        .execute(
            &sql(
                "UPDATE Users SET EmailVerified = ?, Password = ?, VoteBits = ?, VoteBitsVersion = ? WHERE UserId = ?",
            )
            .bind(email_verified(next.email_state))
            .bind(next.password.bcrypt.as_deref().unwrap_or_default().as_bytes())
            .bind(i64::from(next.voting.bits.0))
            .bind(i64::from(next.voting.version.0))
            .bind(next.id.0),
        )
        .await?;
    transaction
        .execute(
            &sql("UPDATE accounts SET argon2 = ?, api_keys_valid_from = ?, disabled = ?, admin = ? WHERE user_id = ?")
                .bind(next.password.argon2.as_deref().unwrap_or_default())
                .bind(next.api_keys_valid_from.0)
                .bind(next.disabled)
                .bind(next.admin)
                .bind(next.id.0),
        )
        .await?;
    if next.password != stored.password {
        transaction.execute(&note_password(next.id.0)).await?;
    }
    Ok(())
}

/// A row written by the predecessor's programs since the start has no row of ours yet.
pub(super) async fn ensure_account(transaction: &mut Transaction, id: UserId) -> Result<(), Failure> {
    transaction.insert_new(&sql("INSERT INTO accounts (user_id, argon2) VALUES (?, '')").bind(id.0)).await.map(drop)
}

/// Gives a user another e-mail address. Where a double was waiting for the old one, that user has it from now on.
async fn change_email(transaction: &mut Transaction, user: &User) -> Result<(), Failure> {
    let key = email_key(user.email.as_str());
    if holder_of_email(transaction, &key).await?.is_some_and(|holder| holder != user.id.0) {
        return Err(StoreError::EmailTaken.into());
    }
    transaction
        .execute(&sql("UPDATE Users SET Email = ? WHERE UserId = ?").bind(user.email.as_str()).bind(user.id.0))
        .await?;
    transaction.execute(&sql("UPDATE accounts SET email_key = ? WHERE user_id = ?").bind(key).bind(user.id.0)).await?;
    // Doubles that remain were told at the start.
    give_email_keys(transaction).await.map(drop)
}

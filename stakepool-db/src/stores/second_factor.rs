//! Second factors.

use async_trait::async_trait;
use stakepool_core::accounts::{StoredSecret, TotpStep, UserId};
use stakepool_core::ports::{SecondFactor, SecondFactorStore, StoreError};

use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Failure, Fields, Transaction, Turn, sql};

#[async_trait]
impl SecondFactorStore for Database {
    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        let row = self
            .row(
                &sql("SELECT secret, confirmed, last_step, \
             (SELECT COUNT(*) FROM recovery_codes r WHERE r.user_id = f.user_id) AS recovery_left \
             FROM second_factors f WHERE user_id = ?")
                .bind(user.0),
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let fields = Fields::new(&row, "second_factors", format_args!("of user {user}"));
        Ok(Some(SecondFactor {
            secret: StoredSecret::from_bytes(fields.bytes("secret")?),
            confirmed: fields.flag("confirmed")?,
            last_step: TotpStep(fields.number("last_step")?),
            recovery_left: fields.number("recovery_left")?,
        }))
    }

    async fn propose_factor(&self, user: UserId, secret: &StoredSecret) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::None), |transaction| {
            let first = sql("INSERT INTO second_factors (user_id, secret, confirmed, last_step) VALUES (?, ?, 0, 0)")
                .bind(user.0)
                .bind(secret.as_bytes());
            if transaction.insert_new(&first).await? {
                return Ok(());
            }
            let again = sql("UPDATE second_factors SET secret = ?, last_step = 0 WHERE user_id = ? AND confirmed = 0")
                .bind(secret.as_bytes())
                .bind(user.0);
            match transaction.execute(&again).await? {
                0 => Err(StoreError::Conflict("second factor").into()),
                _ => Ok(()),
            }
        })
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        secret: &StoredSecret,
        step: TotpStep,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        let confirm = sql(
            "UPDATE second_factors SET confirmed = 1, last_step = ? WHERE user_id = ? AND secret = ? AND confirmed = 0",
        )
        .bind(step.0)
        .bind(user.0)
        .bind(secret.as_bytes());
        transaction!(self.writes(Turn::None), |transaction| {
            let confirmed = transaction.execute(&confirm).await? == 1;
            if confirmed {
                put_recovery(transaction, user, recovery).await?;
            }
            Ok(confirmed)
        })
    }

    async fn factor_secrets(&self) -> Result<Vec<(UserId, StoredSecret)>, StoreError> {
        let rows = self.rows(&sql("SELECT user_id, secret FROM second_factors")).await?;
        let read = |row| {
            let user: i64 = Fields::new(row, "second_factors", "?").number("user_id")?;
            let secret = Fields::new(row, "second_factors", format_args!("of user {user}")).bytes("secret")?;
            Ok((UserId(user), StoredSecret::from_bytes(secret)))
        };
        rows.iter().map(read).collect()
    }

    async fn change_secret(&self, user: UserId, old: &StoredSecret, new: &StoredSecret) -> Result<bool, StoreError> {
        let stored = self
            .execute(
                &sql("UPDATE second_factors SET secret = ? WHERE user_id = ? AND secret = ?")
                    .bind(new.as_bytes())
                    .bind(user.0)
                    .bind(old.as_bytes()),
            )
            .await?;
        Ok(stored == 1)
    }

    async fn use_step(&self, user: UserId, step: TotpStep) -> Result<bool, StoreError> {
        let used = self
            .execute(
                &sql("UPDATE second_factors SET last_step = ? WHERE user_id = ? AND confirmed = 1 AND last_step < ?")
                    .bind(step.0)
                    .bind(user.0)
                    .bind(step.0),
            )
            .await?;
        Ok(used == 1)
    }

    async fn use_recovery(&self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let used = self
            .execute(
                &sql("DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?")
                    .bind(user.0)
                    .bind(hash.as_slice()),
            )
            .await?;
        Ok(used == 1)
    }

    async fn renew_recovery(&self, user: UserId, recovery: &[[u8; 32]]) -> Result<(), StoreError> {
        // Written, though nothing changes: the factor stays until the codes are there.
        let keep = sql("UPDATE second_factors SET confirmed = 1 WHERE user_id = ? AND confirmed = 1").bind(user.0);
        transaction!(self.writes(Turn::None), |transaction| {
            if transaction.execute(&keep).await? > 0 {
                put_recovery(transaction, user, recovery).await?;
            }
            Ok(())
        })
    }

    async fn remove_factor(&self, user: UserId) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::None), |transaction| {
            transaction.execute(&sql("DELETE FROM second_factors WHERE user_id = ?").bind(user.0)).await?;
            put_recovery(transaction, user, &[]).await
        })
    }
}

/// Puts recovery codes in the place of all others of a user.
async fn put_recovery(transaction: &mut Transaction, user: UserId, recovery: &[[u8; 32]]) -> Result<(), Failure> {
    transaction.execute(&sql("DELETE FROM recovery_codes WHERE user_id = ?").bind(user.0)).await?;
    for hash in recovery {
        transaction
            .execute(
                &sql("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)")
                    .bind(user.0)
                    .bind(hash.as_slice()),
            )
            .await?;
    }
    Ok(())
}

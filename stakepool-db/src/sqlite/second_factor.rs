//! Second factors.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use stakepool_core::accounts::{TotpSecret, TotpStep, UserId};
use stakepool_core::ports::{SecondFactor, SecondFactorStore, StoreError};

use super::Database;
use super::failure::backend;
use super::row::Fields;

#[async_trait]
impl SecondFactorStore for Database {
    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        let row = sqlx::query(
            "SELECT secret, confirmed, last_step, \
             (SELECT COUNT(*) FROM recovery_codes r WHERE r.user_id = f.user_id) AS recovery_left \
             FROM second_factors f WHERE user_id = ?",
        )
        .bind(user.0)
        .fetch_optional(self.readers())
        .await
        .map_err(backend)?;
        let Some(row) = row else { return Ok(None) };
        let fields = Fields::new(&row, "second_factors", format_args!("of user {user}"));
        let secret = TotpSecret::from_bytes(fields.bytes("secret")?)
            .ok_or_else(|| fields.corrupt("secret", "it has not 20 bytes"))?;
        Ok(Some(SecondFactor {
            secret,
            confirmed: fields.flag("confirmed")?,
            last_step: TotpStep(fields.number("last_step")?),
            recovery_left: fields.number("recovery_left")?,
        }))
    }

    async fn propose_factor(&self, user: UserId, secret: &TotpSecret) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let stored = sqlx::query(
            "INSERT INTO second_factors (user_id, secret, confirmed, last_step) VALUES (?, ?, 0, 0) \
             ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE confirmed = 0",
        )
        .bind(user.0)
        .bind(secret.as_bytes())
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        if stored.rows_affected() == 0 {
            return Err(StoreError::Conflict("second factor"));
        }
        transaction.commit().await.map_err(backend)
    }

    async fn confirm_factor(
        &self,
        user: UserId,
        secret: &TotpSecret,
        step: TotpStep,
        recovery: &[[u8; 32]],
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let confirmed = sqlx::query(
            "UPDATE second_factors SET confirmed = 1, last_step = ? WHERE user_id = ? AND secret = ? AND confirmed = 0",
        )
        .bind(step.0)
        .bind(user.0)
        .bind(secret.as_bytes())
        .execute(&mut *transaction)
        .await
        .map_err(backend)?
        .rows_affected()
            == 1;
        if confirmed {
            put_recovery(&mut transaction, user, recovery).await?;
        }
        transaction.commit().await.map_err(backend)?;
        Ok(confirmed)
    }

    async fn use_step(&self, user: UserId, step: TotpStep) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let used = sqlx::query(
            "UPDATE second_factors SET last_step = ? WHERE user_id = ? AND confirmed = 1 AND last_step < ?",
        )
        .bind(step.0)
        .bind(user.0)
        .bind(step.0)
        .execute(&mut *transaction)
        .await
        .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(used.rows_affected() == 1)
    }

    async fn use_recovery(&self, user: UserId, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let used = sqlx::query("DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?")
            .bind(user.0)
            .bind(hash.as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)?;
        Ok(used.rows_affected() == 1)
    }

    async fn renew_recovery(&self, user: UserId, recovery: &[[u8; 32]]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let confirmed: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM second_factors WHERE user_id = ? AND confirmed = 1")
                .bind(user.0)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(backend)?;
        if confirmed.is_some() {
            put_recovery(&mut transaction, user, recovery).await?;
        }
        transaction.commit().await.map_err(backend)
    }

    async fn remove_factor(&self, user: UserId) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        put_recovery(&mut transaction, user, &[]).await?;
        sqlx::query("DELETE FROM second_factors WHERE user_id = ?")
            .bind(user.0)
            .execute(&mut *transaction)
            .await
            .map_err(backend)?;
        transaction.commit().await.map_err(backend)
    }
}

/// Puts recovery codes in the place of all others of a user.
async fn put_recovery(
    connection: &mut SqliteConnection,
    user: UserId,
    recovery: &[[u8; 32]],
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = ?")
        .bind(user.0)
        .execute(&mut *connection)
        .await
        .map_err(backend)?;
    for hash in recovery {
        sqlx::query("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)")
            .bind(user.0)
            .bind(hash.as_slice())
            .execute(&mut *connection)
            .await
            .map_err(backend)?;
    }
    Ok(())
}

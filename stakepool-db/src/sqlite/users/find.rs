//! Users, looked up.

use sqlx::sqlite::SqliteExecutor;
use stakepool_core::accounts::{User, UserId};
use stakepool_core::ports::StoreError;

use super::super::failure::backend;
use super::read::{select_users, user};

/// A user.
pub(super) async fn find(executor: impl SqliteExecutor<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    let row =
        sqlx::query(select_users!("WHERE u.UserId = ?")).bind(id.0).fetch_optional(executor).await.map_err(backend)?;
    row.as_ref().map(user).transpose()
}

/// Who has an e-mail address, by its key.
pub(super) async fn holder_of_email(executor: impl SqliteExecutor<'_>, key: &str) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar("SELECT user_id FROM accounts WHERE email_key = ?")
        .bind(key)
        .fetch_optional(executor)
        .await
        .map_err(backend)
}

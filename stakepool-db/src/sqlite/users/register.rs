//! Key indexes and registrations.

use sqlx::sqlite::SqliteConnection;
use stakepool_core::accounts::{Registration, UserId};
use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::StoreError;

use super::super::failure::backend;
use super::change::ensure_account;

/// The index of a user; where there is none yet, the smallest that was never given.
pub(super) async fn reserve(connection: &mut SqliteConnection, id: UserId, max: u32) -> Result<KeyIndex, StoreError> {
    refuse_registered(connection, id).await?;
    if let Some(index) = index_of(connection, id).await? {
        return Ok(index);
    }
    // Either 1, or the index behind one that was given.
    let smallest: Option<i64> = sqlx::query_scalar(
        "SELECT MIN(candidate) FROM ( \
           SELECT 1 AS candidate WHERE NOT EXISTS (SELECT 1 FROM key_indexes WHERE key_index = 1) \
           UNION ALL \
           SELECT given.key_index + 1 FROM key_indexes given WHERE given.key_index >= 1 \
           AND NOT EXISTS (SELECT 1 FROM key_indexes next WHERE next.key_index = given.key_index + 1) \
         ) AS free",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(backend)?;
    let smallest = smallest.and_then(|index| u32::try_from(index).ok()).filter(|index| *index <= max);
    let index = KeyIndex(smallest.ok_or(StoreError::Full(max))?);
    give(connection, id, index).await?;
    Ok(index)
}

/// Stores a registration. The index must be the user's reserved one, or, where none is reserved, one never given.
pub(super) async fn register(
    connection: &mut SqliteConnection,
    id: UserId,
    registration: &Registration,
) -> Result<(), StoreError> {
    refuse_registered(connection, id).await?;
    let taken = StoreError::IndexTaken(registration.key_index);
    let address = registration.address.to_string();
    let holder: Option<i64> = sqlx::query_scalar("SELECT user_id FROM accounts WHERE address_key = ?")
        .bind(address.as_str())
        .fetch_optional(&mut *connection)
        .await
        .map_err(backend)?;
    if holder.is_some() {
        return Err(taken);
    }
    match index_of(connection, id).await? {
        Some(index) if index == registration.key_index => {}
        Some(_) => return Err(taken),
        None if owner_of(connection, registration.key_index).await?.is_some() => return Err(taken),
        None => give(connection, id, registration.key_index).await?,
    }
    write(connection, id, registration, &address).await
}

async fn write(
    connection: &mut SqliteConnection,
    id: UserId,
    registration: &Registration,
    address: &str,
) -> Result<(), StoreError> {
    let network = registration.address.network();
    sqlx::query(
        "UPDATE Users SET MultiSigAddress = ?, MultiSigScript = ?, PoolPubKeyAddr = ?, UserPubKeyAddr = ?, \
         UserFeeAddr = ?, HeightRegistered = ? WHERE UserId = ?",
    )
    .bind(address)
    .bind(registration.script.to_string())
    .bind(registration.script.pool_address(network).to_string())
    .bind(registration.script.user_address(network).to_string())
    .bind(registration.fee_address.to_string())
    .bind(i64::from(registration.registered_at.0))
    .bind(id.0)
    .execute(&mut *connection)
    .await
    .map_err(backend)?;
    ensure_account(&mut *connection, id).await?;
    sqlx::query("UPDATE accounts SET address_key = ? WHERE user_id = ?")
        .bind(address)
        .bind(id.0)
        .execute(connection)
        .await
        .map(drop)
        .map_err(backend)
}

/// Fails where the user has an address, or does not exist.
async fn refuse_registered(connection: &mut SqliteConnection, id: UserId) -> Result<(), StoreError> {
    let address: Option<Option<String>> = sqlx::query_scalar("SELECT MultiSigAddress FROM Users WHERE UserId = ?")
        .bind(id.0)
        .fetch_optional(connection)
        .await
        .map_err(backend)?;
    match address {
        None => Err(StoreError::NotFound("user")),
        Some(Some(address)) if !address.is_empty() => Err(StoreError::AlreadyRegistered(id)),
        Some(_) => Ok(()),
    }
}

async fn index_of(connection: &mut SqliteConnection, id: UserId) -> Result<Option<KeyIndex>, StoreError> {
    let index: Option<i64> = sqlx::query_scalar("SELECT key_index FROM key_indexes WHERE user_id = ?")
        .bind(id.0)
        .fetch_optional(connection)
        .await
        .map_err(backend)?;
    let corrupt = |_| StoreError::Corrupt {
        what: format!("value (table key_indexes, row of user {id}, column key_index)"),
        reason: "it is out of range".to_owned(),
    };
    index.map(|index| u32::try_from(index).map(KeyIndex).map_err(corrupt)).transpose()
}

async fn owner_of(connection: &mut SqliteConnection, index: KeyIndex) -> Result<Option<i64>, StoreError> {
    sqlx::query_scalar("SELECT user_id FROM key_indexes WHERE key_index = ?")
        .bind(i64::from(index.0))
        .fetch_optional(connection)
        .await
        .map_err(backend)
}

async fn give(connection: &mut SqliteConnection, id: UserId, index: KeyIndex) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO key_indexes (key_index, user_id) VALUES (?, ?)")
        .bind(i64::from(index.0))
        .bind(id.0)
        .execute(connection)
        .await
        .map(drop)
        .map_err(backend)
}

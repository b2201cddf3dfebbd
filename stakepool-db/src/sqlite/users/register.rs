//! Key indexes and registrations.
//!
//! A row of `key_indexes` whose `user_id` is the index with a minus before it is withheld: it belongs to no user.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
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

/// All indexes that were given, and to whom.
pub(super) async fn given(pool: &SqlitePool) -> Result<BTreeMap<KeyIndex, Option<UserId>>, StoreError> {
    let rows = sqlx::query("SELECT key_index, user_id FROM key_indexes").fetch_all(pool).await.map_err(backend)?;
    let mut given = BTreeMap::new();
    for row in rows {
        let (index, user): (i64, i64) =
            (row.try_get("key_index").map_err(backend)?, row.try_get("user_id").map_err(backend)?);
        // One that is out of range was given by nobody's program, and cannot be given either.
        if let Ok(index) = u32::try_from(index) {
            given.insert(KeyIndex(index), (user > 0).then_some(UserId(user)));
        }
    }
    Ok(given)
}

/// Withholds an index, unless a user with an address has it.
pub(super) async fn withhold(connection: &mut SqliteConnection, index: KeyIndex) -> Result<(), StoreError> {
    let statement = "INSERT INTO key_indexes (key_index, user_id) VALUES (?1, -?1) \
                     ON CONFLICT (key_index) DO UPDATE SET user_id = -key_index WHERE NOT EXISTS \
                     (SELECT 1 FROM Users u WHERE u.UserId = key_indexes.user_id AND u.MultiSigAddress <> '')";
    let index = i64::from(index.0);
    sqlx::query(statement).bind(index).execute(connection).await.map(drop).map_err(backend)
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
        None => match owner_of(connection, registration.key_index).await? {
            Some(owner) if owner > 0 => return Err(taken),
            _ => give(connection, id, registration.key_index).await?,
        },
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
    let statement = "INSERT INTO key_indexes (key_index, user_id) VALUES (?, ?) \
                     ON CONFLICT (key_index) DO UPDATE SET user_id = excluded.user_id WHERE user_id < 0";
    sqlx::query(statement).bind(i64::from(index.0)).bind(id.0).execute(connection).await.map(drop).map_err(backend)
}

//! Key indexes and registrations.
//!
//! A row of `key_indexes` whose `user_id` is the index with a minus before it is withheld: it belongs to no user.

use std::collections::BTreeMap;

use stakepool_core::accounts::{Registration, UserId};
use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::StoreError;

use super::change::ensure_account;
use crate::database::Database;
use crate::sql::{Failure, Fields, Transaction, sql};

/// The index of a user; where there is none yet, the smallest that was never given.
pub(super) async fn reserve(transaction: &mut Transaction, id: UserId, max: u32) -> Result<KeyIndex, Failure> {
    refuse_registered(transaction, id).await?;
    if let Some(index) = index_of(transaction, id).await? {
        return Ok(index);
    }
    // Either 1, or the index behind one that was given.
    let smallest: Option<i64> = transaction
        .number(&sql("SELECT MIN(candidate) FROM ( \
           SELECT CASE WHEN EXISTS (SELECT 1 FROM key_indexes WHERE key_index = 1) THEN NULL ELSE 1 END AS candidate \
           UNION ALL \
           SELECT given.key_index + 1 FROM key_indexes given WHERE given.key_index >= 1 \
           AND NOT EXISTS (SELECT 1 FROM key_indexes next WHERE next.key_index = given.key_index + 1) \
         ) AS free"))
        .await?;
    let smallest = smallest.and_then(|index| u32::try_from(index).ok()).filter(|index| *index <= max);
    let index = KeyIndex(smallest.ok_or(StoreError::Full(max))?);
    give(transaction, id, index).await?;
    Ok(index)
}

/// All indexes that were given, and to whom.
pub(super) async fn given(database: &Database) -> Result<BTreeMap<KeyIndex, Option<UserId>>, StoreError> {
    let rows = database.rows(&sql("SELECT key_index, user_id FROM key_indexes")).await?;
    let mut given = BTreeMap::new();
    for row in rows {
        let fields = Fields::new(&row, "key_indexes", "?");
        let (index, user): (i64, i64) = (fields.number("key_index")?, fields.number("user_id")?);
        // One that is out of range was given by nobody's program, and cannot be given either.
        if let Ok(index) = u32::try_from(index) {
            given.insert(KeyIndex(index), (user > 0).then_some(UserId(user)));
        }
    }
    Ok(given)
}

/// Withholds an index, unless a user with an address has it.
pub(super) async fn withhold(transaction: &mut Transaction, index: KeyIndex) -> Result<(), Failure> {
    let index = i64::from(index.0);
    let text = "UPDATE key_indexes SET user_id = -key_index WHERE key_index = ? AND NOT EXISTS \
                (SELECT 1 FROM Users u WHERE u.UserId = key_indexes.user_id AND u.MultiSigAddress <> '')";
    if transaction.execute(&sql(text).bind(index)).await? == 0 {
        let first = sql("INSERT INTO key_indexes (key_index, user_id) VALUES (?, ?)").bind(index).bind(-index);
        transaction.insert_new(&first).await?;
    }
    Ok(())
}

/// Withholds indexes with a note of that, unless one of them was given, or there is such a note: then false.
pub(super) async fn withhold_free(
    transaction: &mut Transaction,
    indexes: &[KeyIndex],
    note: &str,
    text: &str,
) -> Result<bool, Failure> {
    // Looked at first: what was inserted before a refusal would stay.
    let noted = sql("SELECT COUNT(*) FROM notes WHERE name = ?").bind(note);
    if transaction.number(&noted).await?.unwrap_or(0) > 0 {
        return Ok(false);
    }
    for index in indexes {
        if owner_of(transaction, *index).await?.is_some() {
            return Ok(false);
        }
    }
    for index in indexes {
        withhold(transaction, *index).await?;
    }
    keep_note(transaction, note, text).await?;
    Ok(true)
}

/// Lets users have indexes that are withheld, with a note of that.
pub(super) async fn release(
    transaction: &mut Transaction,
    indexes: &[KeyIndex],
    note: &str,
    text: &str,
) -> Result<(), Failure> {
    for index in indexes {
        let delete = sql("DELETE FROM key_indexes WHERE key_index = ? AND user_id < 0").bind(i64::from(index.0));
        transaction.execute(&delete).await?;
    }
    keep_note(transaction, note, text).await
}

async fn keep_note(transaction: &mut Transaction, name: &str, text: &str) -> Result<(), Failure> {
    let keep = sql("REPLACE INTO notes (name, text) VALUES (?, ?)").bind(name).bind(text);
    transaction.execute(&keep).await.map(drop)
}

/// Stores a registration. The index must be the user's reserved one, or, where none is reserved, one never given.
pub(super) async fn register(
    transaction: &mut Transaction,
    id: UserId,
    registration: &Registration,
) -> Result<(), Failure> {
    refuse_registered(transaction, id).await?;
    let taken = StoreError::IndexTaken(registration.key_index);
    let address = registration.address.to_string();
    let holder: Option<i64> =
        transaction.number(&sql("SELECT user_id FROM accounts WHERE address_key = ?").bind(address.as_str())).await?;
    if holder.is_some() {
        return Err(taken.into());
    }
    match index_of(transaction, id).await? {
        Some(index) if index == registration.key_index => {}
        Some(_) => return Err(taken.into()),
        None => match owner_of(transaction, registration.key_index).await? {
            Some(owner) if owner > 0 => return Err(taken.into()),
            _ => give(transaction, id, registration.key_index).await?,
        },
    }
    write(transaction, id, registration, &address).await
}

async fn write(
    transaction: &mut Transaction,
    id: UserId,
    registration: &Registration,
    address: &str,
) -> Result<(), Failure> {
    let network = registration.address.network();
    transaction
        .execute(
            &sql("UPDATE Users SET MultiSigAddress = ?, MultiSigScript = ?, PoolPubKeyAddr = ?, UserPubKeyAddr = ?, \
         UserFeeAddr = ?, HeightRegistered = ? WHERE UserId = ?")
            .bind(address)
            .bind(registration.script.to_string())
            .bind(registration.script.pool_address(network).to_string())
            .bind(registration.script.user_address(network).to_string())
            .bind(registration.fee_address.to_string())
            .bind(i64::from(registration.registered_at.0))
            .bind(id.0),
        )
        .await?;
    ensure_account(transaction, id).await?;
    transaction
        .execute(&sql("UPDATE accounts SET address_key = ? WHERE user_id = ?").bind(address).bind(id.0))
        .await
        .map(drop)
}

/// Fails where the user has an address, or does not exist.
async fn refuse_registered(transaction: &mut Transaction, id: UserId) -> Result<(), Failure> {
    let address = sql("SELECT MultiSigAddress FROM Users WHERE UserId = ?").bind(id.0);
    let row = transaction.row(&address).await?.ok_or(StoreError::NotFound("user"))?;
    match Fields::new(&row, "Users", id).text("MultiSigAddress")? {
        "" => Ok(()),
        _ => Err(StoreError::AlreadyRegistered(id).into()),
    }
}

async fn index_of(transaction: &mut Transaction, id: UserId) -> Result<Option<KeyIndex>, Failure> {
    let index: Option<i64> =
        transaction.number(&sql("SELECT key_index FROM key_indexes WHERE user_id = ?").bind(id.0)).await?;
    let corrupt = |_| StoreError::Corrupt {
        what: format!("value (table key_indexes, row of user {id}, column key_index)"),
        reason: "it is out of range".to_owned(),
    };
    Ok(index.map(|index| u32::try_from(index).map(KeyIndex).map_err(corrupt)).transpose()?)
}

async fn owner_of(transaction: &mut Transaction, index: KeyIndex) -> Result<Option<i64>, Failure> {
    transaction.number(&sql("SELECT user_id FROM key_indexes WHERE key_index = ?").bind(i64::from(index.0))).await
}

/// Gives an index that was free, or withheld, when this transaction read it.
async fn give(transaction: &mut Transaction, id: UserId, index: KeyIndex) -> Result<(), Failure> {
    let (number, user) = (i64::from(index.0), id.0);
    let first = sql("INSERT INTO key_indexes (key_index, user_id) VALUES (?, ?)").bind(number).bind(user);
    if transaction.insert_new(&first).await? {
        return Ok(());
    }
    let withheld =
        sql("UPDATE key_indexes SET user_id = ? WHERE key_index = ? AND user_id < 0").bind(user).bind(number);
    match transaction.execute(&withheld).await? {
        // It was free a moment ago, and the next try sees whose it is.
        0 => Err(Failure::Contended),
        _ => Ok(()),
    }
}

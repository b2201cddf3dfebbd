//! The users: the predecessor's rows with ours beside them.

mod change;
mod find;
mod read;
mod register;

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use stakepool_core::accounts::{Email, EmailState, Registration, User, UserId};
use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::{NewUser, StoreError, UserStore};
use stakepool_core::store_rules::email_key;

use self::find::{find, holder_of_email};
pub(super) use self::read::user as user_of_row;
use self::read::{select_users, user};
use super::Database;
use super::failure::backend;
use super::row::limit;

#[async_trait]
impl UserStore for Database {
    async fn create(&self, user: NewUser) -> Result<UserId, StoreError> {
        let mut transaction = self.write().await?;
        let key = email_key(user.email.as_str());
        if holder_of_email(&mut *transaction, &key).await?.is_some() {
            return Err(StoreError::EmailTaken);
        }
        let id = next_id(&mut transaction).await?;
        insert(&mut transaction, id, &key, &user).await?;
        transaction.commit().await.map_err(backend)?;
        Ok(id)
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        find(self.readers(), id).await
    }

    async fn by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let row = sqlx::query(select_users!("WHERE a.email_key = ?"))
            .bind(email_key(email.as_str()))
            .fetch_optional(self.readers())
            .await
            .map_err(backend)?;
        row.as_ref().map(user).transpose()
    }

    async fn registered(&self) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query(select_users!("WHERE u.MultiSigAddress <> '' ORDER BY u.UserId"))
            .fetch_all(self.readers())
            .await
            .map_err(backend)?;
        Ok(rows.iter().filter_map(|row| user(row).or_else(|error| self.made_do(row, error)).ok()).collect())
    }

    async fn list(&self, after: UserId, most: u64) -> Result<Vec<User>, StoreError> {
        let rows = sqlx::query(select_users!("WHERE u.UserId > ? ORDER BY u.UserId LIMIT ?"))
            .bind(after.0)
            .bind(limit(most))
            .fetch_all(self.readers())
            .await
            .map_err(backend)?;
        rows.iter().map(user).collect()
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        let row = sqlx::query("SELECT COUNT(*), COUNT(CASE WHEN MultiSigAddress <> '' THEN 1 END) FROM Users")
            .fetch_one(self.readers())
            .await
            .map_err(backend)?;
        let count = |column: usize| row.try_get::<i64, _>(column).map(i64::unsigned_abs).map_err(backend);
        Ok((count(0)?, count(1)?))
    }

    async fn reserve_index(&self, id: UserId, max: u32) -> Result<KeyIndex, StoreError> {
        let mut transaction = self.write().await?;
        let index = register::reserve(&mut transaction, id, max).await?;
        transaction.commit().await.map_err(backend)?;
        Ok(index)
    }

    async fn key_indexes(&self) -> Result<BTreeMap<KeyIndex, Option<UserId>>, StoreError> {
        register::given(self.readers()).await
    }

    async fn withhold_indexes(&self, indexes: &[KeyIndex]) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        for index in indexes {
            register::withhold(&mut transaction, *index).await?;
        }
        transaction.commit().await.map_err(backend)
    }

    async fn register(&self, id: UserId, registration: &Registration) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        register::register(&mut transaction, id, registration).await?;
        transaction.commit().await.map_err(backend)
    }

    async fn update(&self, before: &User, after: &User) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        change::update(&mut transaction, before, after).await?;
        transaction.commit().await.map_err(backend)
    }
}

impl Database {
    /// What can be had of a registered user whose row cannot be read. One such row must not take the votes from all
    /// others. Each is logged once, by its name.
    fn made_do(&self, row: &SqliteRow, error: StoreError) -> Result<User, StoreError> {
        let made_do = read::registered_at_least(row);
        let consequence = match &made_do {
            Some(_) => "the user's tickets are voted all the same, with default bits where the bits cannot be read",
            None => "voting daemons do not learn the user's address",
        };
        self.log_once(&error, consequence);
        made_do.ok_or(error)
    }
}

/// A number above all that were ever given: rows of our tables stay where a user's row was deleted by hand.
async fn next_id(connection: &mut SqliteConnection) -> Result<UserId, StoreError> {
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(id) FROM (SELECT MAX(UserId) AS id FROM Users \
         UNION ALL SELECT MAX(user_id) FROM accounts UNION ALL SELECT MAX(user_id) FROM key_indexes) AS numbers",
    )
    .fetch_one(connection)
    .await
    .map_err(backend)?;
    let next = last.unwrap_or(0).max(0).checked_add(1);
    next.map(UserId).ok_or_else(|| StoreError::Backend("all numbers of users are given".to_owned()))
}

async fn insert(connection: &mut SqliteConnection, id: UserId, key: &str, user: &NewUser) -> Result<(), StoreError> {
    let state = if user.verified { EmailState::Verified } else { EmailState::Unverified };
    sqlx::query(
        "INSERT INTO Users (UserId, Email, Username, Password, MultiSigAddress, MultiSigScript, PoolPubKeyAddr, \
         UserPubKeyAddr, UserFeeAddr, HeightRegistered, EmailVerified, EmailToken, APIToken, VoteBits, VoteBitsVersion) \
         VALUES (?, ?, ?, ?, '', '', '', '', '', 0, ?, '', '', ?, ?)",
    )
    .bind(id.0)
    .bind(user.email.as_str())
    .bind(user.email.as_str())
    .bind(user.password.bcrypt.as_deref().unwrap_or_default().as_bytes())
    .bind(read::email_verified(state))
    .bind(i64::from(user.voting.bits.0))
    .bind(i64::from(user.voting.version.0))
    .execute(&mut *connection)
    .await
    .map_err(backend)?;
    sqlx::query("INSERT INTO accounts (user_id, email_key, argon2, created, admin) VALUES (?, ?, ?, ?, ?)")
        .bind(id.0)
        .bind(key)
        .bind(user.password.argon2.as_deref().unwrap_or_default())
        .bind(user.created.0)
        .bind(user.admin)
        .execute(connection)
        .await
        .map(drop)
        .map_err(backend)
}

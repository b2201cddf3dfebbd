//! The users: the predecessor's rows with ours beside them.

mod change;
mod find;
mod read;
mod register;

use std::collections::BTreeMap;

use async_trait::async_trait;
use stakepool_core::accounts::{Email, EmailState, Registration, User, UserId};
use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::{NewUser, StoreError, UserStore};
use stakepool_core::store_rules::email_key;

use self::find::{by_id, holder_of_email};
pub(super) use self::read::user as user_of_row;
use self::read::{select_users, user};
use crate::database::Database;
use crate::retries::transaction;
use crate::sql::{Failure, Fields, Row, Transaction, Turn, limit, sql};

/// How many users are read at a time: a row holds many times the memory of its user.
const AT_A_TIME: usize = 1_000;

#[async_trait]
impl UserStore for Database {
    async fn create(&self, user: NewUser) -> Result<UserId, StoreError> {
        let key = email_key(user.email.as_str());
        transaction!(self.writes(Turn::Users), |transaction| {
            if holder_of_email(transaction, &key).await?.is_some() {
                return Err(StoreError::EmailTaken.into());
            }
            let id = next_id(transaction).await?;
            insert(transaction, id, &key, &user).await?;
            Ok(id)
        })
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.row(&by_id(id)).await?.as_ref().map(user).transpose()
    }

    async fn by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let row = self.row(&sql(select_users!("WHERE a.email_key = ?")).bind(email_key(email.as_str()))).await?;
        row.as_ref().map(user).transpose()
    }

    async fn registered(&self) -> Result<Vec<User>, StoreError> {
        let mut users = Vec::new();
        let mut after = i64::MIN;
        loop {
            let page = sql(select_users!("WHERE u.MultiSigAddress <> '' AND u.UserId > ? ORDER BY u.UserId LIMIT ?"));
            let rows = self.rows(&page.bind(after).bind(limit(AT_A_TIME as u64))).await?;
            users.extend(rows.iter().filter_map(|row| user(row).or_else(|error| self.made_do(row, error)).ok()));
            match rows.last() {
                Some(last) if rows.len() == AT_A_TIME => after = Fields::new(last, "Users", "?").number("UserId")?,
                _ => return Ok(users),
            }
        }
    }

    async fn list(&self, after: UserId, most: u64) -> Result<Vec<User>, StoreError> {
        let rows = self
            .rows(&sql(select_users!("WHERE u.UserId > ? ORDER BY u.UserId LIMIT ?")).bind(after.0).bind(limit(most)))
            .await?;
        rows.iter().map(user).collect()
    }

    async fn counts(&self) -> Result<(u64, u64), StoreError> {
        let row = self.row(&sql("SELECT COUNT(*) AS everybody, COUNT(CASE WHEN MultiSigAddress <> '' THEN 1 END) AS registered FROM Users")).await?;
        let Some(row) = row else { return Ok((0, 0)) };
        let fields = Fields::new(&row, "Users", "(all)");
        Ok((fields.number("everybody")?, fields.number("registered")?))
    }

    async fn reserve_index(&self, id: UserId, max: u32) -> Result<KeyIndex, StoreError> {
        transaction!(self.writes(Turn::Users), |transaction| register::reserve(transaction, id, max).await)
    }

    async fn key_indexes(&self) -> Result<BTreeMap<KeyIndex, Option<UserId>>, StoreError> {
        register::given(self).await
    }

    async fn withhold_indexes(&self, indexes: &[KeyIndex]) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::Users), |transaction| {
            for index in indexes {
                register::withhold(transaction, *index).await?;
            }
            Ok(())
        })
    }

    async fn withhold_free_indexes(&self, indexes: &[KeyIndex], note: &str, text: &str) -> Result<bool, StoreError> {
        transaction!(self.writes(Turn::Users), |transaction| {
            register::withhold_free(transaction, indexes, note, text).await
        })
    }

    async fn release_indexes(&self, indexes: &[KeyIndex], note: &str, text: &str) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::Users), |transaction| {
            register::release(transaction, indexes, note, text).await
        })
    }

    async fn register(&self, id: UserId, registration: &Registration) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::Users), |transaction| {
            register::register(transaction, id, registration).await
        })
    }

    async fn update(&self, before: &User, after: &User) -> Result<(), StoreError> {
        transaction!(self.writes(Turn::Users), |transaction| change::update(transaction, before, after).await)
    }
}

impl Database {
    /// What can be had of a registered user whose row cannot be read. One such row must not take the votes from all
    /// others. Each is logged once, by its name.
    fn made_do(&self, row: &Row, error: StoreError) -> Result<User, StoreError> {
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
async fn next_id(transaction: &mut Transaction) -> Result<UserId, Failure> {
    let last: Option<i64> = transaction
        .number(&sql("SELECT MAX(id) FROM (SELECT MAX(UserId) AS id FROM Users \
         UNION ALL SELECT MAX(user_id) FROM accounts UNION ALL SELECT MAX(user_id) FROM key_indexes) AS numbers"))
        .await?;
    let next = last.unwrap_or(0).max(0).checked_add(1);
    next.map(UserId).ok_or_else(|| StoreError::Backend("all numbers of users are given".to_owned()).into())
}

async fn insert(transaction: &mut Transaction, id: UserId, key: &str, user: &NewUser) -> Result<(), Failure> {
    let state = if user.verified { EmailState::Verified } else { EmailState::Unverified };
    transaction.execute(&sql("INSERT INTO Users (UserId, Email, Username, Password, MultiSigAddress, MultiSigScript, PoolPubKeyAddr, \
         UserPubKeyAddr, UserFeeAddr, HeightRegistered, EmailVerified, EmailToken, APIToken, VoteBits, VoteBitsVersion) \
         VALUES (?, ?, ?, ?, '', '', '', '', '', 0, ?, '', '', ?, ?)").bind(id.0).bind(user.email.as_str()).bind(user.email.as_str()).bind(user.password.bcrypt.as_deref().unwrap_or_default().as_bytes()).bind(read::email_verified(state)).bind(i64::from(user.voting.bits.0)).bind(i64::from(user.voting.version.0))).await?;
    transaction
        .execute(
            &sql("INSERT INTO accounts (user_id, email_key, argon2, created, admin, bcrypt) VALUES (?, ?, ?, ?, ?, ?)")
                .bind(id.0)
                .bind(key)
                .bind(user.password.argon2.as_deref().unwrap_or_default())
                .bind(user.created.0)
                .bind(user.admin)
                .bind(user.password.bcrypt.as_deref().unwrap_or_default().as_bytes()),
        )
        .await
        .map(drop)
}

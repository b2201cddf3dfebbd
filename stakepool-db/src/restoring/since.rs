//! What one database has and an earlier copy of it has not.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row as _};
use stakepool_core::accounts::UserId;

use crate::error::DbError;
use crate::sqlite::{SqliteFile, check, open_error};

/// How many lines of the audit log are given, the latest ones.
const MOST_AUDIT: usize = 20;

/// What one database has and an earlier copy of it has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// Users who are not in the copy, or have no address there.
    pub users: Vec<LostUser>,
    /// How many tickets.
    pub tickets: usize,
    /// How many open sessions: these users have to sign in again.
    pub sessions: usize,
    /// How many lines of the audit log.
    pub audit_lines: usize,
    /// The latest of them: when, who, what, about whom.
    pub audit: Vec<AuditLine>,
    /// All notes of the database, by name and text, whether the copy has them or not.
    pub notes: Vec<(String, String)>,
}

/// A user whom, or whose address, an earlier copy does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostUser {
    /// The number.
    pub id: UserId,
    /// The e-mail address.
    pub email: String,
    /// The multisig address; `None` where the user had none.
    pub address: Option<String>,
    /// Whether the copy has the user, without this address.
    pub is_known: bool,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When, in Unix seconds.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// About whom or what.
    pub subject: String,
}

/// A connection that only reads, so that neither the file nor its log changes.
async fn read_only(path: &Path) -> Result<SqliteConnection, DbError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    options.connect().await.map_err(|error| open_error(path, &error))
}

/// What the database at a path has that `copy` has not.
pub(super) async fn compare(old: &Path, copy: &SqliteFile) -> Result<Since, DbError> {
    let failed = |error: sqlx::Error| open_error(old, &error);
    let mut connection = read_only(old).await?;
    check(old, &mut connection).await?;
    let mut copied = copy.reader().await.map_err(failed)?;
    let mut since =
        Since { users: lost_users(&mut connection, &mut copied).await.map_err(failed)?, ..Since::default() };
    let mut lost = async |query: &'static str| -> Result<usize, sqlx::Error> {
        let known: HashSet<Vec<u8>> = sqlx::query_scalar(query).fetch_all(&mut *copied).await?.into_iter().collect();
        let all: Vec<Vec<u8>> = sqlx::query_scalar(query).fetch_all(&mut connection).await?;
        Ok(all.iter().filter(|key| !known.contains(*key)).count())
    };
    since.tickets = lost("SELECT CAST(ticket AS BLOB) FROM tickets").await.map_err(failed)?;
    since.sessions = lost("SELECT token_hash FROM sessions").await.map_err(failed)?;
    let last: i64 =
        sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM audit").fetch_one(&mut *copied).await.map_err(failed)?;
    let rows = sqlx::query("SELECT at, actor, action, subject FROM audit WHERE id > ? ORDER BY id DESC")
        .bind(last)
        .fetch_all(&mut connection)
        .await
        .map_err(failed)?;
    since.audit_lines = rows.len();
    let line = |row: &sqlx::sqlite::SqliteRow| {
        let (at, actor) = (row.try_get("at")?, row.try_get("actor")?);
        Ok(AuditLine { at, actor, action: row.try_get("action")?, subject: row.try_get("subject")? })
    };
    since.audit = rows.iter().take(MOST_AUDIT).map(line).collect::<Result<_, sqlx::Error>>().map_err(failed)?;
    since.notes = sqlx::query_as("SELECT name, text FROM notes").fetch_all(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(since)
}

async fn lost_users(old: &mut SqliteConnection, copy: &mut SqliteConnection) -> Result<Vec<LostUser>, sqlx::Error> {
    const USERS: &str = "SELECT UserId, Email, MultiSigAddress FROM Users ORDER BY UserId";
    let read = |rows: Vec<sqlx::sqlite::SqliteRow>| {
        let user = |row: &sqlx::sqlite::SqliteRow| {
            let (id, email): (i64, String) = (row.try_get("UserId")?, row.try_get("Email")?);
            let address: Option<String> = row.try_get("MultiSigAddress")?;
            Ok((id, email, address.filter(|address| !address.is_empty())))
        };
        rows.iter().map(user).collect::<Result<Vec<_>, sqlx::Error>>()
    };
    let copied = read(sqlx::query(USERS).fetch_all(copy).await?)?;
    let copied: HashMap<i64, (String, Option<String>)> =
        copied.into_iter().map(|(id, email, address)| (id, (email, address))).collect();
    let lost = read(sqlx::query(USERS).fetch_all(old).await?)?.into_iter().filter_map(|(id, email, address)| {
        let known = copied.get(&id);
        let is_whole = known.is_some_and(|(_, known)| *known == address || address.is_none());
        (!is_whole).then(|| LostUser { id: UserId(id), email, address, is_known: known.is_some() })
    });
    Ok(lost.collect())
}

/// The fee keys of wallets of today, with the index that each gives next and whether it is retired. A database of an earlier version
/// has none.
async fn fee_keys(connection: &mut SqliteConnection) -> Result<Vec<(String, i64, i64, i64)>, sqlx::Error> {
    const TABLE: &str = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'vsp_fee_keys'";
    if sqlx::query_scalar::<_, i64>(TABLE).fetch_one(&mut *connection).await? == 0 {
        return Ok(Vec::new());
    }
    sqlx::query_as("SELECT fee_key, next_index, retired, added FROM vsp_fee_keys").fetch_all(connection).await
}

/// Notes in `copy` which numbers of users, key indexes and fee addresses were given in the database at a path, and which fee keys
/// were retired.
pub(super) async fn keep_numbers(old: &Path, copy: &SqliteFile) -> Result<(), DbError> {
    let failed = |error: sqlx::Error| open_error(old, &error);
    let mut connection = read_only(old).await?;
    let users: Vec<i64> = sqlx::query_scalar("SELECT user_id FROM accounts UNION SELECT UserId FROM Users")
        .fetch_all(&mut connection)
        .await
        .map_err(failed)?;
    let indexes: Vec<(i64, i64)> = sqlx::query_as("SELECT key_index, user_id FROM key_indexes")
        .fetch_all(&mut connection)
        .await
        .map_err(failed)?;
    let fee_keys = fee_keys(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    let failed = |error: sqlx::Error| open_error(copy.path(), &error);
    let mut transaction = copy.write().await.map_err(failed)?;
    for user in users {
        sqlx::query("INSERT OR IGNORE INTO accounts (user_id) VALUES (?)")
            .bind(user)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    for (index, user) in indexes {
        sqlx::query("INSERT OR IGNORE INTO key_indexes (key_index, user_id) VALUES (?, ?)")
            .bind(index)
            .bind(user)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    for (key, next, retired, added) in fee_keys {
        sqlx::query(
            "INSERT INTO vsp_fee_keys (fee_key, next_index, retired, added) VALUES (?, ?, ?, ?) ON CONFLICT (fee_key) DO \
             UPDATE SET next_index = MAX(next_index, excluded.next_index), retired = MAX(retired, excluded.retired)",
        )
        .bind(key)
        .bind(next)
        .bind(retired)
        .bind(added)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

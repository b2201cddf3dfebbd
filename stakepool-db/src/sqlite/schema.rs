//! The tables: what must be there before, and how they come up to date.

use std::path::Path;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::failure::open_error;
use super::stale_log;
use crate::adopt;
use crate::copy_mark;
use crate::error::DbError;
use crate::gaps;
use crate::purpose::Purpose;
use crate::sql::{Failure, Transaction, sql};
use crate::warning::Warning;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The columns of the predecessor's tables in its last version.
const PREDECESSOR: [(&str, &[&str]); 4] = [
    (
        "Users",
        &[
            "UserId",
            "Email",
            "Username",
            "Password",
            "MultiSigAddress",
            "MultiSigScript",
            "PoolPubKeyAddr",
            "UserPubKeyAddr",
            "UserFeeAddr",
            "HeightRegistered",
            "EmailVerified",
            "EmailToken",
            "APIToken",
            "VoteBits",
            "VoteBitsVersion",
        ],
    ),
    (
        "LowFeeTicket",
        &["LowFeeTicketID", "AddedByUid", "TicketAddress", "TicketHash", "TicketExpiry", "Voted", "Created", "Expires"],
    ),
    ("EmailChange", &["EmailChangeID", "UserId", "NewEmail", "Token", "Created", "Expires"]),
    ("PasswordReset", &["PasswordResetID", "UserId", "Token", "Created", "Expires"]),
];

/// The latest schema that this program knows.
pub(super) fn known() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Makes the tables of this version in an empty database.
pub(super) async fn make_tables(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    MIGRATIONS.run(connection).await.map_err(|error| sqlx::Error::Migrate(Box::new(error)))
}

/// Tables that this program has on servers alone.
pub(super) const ON_SERVERS_ALONE: [&str; 2] = ["turns", "operations"];

/// Which migrations a file has had, of which these are the tables.
pub(super) async fn versions(connection: &mut SqliteConnection, tables: &[&str]) -> Result<Vec<i64>, sqlx::Error> {
    if !tables.contains(&"_sqlx_migrations") {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations").fetch_all(connection).await
}

/// Fails where a file is not a pool's, or not up to date.
pub(super) async fn refuse_unready(path: &Path, connection: &mut SqliteConnection) -> Result<(), DbError> {
    let failed = |error: sqlx::Error| open_error(path, &error);
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let names: Vec<&str> = tables.iter().map(String::as_str).collect();
    let versions = versions(connection, &names).await.map_err(failed)?;
    let found = versions.iter().max().copied().unwrap_or(0);
    let is_ours = versions.contains(&1) && ["Users", "accounts", "notes"].iter().all(|table| names.contains(table));
    if found > known() {
        return Err(DbError::Newer { path: path.to_owned(), found, known: known() });
    }
    if !is_ours || found < known() {
        let reason = match versions.is_empty() {
            true => "it has no tables of a pool",
            false => {
                "its tables are those of an earlier version: start stakepool-web of this version once, which brings them \
                      up to date"
            }
        };
        return Err(DbError::NotReady { path: path.to_owned(), reason: reason.to_owned() });
    }
    Ok(())
}

/// Brings the tables up to date and, unless it is opened to be copied into, gives rows of the predecessor their keys, all in
/// one transaction that no other process can come between: after an error the file is as it was.
pub(super) async fn bring_up_to_date(
    path: &Path,
    writer: &SqlitePool,
    purpose: Purpose,
) -> Result<Vec<Warning>, DbError> {
    let failed = |error: sqlx::Error| open_error(path, &error);
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    check_predecessor(path, &mut transaction).await?;
    MIGRATIONS.run(&mut *transaction).await.map_err(|error| migration_error(path, &error))?;
    // Also a write at each start, so that a file that cannot be written is reported now.
    stale_log::count(&mut transaction).await.map_err(failed)?;
    let of_rows = |failure| match failure {
        Failure::Sql(error) => open_error(path, &error),
        other => DbError::Failed { path: path.to_owned(), reason: super::store_error(other).to_string() },
    };
    let mut transaction = Transaction::Sqlite(transaction);
    if purpose == Purpose::Copy {
        transaction.commit().await.map_err(of_rows)?;
        return Ok(Vec::new());
    }
    if let Some(source) = copy_mark::source_of_unfinished(&mut transaction).await.map_err(of_rows)? {
        return Err(DbError::UnfinishedCopy { place: path.display().to_string(), source_place: source });
    }
    let next = next_number(&mut transaction).await.map_err(of_rows)?;
    gaps::withhold(&mut transaction, next).await.map_err(of_rows)?;
    let warnings = adopt::adopt(&mut transaction).await.map_err(of_rows)?;
    transaction.commit().await.map_err(of_rows)?;
    Ok(warnings)
}

/// The number that the table of users would give next. A converted table need not remember which it gave last.
async fn next_number(transaction: &mut Transaction) -> Result<i64, Failure> {
    let last = sql("SELECT MAX(id) FROM (SELECT MAX(UserId) AS id FROM Users \
         UNION ALL SELECT seq FROM sqlite_sequence WHERE name = 'Users') AS numbers");
    Ok(transaction.number(&last).await?.unwrap_or(0).saturating_add(1))
}

/// A table of an old version of the predecessor would be taken for a good one, since it exists.
async fn check_predecessor(path: &Path, connection: &mut SqliteConnection) -> Result<(), DbError> {
    for (table, columns) in PREDECESSOR {
        let found: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?)")
            .bind(table)
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| open_error(path, &error))?;
        let has = |column: &str| found.iter().any(|name| name.eq_ignore_ascii_case(column));
        if let Some(column) = columns.iter().find(|column| !found.is_empty() && !has(column)) {
            return Err(DbError::MissingColumn { path: path.to_owned(), table, column });
        }
    }
    Ok(())
}

fn migration_error(path: &Path, error: &MigrateError) -> DbError {
    match error {
        MigrateError::VersionMissing(found) if *found > known() => {
            DbError::Newer { path: path.to_owned(), found: *found, known: known() }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => open_error(path, error),
        other => DbError::Foreign { path: path.to_owned(), reason: other.to_string() },
    }
}

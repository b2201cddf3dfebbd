//! A file, looked at without a change.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions};

use super::failure::open_error;
use super::holder::Holder;
use super::{check, connect, schema, stale_log};
use crate::error::DbError;
use crate::inspection::{
    Configured, Defect, FoundColumn, FoundTable, Inspection, Severity, TableFacts, judge_copy, judge_rows, judge_tables,
};
use crate::layout::Layout;
use crate::sql::{Failure, Transaction};

/// Tables in which this program, or SQLite, keeps what it has done.
const INTERNAL: [&str; 3] = ["_sqlx_migrations", "schema_notes", "sqlite_sequence"];

/// Connections that only read, so that neither the file nor its log changes.
pub(crate) async fn read_only(path: &Path) -> Result<SqlitePool, DbError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).row_buffer_size(connect::ROWS);
    // The one connection stays: whether others wrote is only seen by the same.
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    pool.connect_with(options).await.map_err(|error| open_error(path, &error))
}

/// Looks through a file, and changes nothing. `layouts` are the tables that a pool has.
pub(crate) async fn inspect(path: &Path, layouts: Vec<Layout>, configured: &Configured) -> Result<Inspection, DbError> {
    let path = std::path::absolute(path)
        .map_err(|error| DbError::File { path: path.to_owned(), reason: error.to_string() })?;
    let found = fs::metadata(&path).map_err(|error| DbError::File { path: path.clone(), reason: error.to_string() })?;
    stale_log::refuse(&path).await?;
    let mut defects = of_file(&path, found.mode() & 0o777);
    let pool = read_only(&path).await?;
    let looked = look(&path, &pool, layouts, configured, &mut defects).await;
    pool.close().await;
    let users = looked?;
    Ok(Inspection::new(path.display().to_string(), users, defects))
}

fn of_file(path: &Path, mode: u32) -> Vec<Defect> {
    let mut defects = Vec::new();
    if mode & 0o004 != 0 {
        let text = format!("other users of this computer may read it (its permissions are {mode:04o})");
        let remedy = format!("chmod 600 {}", path.display());
        defects.push(Defect::new(Severity::Warning, "readable", "file", text).remedy(remedy));
    }
    if let Ok(Some(holder)) = Holder::of(path) {
        defects.push(Defect::new(Severity::Note, "sessions", "file", format!("{holder} has it open")));
    }
    defects
}

async fn look(
    path: &Path,
    pool: &SqlitePool,
    layouts: Vec<Layout>,
    configured: &Configured,
    defects: &mut Vec<Defect>,
) -> Result<u64, DbError> {
    let failed = |error: sqlx::Error| open_error(path, &error);
    let mut transaction = pool.begin().await.map_err(failed)?;
    check(path, &mut transaction).await?;
    let tables = tables(&mut transaction, layouts).await.map_err(failed)?;
    defects.extend(schema_defect(&mut transaction, &tables).await.map_err(failed)?);
    defects.extend(judge_tables(&tables));
    let has = |name: &str| tables.found.iter().any(|table| table.name.eq_ignore_ascii_case(name));
    let users = tables.expected.iter().find(|layout| layout.name == "Users").filter(|_| has("Users"));
    let is_whole = !defects.iter().any(|defect| defect.kind == "missing_column" && defect.severity == Severity::Error);
    let mut transaction = Transaction::Sqlite(transaction);
    let rows =
        judge_rows(&mut transaction, users.filter(|_| is_whole), has("key_indexes"), has("LowFeeTicket"), configured)
            .await;
    let of_failure = |failure| match failure {
        Failure::Sql(error) => failed(error),
        other => DbError::Failed { path: path.to_owned(), reason: super::store_error(other).to_string() },
    };
    let (count, of_rows) = rows.map_err(of_failure)?;
    defects.extend(judge_copy(&mut transaction, &tables).await.map_err(of_failure)?);
    defects.extend(of_rows);
    Ok(count)
}

async fn tables(connection: &mut SqliteConnection, expected: Vec<Layout>) -> Result<TableFacts, sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .fetch_all(&mut *connection)
        .await?;
    let mut found = Vec::new();
    for name in names {
        let columns = sqlx::query("SELECT name, pk FROM pragma_table_info(?)").bind(&name).fetch_all(&mut *connection);
        let columns = columns.await?;
        let columns = columns.iter().map(|row| {
            let is_key = row.try_get::<i64, _>("pk")? > 0;
            Ok(FoundColumn { name: row.try_get("name")?, is_key, ..FoundColumn::default() })
        });
        let columns = columns.collect::<Result<_, sqlx::Error>>()?;
        found.push(FoundTable { name, columns, ..FoundTable::default() });
    }
    let names: Vec<&str> = found.iter().map(|table| table.name.as_str()).collect();
    let is_current = schema::versions(connection, &names).await?.contains(&schema::known());
    // Where all was made, all must be there.
    let made: BTreeSet<String> = if is_current {
        let tables = expected.iter().map(|layout| format!("table {}", layout.name));
        let columns = expected
            .iter()
            .filter(|layout| layout.is_ours)
            .flat_map(|layout| layout.columns.iter().map(|column| format!("column {}.{}", layout.name, column.name)));
        tables.chain(columns).collect()
    } else {
        // What an earlier version made lacks no more than the rest of the schema does.
        found.iter().map(|table| format!("table {}", table.name)).collect()
    };
    // What only a server needs.
    let expected = expected.into_iter().filter(|layout| !schema::ON_SERVERS_ALONE.contains(&layout.name)).collect();
    Ok(TableFacts {
        found,
        expected,
        internal: &INTERNAL,
        made,
        additions: BTreeSet::new(),
        is_server: false,
        has_cases: false,
    })
}

async fn schema_defect(connection: &mut SqliteConnection, tables: &TableFacts) -> Result<Option<Defect>, sqlx::Error> {
    let names: Vec<&str> = tables.found.iter().map(|table| table.name.as_str()).collect();
    let versions = schema::versions(connection, &names).await?;
    let (found, known) = (versions.iter().max().copied().unwrap_or(0), schema::known());
    let said = |severity, text: String| Defect::new(severity, "schema", "database", text);
    Ok(match found {
        _ if found > known => Some(
            said(Severity::Error, format!("it has schema {found}, and this program knows schemas up to {known}"))
                .remedy("install the newer version again, or restore the backup from before the upgrade"),
        ),
        _ if found < known => Some(said(
            Severity::Note,
            format!("it has schema {found}; the start of stakepool-web brings it to {known}"),
        )),
        _ => None,
    })
}

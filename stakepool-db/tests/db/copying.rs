//! A pool goes from one database to another and back, and is cut off on the way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, ValueRef as _};
use stakepool_core::ports::{LedgerStore as _, UserStore as _};
use stakepool_core::testkit::samples::{NOW, new_user, report};
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::{
    Copied, CopyEnd, CopyStep, Database, DbError, Existing, Meanwhile, Restorable, Severity, SqliteOptions,
    back_up_server, copy,
};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::inspecting::{configured, kinds};
use crate::mysql::MariaDbFixture;

/// Tickets, so that no piece is all of them.
const TICKETS: i64 = 5200;
/// Rows of other large tables.
const ROWS: i64 = 2300;

async fn connection(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).connect().await.unwrap()
}

async fn open(path: &Path) -> Result<Database, DbError> {
    Database::open_sqlite(path, SqliteOptions::default()).await
}

/// The tables of a file that a pool lives on, with their columns and types.
async fn tables(connection: &mut SqliteConnection) -> BTreeMap<String, Vec<(String, String)>> {
    let internal = ["_sqlx_migrations", "schema_notes", "sqlite_sequence", "leases", "write_tries"];
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let names: Vec<String> = sqlx::query_scalar(names).fetch_all(&mut *connection).await.unwrap();
    let mut tables = BTreeMap::new();
    for name in names.into_iter().filter(|name| !internal.contains(&name.as_str())) {
        let columns = sqlx::query("SELECT name, type FROM pragma_table_info(?)").bind(&name);
        let columns = columns.fetch_all(&mut *connection).await.unwrap();
        tables.insert(name, columns.iter().map(|row| (row.get(0), row.get(1))).collect());
    }
    tables
}

/// A pool with rows in every table that there is, whoever made it.
async fn filled(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("source.sqlite");
    open(&path).await.unwrap().close().await;
    let mut connection = connection(&path).await;
    for (table, columns) in tables(&mut connection).await {
        let rows = match table.as_str() {
            "tickets" => TICKETS,
            "votes" | "Users" => ROWS,
            _ => 7,
        };
        let value = |(name, kind): &(String, String)| match kind.to_uppercase() {
            _ if table == "Users" && name == "Username" => "NULL".to_owned(),
            kind if kind.contains("INT") => "number.n".to_owned(),
            kind if kind.contains("BLOB") || kind == "ANY" => "CAST(X'00FF27' || number.n AS BLOB)".to_owned(),
            _ => "'tést🐙 ''\\' || number.n".to_owned(),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("`{name}`")).collect();
        let insert = format!(
            "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {rows}) \
             INSERT INTO {table} ({}) SELECT {} FROM number",
            names.join(", "),
            values.join(", ")
        );
        sqlx::query(AssertSqlSafe(insert)).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
    path
}

/// Every value of every row of a file, as SQLite shows it.
async fn content(path: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut connection = connection(path).await;
    let mut content = BTreeMap::new();
    for (table, columns) in tables(&mut connection).await {
        let quoted: Vec<String> = columns.iter().map(|(name, _)| format!("quote(`{name}`)")).collect();
        let all = format!("SELECT {} FROM {table} ORDER BY 1, 2", quoted.join(", "));
        let rows = sqlx::query(AssertSqlSafe(all)).fetch_all(&mut connection).await.unwrap();
        let row = |row: &sqlx::sqlite::SqliteRow| {
            (0..columns.len())
                .map(|column| match row.try_get_raw(column).unwrap().is_null() {
                    true => "NULL".to_owned(),
                    false => row.get(column),
                })
                .collect()
        };
        content.insert(table, rows.iter().map(row).collect());
    }
    content
}

/// The indexes of a file, as they were made.
async fn indexes(path: &Path) -> Vec<String> {
    let texts = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
    sqlx::query_scalar(texts).fetch_all(&mut connection(path).await).await.unwrap()
}

async fn copied(from: &CopyEnd, to: &CopyEnd) -> Copied {
    copy(from, to, Meanwhile::LeftOut, &mut |_| {}).await.unwrap()
}

/// Copies until so many times was said how far it is, and is then gone as after a kill. True where it came to its end.
async fn cut_off(from: &CopyEnd, to: &CopyEnd, after: usize) -> bool {
    let cut = Arc::new(Notify::new());
    let mut said = 0;
    let mut tell = |_| {
        said += 1;
        if said > after {
            cut.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = cut.notified() => false,
        copied = copy(from, to, Meanwhile::LeftOut, &mut tell) => copied.map(|_| true).unwrap(),
    }
}

#[tokio::test]
async fn a_file_is_copied_with_every_row_and_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(&folder).await;
    let before = fs::read(&source).unwrap();
    let target = folder.path().join("target.sqlite");
    let copied = copied(&CopyEnd::Sqlite(source.clone()), &CopyEnd::Sqlite(target.clone())).await;
    assert_eq!(fs::read(&source).unwrap(), before);
    assert_eq!(content(&target).await, content(&source).await);
    assert_eq!(indexes(&target).await, indexes(&source).await);
    let rows = |name| copied.tables.iter().find(|table| table.name == name).unwrap().rows;
    assert_eq!((rows("tickets"), rows("Users"), rows("audit")), (5200, 2300, 7));
    // What was not made up serves.
    let empty = folder.path().join("empty.sqlite");
    open(&empty).await.unwrap().close().await;
    let target = folder.path().join("served.sqlite");
    self::copied(&CopyEnd::Sqlite(empty), &CopyEnd::Sqlite(target.clone())).await;
    let database = open(&target).await.unwrap();
    database.create(new_user("alice@example.org")).await.unwrap();
    database.close().await;
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_pool_goes_to_a_server_and_back_and_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(&folder).await;
    let fixture = MariaDbFixture::empty().await;
    let server = CopyEnd::Mysql(fixture.server().options(&fixture.name));
    let there = copied(&CopyEnd::Sqlite(source.clone()), &server).await;
    let target = folder.path().join("target.sqlite");
    let back = copied(&server, &CopyEnd::Sqlite(target.clone())).await;
    assert_eq!(there.tables, back.tables);
    assert_eq!(content(&target).await, content(&source).await);
    // And to another server.
    let other = MariaDbFixture::empty().await;
    let again = copied(&server, &CopyEnd::Mysql(other.server().options(&other.name))).await;
    assert_eq!(again.tables, back.tables);
}

#[tokio::test]
async fn a_copy_that_is_cut_off_anywhere_goes_on_and_serves_nobody_before_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(&folder).await;
    let from = CopyEnd::Sqlite(source.clone());
    let whole = content(&source).await;
    let mut cuts = 0;
    for after in (0..).step_by(7) {
        let target = folder.path().join(format!("target{after}.sqlite"));
        let to = CopyEnd::Sqlite(target.clone());
        if cut_off(&from, &to, after).await {
            break;
        }
        cuts += 1;
        let error = open(&target).await.unwrap_err();
        assert!(matches!(&error, DbError::UnfinishedCopy { .. }), "{error}");
        assert!(error.to_string().contains("stakepoolctl db copy"), "{error}");
        let unfinished = (Severity::Error, "unfinished_copy");
        let checked = async || Database::inspect_sqlite(&target, &configured()).await.unwrap();
        assert!(kinds(&checked().await).contains(&unfinished), "{after}");
        copied(&from, &to).await;
        assert!(!kinds(&checked().await).contains(&unfinished), "{after}");
        assert_eq!(content(&target).await, whole, "{after}");
        assert_eq!(indexes(&target).await, indexes(&source).await, "{after}");
    }
    assert!(cuts > 5, "{cuts}");
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_copy_to_a_server_that_is_cut_off_anywhere_goes_on_and_serves_nobody_before_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let from = CopyEnd::Sqlite(filled(&folder).await);
    let expected = copied(&from, &CopyEnd::Sqlite(folder.path().join("whole.sqlite"))).await.tables;
    let fresh = MariaDbFixture::empty().await;
    fresh.open().await.close().await;
    let indexes = fresh.server().indexes(&fresh.name).await;
    assert!(indexes.contains(&"tickets_of_user".to_owned()), "{indexes:?}");
    for after in [0, 3, 9, 17, 40] {
        let fixture = MariaDbFixture::empty().await;
        let options = fixture.server().options(&fixture.name);
        let to = CopyEnd::Mysql(options.clone());
        assert!(!cut_off(&from, &to, after).await);
        for error in [
            Database::open_mysql(options.clone()).await.unwrap_err(),
            Database::open_mysql_ready(options.clone()).await.unwrap_err(),
        ] {
            assert!(error.to_string().contains("it holds an unfinished copy of"), "{error}");
        }
        let checked = Database::inspect_mysql(options, &configured()).await.unwrap();
        assert!(kinds(&checked).contains(&(Severity::Error, "unfinished_copy")), "{after}: {checked:#?}");
        assert_eq!(copied(&from, &to).await.tables, expected, "{after}");
        assert_eq!(fixture.server().indexes(&fixture.name).await, indexes, "{after}");
    }
}

#[tokio::test]
async fn what_changed_in_the_source_after_a_cut_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(&folder).await;
    let (from, to) = (CopyEnd::Sqlite(source.clone()), CopyEnd::Sqlite(folder.path().join("target.sqlite")));
    // Until all is written, and nothing is compared.
    let mut all = 0;
    copy(&from, &CopyEnd::Sqlite(folder.path().join("count.sqlite")), Meanwhile::LeftOut, &mut |progress| {
        all += usize::from(progress.step != CopyStep::Compared);
    })
    .await
    .unwrap();
    assert!(!cut_off(&from, &to, all).await);
    let mut changing = connection(&source).await;
    sqlx::query("UPDATE tickets SET price = 77 WHERE price = 5").execute(&mut changing).await.unwrap();
    sqlx::Connection::close(changing).await.unwrap();
    let error = copy(&from, &to, Meanwhile::LeftOut, &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("differ from the source's: tickets (5200 rows, 5200 in the source)"), "{error}");
    assert!(open(&folder.path().join("target.sqlite")).await.is_err(), "it is no pool's");
}

#[tokio::test]
async fn nothing_is_copied_over_a_pool_or_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let source = filled(&folder).await;
    let from = CopyEnd::Sqlite(source.clone());
    let file = |name: &str| folder.path().join(name);
    let pool = file("pool.sqlite");
    let database = open(&pool).await.unwrap();
    database.create(new_user("alice@example.org")).await.unwrap();
    let refusal_from = async |from: &CopyEnd, to: &Path| {
        copy(from, &CopyEnd::Sqlite(to.to_owned()), Meanwhile::LeftOut, &mut |_| {}).await.unwrap_err()
    };
    let refusal = async |to: &Path| refusal_from(&from, to).await.to_string();
    let error = refusal(&pool).await;
    assert!(error.contains("has the database") && error.contains("open"), "{error}");
    database.close().await;
    let error = refusal(&pool).await;
    assert!(error.contains("it is a pool's already (its table Users has rows)"), "{error}");
    let mut other =
        SqliteConnectOptions::new().filename(file("other")).create_if_missing(true).connect().await.unwrap();
    sqlx::query("CREATE TABLE bookmarks (url TEXT)").execute(&mut other).await.unwrap();
    sqlx::Connection::close(other).await.unwrap();
    fs::write(file("text"), [b'x'; 5000]).unwrap();
    for (to, said) in [
        ("other", "it has no tables of a pool"),
        ("text", "is not an SQLite database"),
        ("source.sqlite", "the source itself"),
    ] {
        let before = fs::read(file(to)).unwrap();
        let error = refusal(&file(to)).await;
        assert!(error.contains(said), "{error}");
        assert_eq!(fs::read(file(to)).unwrap(), before);
    }
    // Nor from one that is half a pool.
    assert!(!cut_off(&from, &CopyEnd::Sqlite(file("half")), 5).await);
    let half = CopyEnd::Sqlite(file("half"));
    let error = refusal_from(&half, &file("new")).await;
    assert!(matches!(error, DbError::UnfinishedCopy { .. }), "{error}");
    let error = refusal_from(&CopyEnd::Sqlite(pool), &file("half")).await.to_string();
    assert!(error.contains("it holds an unfinished copy of") && error.contains("source.sqlite"), "{error}");
    assert!(!file("new").exists());
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_server_is_backed_up_into_a_file_while_it_is_used_and_the_file_is_restored_as_any_backup() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = MariaDbFixture::empty().await;
    let database = fixture.open().await;
    let alice = database.create(new_user("alice@example.org")).await.unwrap();
    database.put_tickets("a", &(1..1500).map(|number| report(number, alice.0)).collect::<Vec<_>>(), NOW).await.unwrap();
    let options = || fixture.server().options(&fixture.name);
    let backup = folder.path().join("backup.sqlite");
    // What is written meanwhile is not in it.
    let (writing, mut changed) = (database.clone(), false);
    let runtime = tokio::runtime::Handle::current();
    let mut write = |_| {
        if !std::mem::replace(&mut changed, true) {
            let database = writing.clone();
            runtime.spawn(async move { database.create(new_user("bob@example.org")).await });
        }
    };
    let copied = back_up_server(options(), &backup, Existing::Keep, &mut write).await.unwrap();
    assert_eq!(copied.to, backup.display().to_string());
    while database.counts().await.unwrap().0 < 2 {
        tokio::task::yield_now().await;
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["backup.sqlite"]);
    let error = back_up_server(options(), &backup, Existing::Keep, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, DbError::BackupExists { .. }), "{error}");
    let place = folder.path().join("pool.sqlite");
    let checked = Restorable::check(&backup, &place).await.unwrap();
    assert_eq!(checked.database().counts().await.unwrap(), (1, 0));
    checked.put_in_place("now").await.unwrap();
    let restored = open(&place).await.unwrap();
    assert_eq!(restored.ticket_counts(None).await.unwrap(), database.ticket_counts(None).await.unwrap());
    // Another one takes its place.
    back_up_server(options(), &backup, Existing::Replace, &mut |_| {}).await.unwrap();
    assert!(Restorable::check(&backup, &place).await.is_err(), "the place is in use");
    restored.close().await;
    drop(restored);
    assert_eq!(Restorable::check(&backup, &place).await.unwrap().database().counts().await.unwrap(), (2, 0));
}

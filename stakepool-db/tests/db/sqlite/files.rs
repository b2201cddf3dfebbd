//! Files that cannot be opened, and what is said of them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::ports::{AuditEntry, AuditStore, LedgerStore, StoreError, UpkeepStore, UserStore};
use stakepool_db::{Database, DbError, SqliteOptions, Warning};

use super::{SqliteFixture, by_hand, run};
use stakepool_core::testkit::samples::{NOW, new_user, report, ticket};
use stakepool_core::testkit::store_tests::Fixture as _;

async fn error_of(path: &std::path::Path) -> DbError {
    let options = SqliteOptions { busy_timeout: Duration::from_millis(100), ..SqliteOptions::default() };
    Database::open_sqlite(path, options).await.unwrap_err()
}

#[tokio::test]
async fn a_new_file_and_its_folder_are_the_users_alone() {
    let fixture = SqliteFixture::new();
    let path = fixture.folder.path().join("data/simnet/pool.sqlite");
    let database = Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap();
    database.create(new_user("alice@example.org")).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    assert_eq!((database.warnings(), database.path()), (&[][..], Some(path.as_path())));
}

#[tokio::test]
async fn a_file_that_others_may_read_is_told() {
    let fixture = SqliteFixture::new();
    fixture.open().await.close().await;
    fs::set_permissions(fixture.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let database = fixture.open().await;
    assert_eq!(database.warnings(), [Warning::Readable { path: fixture.path(), mode: 0o644 }]);
    assert!(database.warnings()[0].to_string().contains("0644"));
}

#[tokio::test]
async fn a_path_that_only_looks_special_is_a_file() {
    let fixture = SqliteFixture::new();
    let path = fixture.folder.path().join("file:pool.sqlite?mode=memory");
    Database::open_sqlite(&path, SqliteOptions::default()).await.unwrap().close().await;
    assert!(path.exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let fixture = SqliteFixture::new();
    fs::write(fixture.path(), "a file").unwrap();
    let error = error_of(&fixture.path().join("pool.sqlite")).await;
    assert!(matches!(&error, DbError::Folder { path, .. } if *path == fixture.path()), "{error}");
}

#[tokio::test]
async fn a_folder_in_the_place_of_the_file_is_named() {
    let fixture = SqliteFixture::new();
    let error = error_of(fixture.folder.path()).await;
    assert!(matches!(&error, DbError::File { path, .. } if path == fixture.folder.path()), "{error}");
}

#[tokio::test]
async fn another_file_is_not_taken_for_a_database_and_stays() {
    let fixture = SqliteFixture::new();
    let text = "[Application Options]\ndbhost=localhost\n".repeat(100);
    fs::write(fixture.path(), &text).unwrap();
    assert_eq!(error_of(&fixture.path()).await, DbError::NotADatabase { path: fixture.path() });
    assert_eq!(fs::read_to_string(fixture.path()).unwrap(), text);
}

#[tokio::test]
async fn a_large_file_that_is_damaged_is_used_until_that_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pool.sqlite");
    let large = SqliteOptions { looked_through_first: 0, ..SqliteOptions::default() };
    let database = Database::open_sqlite(&path, large).await.unwrap();
    database.check().await.unwrap();
    database.close().await;
    let mut bytes = fs::read(&path).unwrap();
    // Behind the pages that opening reads: the last one is of a table or index of its own.
    let last = bytes.len() - 4096;
    bytes[last..].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let database = Database::open_sqlite(&path, large).await.unwrap();
    let error = loop {
        match database.check().await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("is damaged") && error.contains("restore a backup"), "{error}");
    assert_eq!(database.try_write(NOW).await.unwrap_err().to_string(), error);
    database.close().await;
}

#[tokio::test]
async fn a_damaged_file_is_found_at_opening() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    database.put_tickets("a", &(1..2_000).map(|number| report(number, 1)).collect::<Vec<_>>(), NOW).await.unwrap();
    database.close().await;
    let mut content = fs::read(fixture.path()).unwrap();
    let middle = content.len() / 2;
    content[middle..middle + 20_000].fill(0x5a);
    fs::write(fixture.path(), content).unwrap();
    let error = error_of(&fixture.path()).await;
    assert!(matches!(error, DbError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_cut_file_is_found_at_opening() {
    let fixture = SqliteFixture::new();
    fixture.open().await.close().await;
    let content = fs::read(fixture.path()).unwrap();
    fs::write(fixture.path(), &content[..content.len() / 2]).unwrap();
    let error = error_of(&fixture.path()).await;
    assert!(matches!(error, DbError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_numbers() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let known = database.health().await.unwrap().schema;
    database.close().await;
    run(&fixture.path(), &["INSERT INTO _sqlx_migrations VALUES (9000, 'of the future', '', 1, x'00', 0)"]).await;
    assert_eq!(error_of(&fixture.path()).await, DbError::Newer { path: fixture.path(), found: 9000, known });
}

#[tokio::test]
async fn a_schema_of_another_history_is_refused() {
    let fixture = SqliteFixture::new();
    fixture.open().await.close().await;
    run(&fixture.path(), &["UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2"]).await;
    let error = error_of(&fixture.path()).await;
    assert!(matches!(error, DbError::Foreign { .. }), "{error}");
}

#[tokio::test]
async fn a_locked_file_is_called_so() {
    let fixture = SqliteFixture::new();
    fixture.open().await.close().await;
    let mut other = by_hand(&fixture.path()).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    assert_eq!(error_of(&fixture.path()).await, DbError::Busy { path: fixture.path() });
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named_and_mended_where_a_report_can() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let id = database.create(new_user("alice@example.org")).await.unwrap();
    database.put_tickets("a", &[report(1, 1)], NOW).await.unwrap();
    run(&fixture.path(), &["UPDATE Users SET VoteBits = 65537", "UPDATE tickets SET state = 'lost'"]).await;
    let error = database.by_id(id).await.unwrap_err();
    let text =
        "the database holds a value (table Users, row 1, column VoteBits) that cannot be read: 65537 is out of range";
    assert_eq!(error.to_string(), text);
    let error = database.ticket(&ticket(1)).await.unwrap_err().to_string();
    assert!(error.contains(&format!("(table tickets, row {}, column state)", ticket(1))), "{error}");
    database.put_tickets("a", &[report(1, 1)], NOW).await.unwrap();
    assert_eq!(database.ticket(&ticket(1)).await, Ok(Some(report(1, 1))));
}

#[tokio::test]
async fn the_audit_log_cannot_be_changed_past_the_stores() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let [actor, action, subject, detail] = [(); 4].map(|()| "x".to_owned());
    database.append(&AuditEntry { at: NOW, actor, action, subject, detail }).await.unwrap();
    let mut connection = by_hand(&fixture.path()).await;
    for statement in ["UPDATE audit SET actor = 'y'", "DELETE FROM audit"] {
        let error = sqlx::query(statement).execute(&mut connection).await.unwrap_err().to_string();
        assert!(error.contains("the audit log only grows"), "{error}");
    }
}

#[tokio::test]
async fn no_number_is_given_twice_though_a_user_was_deleted_by_hand() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let alice = database.create(new_user("alice@example.org")).await.unwrap();
    database.reserve_index(alice, 9).await.unwrap();
    run(&fixture.path(), &["DELETE FROM Users", "DELETE FROM sqlite_sequence"]).await;
    let bob = database.create(new_user("bob@example.org")).await.unwrap();
    assert_eq!((bob, database.reserve_index(bob, 9).await.unwrap().0), (UserId(2), 2));
}

#[tokio::test]
async fn health_is_told_and_a_replaced_file_is_not_healthy() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let health = database.health().await.unwrap();
    assert!(health.schema >= 2 && health.size > 0);
    fs::rename(fixture.path(), fixture.folder.path().join("away")).unwrap();
    fs::write(fixture.path(), "").unwrap();
    let StoreError::Backend(text) = database.health().await.unwrap_err() else { panic!("another error") };
    assert!(text.contains("was put in the place of"), "{text}");
}

#[tokio::test]
async fn a_closed_database_says_so() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    database.close().await;
    let error = database.by_id(UserId(1)).await.unwrap_err();
    assert_eq!(error, StoreError::Backend("it is closed, since the program is stopping".into()));
}

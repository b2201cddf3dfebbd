//! Backups.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stakepool_core::ports::{LedgerStore, TicketQuery, UserStore};
use stakepool_db::{Database, DbError, SqliteOptions};

use super::SqliteFixture;
use stakepool_core::testkit::samples::{NOW, new_user, report};
use stakepool_core::testkit::store_tests::Fixture as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_while_others_write_is_whole() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let id = database.create(new_user("alice@example.org")).await.unwrap();
    let writer = {
        let database = database.clone();
        tokio::spawn(async move {
            for batch in 0..20 {
                let reports: Vec<_> = (0..100).map(|number| report(batch * 100 + number, 1)).collect();
                database.put_tickets("a", &reports, NOW).await.unwrap();
            }
        })
    };
    let target = fixture.folder.path().join("copy.sqlite");
    for _ in 0..3 {
        database.backup(&target).await.unwrap();
    }
    writer.await.unwrap();
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = Database::open_sqlite(&target, SqliteOptions::default()).await.unwrap();
    assert_eq!(copy.by_id(id).await, database.by_id(id).await);
    // Batches are in it as a whole, or not at all.
    assert_eq!(copy.tickets(&TicketQuery::default()).await.unwrap().total % 100, 0);
}

#[tokio::test]
async fn a_backup_that_fails_leaves_the_last_one_and_nothing_else() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let folder = fixture.folder.path().join("backups");
    let error = database.backup(folder.join("copy.sqlite")).await.unwrap_err();
    assert!(matches!(&error, DbError::Backup { path, .. } if *path == folder.join("copy.sqlite")), "{error}");
    // A folder in the target's place cannot be replaced.
    fs::create_dir_all(folder.join("copy.sqlite/inside")).unwrap();
    let error = database.backup(folder.join("copy.sqlite")).await.unwrap_err();
    assert!(matches!(error, DbError::Backup { .. }), "{error}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[tokio::test]
async fn leftovers_of_a_backup_are_not_written_through() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let (target, victim) = (fixture.folder.path().join("copy.sqlite"), fixture.folder.path().join("victim"));
    fs::write(&victim, "precious").unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&victim, fixture.folder.path().join("copy.sqlite.unfinished")).unwrap();
    database.backup(&target).await.unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_backup_onto_the_database_itself_is_refused() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let error = database.backup(fixture.path()).await.unwrap_err();
    assert!(error.to_string().contains("it is the database itself"), "{error}");
    database.health().await.unwrap();
}

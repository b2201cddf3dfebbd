//! Backups.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use stakepool_core::ports::{LedgerStore, TicketQuery, UserStore};
use stakepool_db::{Database, DbError, Existing, SqliteOptions};

use super::{SqliteFixture, run};
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
        database.backup(&target, Existing::Replace).await.unwrap();
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
    let error = database.backup(folder.join("copy.sqlite"), Existing::Replace).await.unwrap_err();
    assert!(matches!(&error, DbError::Backup { path, .. } if *path == folder.join("copy.sqlite")), "{error}");
    // A folder in the target's place cannot be replaced.
    fs::create_dir_all(folder.join("copy.sqlite/inside")).unwrap();
    let error = database.backup(folder.join("copy.sqlite"), Existing::Replace).await.unwrap_err();
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
    let leftover = fixture.folder.path().join("copy.sqlite.unfinished-1");
    std::os::unix::fs::symlink(&victim, &leftover).unwrap();
    database.backup(&target, Existing::Replace).await.unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(fs::symlink_metadata(leftover).unwrap().is_symlink(), "what others left there is not ours to remove");
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
}

/// What lies in a folder, and what is in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read(&path).unwrap_or_default())).collect()
}

#[tokio::test]
async fn no_name_of_the_database_itself_is_written_over() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    database.create(new_user("alice@example.org")).await.unwrap();
    let folder = fixture.folder.path();
    let link = |name: &str, to: &str| {
        std::os::unix::fs::symlink(folder.join(to), folder.join(name)).unwrap();
        folder.join(name)
    };
    fs::hard_link(fixture.path(), folder.join("hard.sqlite")).unwrap();
    fs::create_dir(folder.join("sub")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(folder, elsewhere.path().join("way")).unwrap();
    let names = [
        fixture.path(),
        folder.join("sub/../pool.sqlite"),
        folder.join("./pool.sqlite"),
        elsewhere.path().join("way/pool.sqlite"),
        elsewhere.path().join("way/pool.sqlite-journal"),
        folder.join("pool.sqlite-wal"),
        folder.join("pool.sqlite-shm"),
        folder.join("pool.sqlite-journal"),
        folder.join("hard.sqlite"),
        link("soft.sqlite", "pool.sqlite"),
        link("soft-wal", "pool.sqlite-wal"),
        link("to-nothing", "pool.sqlite-journal"),
    ];
    let before = contents(folder);
    for name in names {
        for existing in [Existing::Keep, Existing::Replace] {
            let error = database.backup(&name, existing).await.unwrap_err();
            assert!(matches!(error, DbError::Backup { .. }), "{}: {error}", name.display());
        }
    }
    assert_eq!(contents(folder), before);
    database.health().await.unwrap();
}

#[tokio::test]
async fn only_an_earlier_backup_is_replaced_and_only_where_that_is_asked_for() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let folder = fixture.folder.path();
    let copy = folder.join("copy.sqlite");
    database.backup(&copy, Existing::Keep).await.unwrap();
    let id = database.create(new_user("alice@example.org")).await.unwrap();
    let error = database.backup(&copy, Existing::Keep).await.unwrap_err();
    assert_eq!(error, DbError::BackupExists { path: copy.clone() });
    database.backup(&copy, Existing::Replace).await.unwrap();

    let other = folder.join("other.sqlite");
    Database::open_sqlite(&other, SqliteOptions::default()).await.unwrap().close().await;
    let text = |name: &str, content: &str| {
        fs::write(folder.join(name), content).unwrap();
        folder.join(name)
    };
    run(&folder.join("foreign.sqlite"), &["CREATE TABLE t (x)"]).await;
    let kept = [
        other,
        folder.join("foreign.sqlite"),
        text("exccstakepool.conf", "poolfees=7.5"),
        text("rpc.key", "-----BEGIN PRIVATE KEY-----"),
        text("stakepoold.state", "state"),
        text("empty", ""),
    ];
    let before = contents(folder);
    for name in kept {
        let error = database.backup(&name, Existing::Replace).await.unwrap_err();
        assert!(error.to_string().contains("is kept"), "{error}");
    }
    assert_eq!(contents(folder), before);
    let copy = Database::open_sqlite(&copy, SqliteOptions::default()).await.unwrap();
    assert!(copy.by_id(id).await.unwrap().is_some());
    let error = database.backup(copy.path().unwrap(), Existing::Replace).await.unwrap_err();
    assert!(error.to_string().contains("has it open as a database"), "{error}");
}

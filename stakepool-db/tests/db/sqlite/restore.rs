//! Backups that take the database's place, and logs of writes that stay behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use stakepool_core::accounts::UserId;
use stakepool_core::ports::{LedgerStore, TicketQuery, UserStore};
use stakepool_core::testkit::samples::{NOW, new_user, registration, report};
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::{Database, DbError, Existing, Restorable, SqliteOptions};

use super::{SqliteFixture, by_hand, run};

/// A copy of a pool that is killed in the middle of its work, as it lies on the disk: the file, and the log beside it.
fn killed(fixture: &SqliteFixture, place: &Path) {
    fs::copy(fixture.path(), place).unwrap();
    fs::copy(fixture.path().with_extension("sqlite-wal"), place.with_extension("sqlite-wal")).unwrap();
}

async fn open(path: &Path) -> Result<Database, DbError> {
    Database::open_sqlite(path, SqliteOptions::default()).await
}

/// A database with a user and many tickets, a backup of it, and what was written since.
async fn pool_with_backup(backup: &str) -> (SqliteFixture, Database, std::path::PathBuf) {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    database.create(new_user("alice@example.org")).await.unwrap();
    database.put_tickets("a", &(1..500).map(|number| report(number, 1)).collect::<Vec<_>>(), NOW).await.unwrap();
    let backup = fixture.folder.path().join(backup);
    database.backup(&backup, Existing::Keep).await.unwrap();
    database.create(new_user("bob@example.org")).await.unwrap();
    database.put_tickets("a", &(500..900).map(|number| report(number, 2)).collect::<Vec<_>>(), NOW).await.unwrap();
    (fixture, database, backup)
}

#[tokio::test]
async fn what_a_killed_pool_had_written_is_there_at_the_next_start() {
    let (fixture, _running, _) = pool_with_backup("copy.sqlite").await;
    let place = fixture.folder.path().join("killed.sqlite");
    killed(&fixture, &place);
    let database = open(&place).await.unwrap();
    assert!(database.by_id(UserId(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_log_that_stayed_when_a_backup_was_copied_over_the_file_is_named_and_nothing_is_changed() {
    let (fixture, _running, backup) = pool_with_backup("copy.sqlite").await;
    let place = fixture.folder.path().join("killed.sqlite");
    killed(&fixture, &place);
    fs::copy(&backup, &place).unwrap();
    let log = place.with_extension("sqlite-wal");
    let before = (fs::read(&place).unwrap(), fs::read(&log).unwrap());
    let error = open(&place).await.unwrap_err();
    let DbError::StaleLog { log: named, index, .. } = &error else { panic!("{error}") };
    assert_eq!((named, index), (&log, &place.with_extension("sqlite-shm")));
    assert!(error.to_string().contains("move") && error.to_string().contains("killed.sqlite-wal"), "{error}");
    assert_eq!((fs::read(&place).unwrap(), fs::read(&log).unwrap()), before);
    // What the message asks for is enough.
    fs::rename(&log, fixture.folder.path().join("away")).unwrap();
    let database = open(&place).await.unwrap();
    assert!(database.by_id(UserId(2)).await.unwrap().is_none());
}

#[tokio::test]
async fn an_old_log_is_found_beside_any_earlier_copy_even_where_its_pages_would_fit() {
    let (fixture, running, _) = pool_with_backup("copy.sqlite").await;
    // An earlier copy by other means, of a pool that was stopped: it is written with a log, too.
    let earlier = fixture.folder.path().join("earlier.sqlite");
    running.close().await;
    fs::copy(fixture.path(), &earlier).unwrap();
    let database = fixture.open().await;
    database.create(new_user("carol@example.org")).await.unwrap();
    database.close().await;
    let database = fixture.open().await;
    database.create(new_user("dave@example.org")).await.unwrap();
    let place = fixture.folder.path().join("killed.sqlite");
    killed(&fixture, &place);
    fs::copy(&earlier, &place).unwrap();
    let error = open(&place).await.unwrap_err();
    assert!(matches!(error, DbError::StaleLog { .. }), "{error}");

    // And a later one under an earlier log.
    killed(&fixture, &place);
    let later = fixture.folder.path().join("later.sqlite");
    database.create(new_user("erin@example.org")).await.unwrap();
    database.close().await;
    fs::copy(fixture.path(), &later).unwrap();
    fs::copy(&later, &place).unwrap();
    let error = open(&place).await.unwrap_err();
    assert!(matches!(error, DbError::StaleLog { .. }), "{error}");
}

#[tokio::test]
async fn a_log_is_its_files_own_wherever_the_kill_came() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let place = fixture.folder.path().join("killed.sqlite");
    for number in 0..40 {
        let user = database.create(new_user(&format!("user{number}@example.org"))).await.unwrap();
        match number % 4 {
            1 => run(&fixture.path(), &["PRAGMA wal_checkpoint(PASSIVE)"]).await,
            2 => run(&fixture.path(), &["PRAGMA wal_checkpoint(TRUNCATE)"]).await,
            3 => run(&fixture.path(), &["CREATE TABLE by_hand (x)", "DROP TABLE by_hand"]).await,
            _ => {}
        }
        killed(&fixture, &place);
        let copy = open(&place).await.unwrap();
        assert!(copy.by_id(user).await.unwrap().is_some(), "{number}");
        copy.close().await;
    }
}

#[tokio::test]
async fn a_restored_backup_takes_the_place_and_the_old_files_are_aside() {
    let (fixture, _running, backup) = pool_with_backup("copy.sqlite").await;
    let place = fixture.folder.path().join("killed.sqlite");
    killed(&fixture, &place);
    let old = fs::read(&place).unwrap();
    let checked = Restorable::check(&backup, &place).await.unwrap();
    let since = checked.since().await.unwrap().unwrap();
    assert_eq!((since.users.len(), since.users[0].email.as_str(), since.tickets), (1, "bob@example.org", 400));
    let aside = checked.put_in_place("2026-11-22-084759").await.unwrap();
    let stem = fixture.folder.path().join("killed.sqlite.before-restore-2026-11-22-084759");
    assert_eq!(aside.files[0], stem);
    assert_eq!(fs::read(&stem).unwrap(), old);
    assert!(aside.files.iter().any(|file| file.to_str().unwrap().ends_with("084759-wal")), "{aside:?}");
    assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!place.with_extension("sqlite-wal").exists());

    let restored = open(&place).await.unwrap();
    assert!(restored.by_id(UserId(1)).await.unwrap().is_some());
    assert!(restored.by_id(UserId(2)).await.unwrap().is_none());
    assert_eq!(restored.tickets(&TicketQuery::default()).await.unwrap().total, 499);
    // The old one is whole under its new name.
    let old = open(&stem).await.unwrap();
    assert!(old.by_id(UserId(2)).await.unwrap().is_some());
    let left: Vec<_> = fs::read_dir(fixture.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().contains("restoring")), "{left:?}");
}

#[tokio::test]
async fn numbers_given_since_the_backup_are_not_given_again() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let backup = fixture.folder.path().join("copy.sqlite");
    let alice = database.create(new_user("alice@example.org")).await.unwrap();
    database.reserve_index(alice, 9).await.unwrap();
    database.backup(&backup, Existing::Keep).await.unwrap();
    let bob = database.create(new_user("bob@example.org")).await.unwrap();
    let index = database.reserve_index(bob, 9).await.unwrap();
    database.register(bob, &registration(index.0)).await.unwrap();
    database.register(alice, &registration(1)).await.unwrap();
    database.close().await;

    let checked = Restorable::check(&backup, fixture.path()).await.unwrap();
    let lost = checked.since().await.unwrap().unwrap().users;
    let seen: Vec<_> = lost.iter().map(|user| (user.id, user.is_known, user.address.is_some())).collect();
    assert_eq!(seen, [(alice, true, true), (bob, false, true)]);
    checked.keep_numbers().await.unwrap();
    checked.put_in_place("now").await.unwrap();
    let restored = fixture.open().await;
    let carol = restored.create(new_user("carol@example.org")).await.unwrap();
    assert_eq!((carol, restored.reserve_index(carol, 9).await.unwrap().0), (UserId(3), 3));
    assert_eq!(restored.reserve_index(alice, 9).await.unwrap().0, 1);
}

#[tokio::test]
async fn nothing_is_restored_over_a_database_that_is_open() {
    let (fixture, running, backup) = pool_with_backup("copy.sqlite").await;
    let error = Restorable::check(&backup, fixture.path()).await.unwrap_err();
    assert!(matches!(error, DbError::InUse { .. }), "{error}");
    running.close().await;
    drop(running);
    // One that is opened in between is seen, too.
    let checked = Restorable::check(&backup, fixture.path()).await.unwrap();
    let running = fixture.open().await;
    let error = checked.put_in_place("now").await.unwrap_err();
    assert!(matches!(error, DbError::InUse { .. }), "{error}");
    assert!(running.by_id(UserId(2)).await.unwrap().is_some());
    running.health().await.unwrap();
}

#[tokio::test]
async fn a_backup_that_cannot_be_used_is_named_and_the_database_stays() {
    let (fixture, running, backup) = pool_with_backup("copy.sqlite").await;
    running.close().await;
    drop(running);
    let folder = fixture.folder.path();
    let file = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).unwrap();
        folder.join(name)
    };
    let mut damaged = fs::read(&backup).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 20_000].fill(0x5a);
    let before = fs::read(fixture.path()).unwrap();
    let newer = folder.join("newer.sqlite");
    fs::copy(&backup, &newer).unwrap();
    run(&newer, &["INSERT INTO _sqlx_migrations VALUES (9000, 'of the future', '', 1, x'00', 0)"]).await;
    for (backup, said) in [
        (folder.join("nowhere"), "No such file"),
        (folder.to_owned(), "it is no file"),
        (file("empty", b""), "an empty one"),
        (file("text", &[b'x'; 5000]), "is not an SQLite database"),
        (file("damaged", &damaged), "is damaged"),
        (newer, "has schema 9000"),
        (fixture.path(), "it is the database itself"),
    ] {
        let error = Restorable::check(&backup, fixture.path()).await.unwrap_err().to_string();
        assert!(error.contains(said) && error.contains(backup.to_str().unwrap()), "{error}");
    }
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
    let names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| !name.to_str().unwrap().contains("restoring")), "{names:?}");
}

#[tokio::test]
async fn a_backup_is_restored_over_a_file_that_is_none_any_more_and_where_there_is_none() {
    let (fixture, _running, backup) = pool_with_backup("copy.sqlite").await;
    let folder = fixture.folder.path();
    let ruin = folder.join("ruin.sqlite");
    fs::write(&ruin, [b'x'; 5000]).unwrap();
    let checked = Restorable::check(&backup, &ruin).await.unwrap();
    assert!(matches!(checked.since().await, Err(DbError::NotADatabase { .. })));
    checked.put_in_place("now").await.unwrap();
    open(&ruin).await.unwrap().close().await;

    let nothing = folder.join("nothing.sqlite");
    let checked = Restorable::check(&backup, &nothing).await.unwrap();
    assert_eq!(checked.since().await.unwrap(), None);
    assert_eq!(checked.put_in_place("now").await.unwrap().files, Vec::<std::path::PathBuf>::new());
    let mut connection = by_hand(&nothing).await;
    let users: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM Users").fetch_one(&mut connection).await.unwrap();
    assert_eq!(users, 1);
}

//! A copy of a database that programs use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use stakepool_core::ports::{UpkeepStore as _, UserStore as _};
use stakepool_core::testkit::samples::{NOW, new_user};
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::{Copied, CopyEnd, Database, DbError, Meanwhile, Progress, SqliteOptions, copy};

use crate::mysql::MariaDbFixture;
use crate::returning::ByHand as _;

async fn open(path: &Path) -> Result<Database, DbError> {
    Database::open_sqlite(path, SqliteOptions::default()).await
}

/// Copies, and does something once the copy has begun, before it goes on.
async fn copied_while<W: Future<Output = ()> + Send + 'static>(
    (from, to): (&CopyEnd, &Path),
    meanwhile: Meanwhile,
    work: W,
) -> Result<Copied, DbError> {
    let mut work = Some(work);
    let mut on_begin = |_: Progress| {
        let Some(work) = work.take() else { return };
        let done = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
        });
        done.join().unwrap();
    };
    copy(from, &CopyEnd::Sqlite(to.to_owned()), meanwhile, &mut on_begin).await
}

async fn pool_in(folder: &Path) -> PathBuf {
    let path = folder.join("pool.sqlite");
    let database = open(&path).await.unwrap();
    database.create(new_user("alice@example.org")).await.unwrap();
    database.close().await;
    path
}

#[tokio::test]
async fn a_file_that_is_open_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path()).await;
    let (from, target) = (CopyEnd::Sqlite(pool.clone()), folder.path().join("target.sqlite"));
    let web = open(&pool).await.unwrap();
    let error = copied_while((&from, &target), Meanwhile::Refused, async {}).await.unwrap_err();
    assert!(matches!(&error, DbError::SourceInUse { .. }), "{error}");
    assert!(error.to_string().contains("this program has it open") && error.to_string().contains("--while-used"));
    assert!(!target.exists());
    let copied = copied_while((&from, &target), Meanwhile::LeftOut, async move {
        web.create(new_user("bob@example.org")).await.unwrap();
        web.close().await;
    });
    copied.await.unwrap();
    assert_eq!(open(&target).await.unwrap().counts().await.unwrap().0, 1, "it is of the moment at which it began");
}

#[tokio::test]
async fn a_copy_whose_file_was_written_meanwhile_stays_unfinished_and_is_whole_when_it_is_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool_in(folder.path()).await;
    let (from, target) = (CopyEnd::Sqlite(pool.clone()), folder.path().join("target.sqlite"));
    // As a web that somebody starts.
    let starts = async move {
        let web = open(&pool).await.unwrap();
        web.create(new_user("bob@example.org")).await.unwrap();
        web.close().await;
    };
    let error = copied_while((&from, &target), Meanwhile::Refused, starts).await.unwrap_err();
    assert!(matches!(&error, DbError::SourceChanged { .. }), "{error}");
    let error = open(&target).await.unwrap_err();
    assert!(matches!(&error, DbError::UnfinishedCopy { .. }), "{error}");
    let new = folder.path().join("new.sqlite");
    copied_while((&from, &new), Meanwhile::Refused, async {}).await.unwrap();
    assert_eq!(open(&new).await.unwrap().counts().await.unwrap().0, 2);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_database_on_a_server_that_a_web_writes_to_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = MariaDbFixture::empty().await;
    let web = fixture.open().await;
    let (from, target) = (CopyEnd::Mysql(fixture.server().options(&fixture.name)), folder.path().join("target.sqlite"));
    let living = web.clone();
    let lives = tokio::spawn(async move {
        while living.try_write(NOW).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let error = copied_while((&from, &target), Meanwhile::Refused, async {}).await.unwrap_err();
    let said = error.to_string();
    assert!(matches!(&error, DbError::SourceInUse { .. }), "{error}");
    assert!(said.contains("wrote to it") && said.contains("connected are pool@127.0.0.1"), "{said}");
    assert!(!target.exists());
    copied_while((&from, &target), Meanwhile::LeftOut, async {}).await.unwrap();
    web.close().await;
    lives.await.unwrap();
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn what_ours_and_the_predecessors_programs_write_on_a_server_meanwhile_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = MariaDbFixture::empty().await;
    let web = fixture.open().await;
    web.create(new_user("alice@example.org")).await.unwrap();
    web.close().await;
    let (server, name) = (fixture.server(), fixture.name.clone());
    let from = CopyEnd::Mysql(server.options(&name));
    let stopped_long_ago = async || fixture.by_hand("DELETE FROM operations").await;
    stopped_long_ago().await;
    copied_while((&from, &folder.path().join("quiet.sqlite")), Meanwhile::Refused, async {}).await.unwrap();
    let predecessor = {
        let name = name.clone();
        async move { server.run(format!("UPDATE {name}.Users SET VoteBits = 5")).await }
    };
    let error = copied_while((&from, &folder.path().join("theirs.sqlite")), Meanwhile::Refused, predecessor).await;
    assert!(matches!(&error, Err(DbError::SourceChanged { .. })), "{error:?}");
    let ours = async move {
        let web = Database::open_mysql(server.options(&name)).await.unwrap();
        web.try_write(NOW).await.unwrap();
        web.close().await;
    };
    let error = copied_while((&from, &folder.path().join("ours.sqlite")), Meanwhile::Refused, ours).await;
    assert!(matches!(&error, Err(DbError::SourceChanged { .. })), "{error:?}");
}

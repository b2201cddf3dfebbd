//! What a copy to a server refuses, and leaves as it is.

use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::{CopyEnd, Database, Meanwhile, SqliteOptions, copy};

use super::MariaDbFixture;
use super::inspection::state;
use super::predecessor::{OLD, loaded};
use crate::returning::ByHand as _;

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_server_that_is_refused_as_a_target_has_no_table_made_or_changed() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.sqlite");
    Database::open_sqlite(&source, SqliteOptions::default()).await.unwrap().close().await;
    let source = CopyEnd::Sqlite(source);
    // One of the predecessor, whose tables lack columns.
    let pool = loaded(OLD[0]).await;
    // One into which another copy was begun, by an earlier version.
    let half = MariaDbFixture::empty().await;
    half.open().await.close().await;
    for statement in [
        "INSERT INTO notes (name, text) VALUES ('unfinished_copy', 'other.sqlite')",
        "DROP TABLE rescans",
        "DELETE FROM schema_steps WHERE step = 'table rescans'",
    ] {
        half.by_hand(statement).await;
    }
    for (fixture, said) in [
        (&pool, "it is a pool's already (its table Users has rows)"),
        (&half, "it holds an unfinished copy of other.sqlite"),
    ] {
        let before = state(fixture).await;
        let target = CopyEnd::Mysql(fixture.server().options(&fixture.name));
        let error = copy(&source, &target, Meanwhile::Refused, &mut |_| {}).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(state(fixture).await, before, "{said}");
    }
}

//! A check of a file names what should be known, and changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::{Database, DbError, Inspection, Severity};

use super::predecessor::TABLES;
use super::{SqliteFixture, run};
use crate::inspecting::{BY_HAND, configured, hold_what_was_done_by_hand, kinds, users_of};
use crate::returning::ByHand as _;

async fn inspect(fixture: &SqliteFixture) -> Inspection {
    Database::inspect_sqlite(fixture.path(), &configured()).await.unwrap()
}

#[tokio::test]
async fn a_pool_of_ours_has_every_table_and_column_that_one_on_a_server_has_and_no_other() {
    let fixture = SqliteFixture::new();
    fixture.open().await.close().await;
    let found = inspect(&fixture).await;
    assert_eq!(found.defects, [], "{found:#?}");
    fixture.by_hand("DROP TABLE rescans").await;
    fixture.by_hand("ALTER TABLE notes ADD COLUMN more TEXT").await;
    fs::set_permissions(fixture.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let expected =
        [(Severity::Error, "missing_table"), (Severity::Warning, "readable"), (Severity::Warning, "extra_column")];
    assert_eq!(kinds(&inspect(&fixture).await), expected);
}

/// The predecessor's own rows, as a conversion of its dump brings them into a file.
async fn converted() -> SqliteFixture {
    let fixture = SqliteFixture::new();
    run(&fixture.path(), &TABLES).await;
    let dump = include_str!("../../data/exccstakepool-hex.sql");
    for line in dump.lines().filter(|line| line.starts_with("INSERT INTO")) {
        // In texts a backslash is a letter like any other there, and bytes are written otherwise.
        let line = line.replace("\\'", "''").replace("\\n", "\n").replace("\\\\", "\\").replace("\\\"", "\"");
        let mut parts = line.split("0x");
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            let end = part.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap();
            text.push_str(&format!("X'{}'{}", &part[..end], &part[end..]));
        }
        fixture.by_hand(&text).await;
    }
    fs::set_permissions(fixture.path(), fs::Permissions::from_mode(0o600)).unwrap();
    fixture
}

#[tokio::test]
async fn rows_of_the_predecessor_are_judged_as_on_a_server() {
    let fixture = converted().await;
    let before = fs::read(fixture.path()).unwrap();
    let found = inspect(&fixture).await;
    assert_eq!(fs::read(fixture.path()).unwrap(), before);
    assert_eq!((found.users, found.count(Severity::Error)), (23, 0), "{found:#?}");
    assert_eq!(users_of(&found, "same_email"), [19, 20, 21, 22]);
    assert!(users_of(&found, "api_token").is_empty());
    for statement in BY_HAND {
        fixture.by_hand(statement).await;
    }
    hold_what_was_done_by_hand(&inspect(&fixture).await);
}

#[tokio::test]
async fn a_later_schema_is_an_error_and_a_file_that_is_none_is_refused() {
    let fixture = SqliteFixture::new();
    fixture.open().await.close().await;
    fixture.by_hand("INSERT INTO _sqlx_migrations VALUES (9000, 'of the future', '', 1, x'00', 0)").await;
    assert_eq!(kinds(&inspect(&fixture).await), [(Severity::Error, "schema")]);
    fs::write(fixture.path(), [b'x'; 5000]).unwrap();
    let error = Database::inspect_sqlite(fixture.path(), &configured()).await.unwrap_err();
    assert!(matches!(error, DbError::NotADatabase { .. }), "{error}");
}

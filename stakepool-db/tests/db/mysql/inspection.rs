//! A check of a database on a server names what should be known, and changes nothing.

use sqlx::Row as _;
use stakepool_core::ports::DatabaseServer;
use stakepool_core::secret::Secret;
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::{Database, Inspection, Severity};

use super::MariaDbFixture;
use super::predecessor::{FULL, OLD, loaded, rows};
use crate::inspecting::{BY_HAND, configured, hold_what_was_done_by_hand, kinds, users_of, wrongly_configured};
use crate::returning::ByHand as _;

async fn inspect(fixture: &MariaDbFixture) -> Inspection {
    Database::inspect_mysql(fixture.server().options(&fixture.name), &configured()).await.unwrap()
}

/// A number that changes with every row and column of the predecessor's tables, and with every table.
pub(super) async fn state(fixture: &MariaDbFixture) -> Vec<String> {
    let tables = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()";
    let names: Vec<String> = rows(fixture, tables).await.iter().map(|row| row.get(0)).collect();
    let mut state = Vec::new();
    for name in names {
        let sum = rows(fixture, &format!("CHECKSUM TABLE {name}")).await[0].get::<i64, _>(1);
        state.push(format!("{name} {sum}"));
    }
    state
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn the_predecessors_own_database_has_its_known_doubles_and_nothing_that_stops_the_start() {
    let fixture = loaded(FULL).await;
    let before = state(&fixture).await;
    let found = inspect(&fixture).await;
    assert_eq!(state(&fixture).await, before);
    assert_eq!((found.users, found.count(Severity::Error)), (23, 0), "{found:#?}");
    assert_eq!(users_of(&found, "same_email"), [19, 20, 21, 22]);
    for kind in ["underivable", "script", "fee_address", "address", "api_token", "null", "max_users"] {
        assert!(users_of(&found, kind).is_empty(), "{kind}: {found:#?}");
    }
    for kind in
        ["version", "log_bin", "sql_mode", "wait_timeout", "row_format", "collation", "missing_table", "same_ticket"]
    {
        assert!(found.defects.iter().any(|defect| defect.kind == kind), "{kind}: {found:#?}");
    }
    // By another configuration everybody's keys are wrong.
    let options = fixture.server().options(&fixture.name);
    let found = Database::inspect_mysql(options, &wrongly_configured()).await.unwrap();
    assert_eq!(users_of(&found, "underivable"), [1, 2, 3, 4, 7, 24]);
    assert_eq!(users_of(&found, "max_users"), [4, 7, 24]);
    assert!(users_of(&found, "api_token").len() > 5);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn what_was_done_to_rows_and_tables_by_hand_is_found() {
    let fixture = loaded(FULL).await;
    for statement in BY_HAND {
        fixture.by_hand(statement).await;
    }
    fixture.by_hand("ALTER TABLE EmailChange ENGINE=MyISAM").await;
    fixture.by_hand("ALTER TABLE PasswordReset CONVERT TO CHARACTER SET latin1").await;
    fixture.by_hand("ALTER TABLE LowFeeTicket ADD COLUMN Mine bigint").await;
    fixture.by_hand("UPDATE Users SET Email = 'JÜRGEN.MULLER@exämple.org' WHERE UserId = 9").await;
    let found = inspect(&fixture).await;
    hold_what_was_done_by_hand(&found);
    for (severity, kind) in
        [(Severity::Error, "engine"), (Severity::Error, "charset"), (Severity::Warning, "extra_column")]
    {
        assert!(kinds(&found).contains(&(severity, kind)), "{kind}: {found:#?}");
    }
    assert_eq!(users_of(&found, "alike_email"), [7, 9]);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn tables_in_another_character_set_are_named_and_their_rows_are_looked_at_all_the_same() {
    let fixture = loaded(FULL).await;
    for statement in BY_HAND {
        fixture.by_hand(statement).await;
    }
    for table in ["Users", "LowFeeTicket"] {
        fixture.by_hand(&format!("ALTER TABLE {table} CONVERT TO CHARACTER SET latin1")).await;
    }
    let found = inspect(&fixture).await;
    assert_eq!(found.defects.iter().filter(|defect| defect.kind == "charset").count(), 2, "{found:#?}");
    assert!(kinds(&found).contains(&(Severity::Note, "same_ticket")), "{found:#?}");
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn early_versions_are_said_to_get_the_columns_that_they_lack() {
    for (generation, dump) in OLD.iter().enumerate() {
        let fixture = loaded(dump).await;
        let found = inspect(&fixture).await;
        assert_eq!((found.users, found.count(Severity::Error)), (23, 0), "{generation}: {found:#?}");
        let adds = found.defects.iter().any(|defect| defect.kind == "missing_column");
        assert_eq!(adds, generation < 4, "{generation}: {found:#?}");
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_pool_of_ours_has_all_its_tables_and_a_removed_one_is_an_error() {
    let fixture = MariaDbFixture::empty().await;
    fixture.open().await.close().await;
    let found = inspect(&fixture).await;
    assert_eq!((found.count(Severity::Error), found.count(Severity::Warning)), (0, 0), "{found:#?}");
    assert!(!kinds(&found).iter().any(|(_, kind)| kind.starts_with("missing") || kind.starts_with("extra")));
    fixture.by_hand("DROP TABLE rescans").await;
    fixture.by_hand("ALTER TABLE notes CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci").await;
    fixture.by_hand("ALTER TABLE accounts DROP COLUMN bcrypt").await;
    fixture.by_hand("INSERT INTO schema_steps VALUES ('table of_the_future', 0)").await;
    let found = inspect(&fixture).await;
    for kind in ["missing_table", "collation", "missing_column", "newer"] {
        assert!(kinds(&found).contains(&(Severity::Error, kind)), "{kind}: {found:#?}");
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn other_connections_and_missing_rights_are_named() {
    let fixture = loaded(FULL).await;
    let (server, name) = (fixture.server(), &fixture.name);
    server.run(format!("CREATE USER 'p@{name}'@'%' IDENTIFIED BY 'x'")).await;
    server.run(format!("GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON {name}.* TO 'p@{name}'@'%'")).await;
    let options = DatabaseServer { user: format!("p@{name}"), password: Secret::new("x"), ..server.options(name) };
    let found = Database::inspect_mysql(options.clone(), &configured()).await.unwrap();
    let defect = found.defects.iter().find(|defect| defect.kind == "privileges").unwrap();
    assert!(defect.text.contains("CREATE, INDEX") && defect.severity == Severity::Error, "{defect}");
    assert!(!found.defects.iter().any(|defect| defect.text.contains("other connections of p@")), "{found:#?}");
    // The predecessor's web, with the same account, as it is everywhere.
    let mut go = server.administrator().await;
    sqlx::Connection::close(std::mem::replace(&mut go, account_connection(&options).await)).await.unwrap();
    let found = Database::inspect_mysql(options, &configured()).await.unwrap();
    let others = found.defects.iter().find(|defect| defect.severity == Severity::Warning && defect.kind == "sessions");
    assert!(
        others.is_some_and(|defect| defect.text.contains(&format!("1 other connections of p@{name}@"))),
        "{found:#?}"
    );
    drop(go);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn rights_by_a_role_or_on_tables_are_no_error() {
    let fixture = loaded(FULL).await;
    let (server, name) = (fixture.server(), &fixture.name);
    let account = |user: String| DatabaseServer { user, password: Secret::new("x"), ..server.options(name) };
    let severity = async |user: String| {
        let found = Database::inspect_mysql(account(user), &configured()).await.unwrap();
        found.defects.iter().find(|defect| defect.kind == "privileges").map(|defect| defect.severity)
    };
    for statement in [
        format!("CREATE ROLE 'r{name}'"),
        format!("GRANT ALL ON {name}.* TO 'r{name}'"),
        format!("CREATE USER 'p{name}'@'%' IDENTIFIED BY 'x'"),
        format!("GRANT 'r{name}' TO 'p{name}'@'%'"),
        format!("SET DEFAULT ROLE 'r{name}' FOR 'p{name}'@'%'"),
        format!("CREATE USER 't{name}'@'%' IDENTIFIED BY 'x'"),
        format!("GRANT SELECT ON {name}.* TO 't{name}'@'%'"),
    ] {
        server.run(statement).await;
    }
    assert_eq!(severity(format!("p{name}")).await, Some(Severity::Warning));
    assert_eq!(severity(format!("t{name}")).await, Some(Severity::Error));
    server.run(format!("GRANT INSERT, UPDATE, DELETE ON {name}.Users TO 't{name}'@'%'")).await;
    assert_eq!(severity(format!("t{name}")).await, Some(Severity::Warning));
}

async fn account_connection(options: &DatabaseServer) -> sqlx::mysql::MySqlConnection {
    use sqlx::ConnectOptions as _;
    sqlx::mysql::MySqlConnectOptions::new()
        .host("127.0.0.1")
        .port(options.port)
        .username(&options.user)
        .password("x")
        .database(&options.name)
        .connect()
        .await
        .unwrap()
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_database_that_is_not_ready_is_opened_by_nobody_who_only_reads_and_stays_as_it_is() {
    let empty = MariaDbFixture::empty().await;
    let predecessor = loaded(FULL).await;
    let earlier = MariaDbFixture::empty().await;
    earlier.open().await.close().await;
    earlier.by_hand("DELETE FROM schema_steps WHERE step = 'column accounts.bcrypt'").await;
    for (fixture, said) in [
        (&empty, "it has no tables of a pool: check dbname"),
        (&predecessor, "it is still the predecessor's: start stakepool-web once"),
        (&earlier, "those of an earlier version"),
    ] {
        let before = state(fixture).await;
        let options = fixture.server().options(&fixture.name);
        let error = Database::open_mysql_ready(options.clone()).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(state(fixture).await, before, "{said}");
        Database::open_mysql(options.clone()).await.unwrap().close().await;
        Database::open_mysql_ready(options).await.unwrap().close().await;
    }
}

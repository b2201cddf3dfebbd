//! A file with the predecessor's tables, as a conversion of its MySQL database makes it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use sqlx::Row as _;
use stakepool_core::accounts::{EmailState, PasswordHashes, UserId};
use stakepool_core::chain::{BlockHeight, KeyIndex, Network, VoteBits, VoteVersion};
use stakepool_core::ports::{LowFeeStore, NewUser, StoreError, UserStore};
use stakepool_core::time::UnixTime;
use stakepool_db::{Database, DbError, SqliteOptions, Warning};

use super::{SqliteFixture, by_hand, run};
use crate::returning::{self, ByHand as _};
use stakepool_core::testkit::samples::{NOW, email, later, low_fee, new_user, registration, ticket};
use stakepool_core::testkit::store_tests::Fixture as _;

/// As a conversion writes them: MySQL's types, no AUTOINCREMENT.
pub(super) const TABLES: [&str; 4] = [
    "CREATE TABLE Users (UserId bigint(20) NOT NULL PRIMARY KEY, Email varchar(255), Username varchar(255), \
     Password mediumblob, MultiSigAddress varchar(255), MultiSigScript varchar(255), PoolPubKeyAddr varchar(255), \
     UserPubKeyAddr varchar(255), UserFeeAddr varchar(255), HeightRegistered bigint(20), EmailVerified bigint(20), \
     EmailToken varchar(255), APIToken varchar(255), VoteBits bigint(20), VoteBitsVersion bigint(20))",
    "CREATE TABLE LowFeeTicket (LowFeeTicketID bigint(20) NOT NULL PRIMARY KEY, AddedByUid bigint(20), TicketAddress varchar(255), \
     TicketHash varchar(255), TicketExpiry bigint(20), Voted bigint(20), Created bigint(20), Expires bigint(20))",
    "CREATE TABLE EmailChange (EmailChangeID bigint(20) NOT NULL PRIMARY KEY, UserId bigint(20), NewEmail varchar(255), \
     Token varchar(255), Created bigint(20), Expires bigint(20))",
    "CREATE TABLE PasswordReset (PasswordResetID bigint(20) NOT NULL PRIMARY KEY, UserId bigint(20), Token varchar(255), \
     Created bigint(20), Expires bigint(20))",
];

async fn old_user(fixture: &SqliteFixture, id: i64, email: &str, index: Option<u32>) {
    let registration = index.map(registration);
    let text = |part: fn(&stakepool_core::accounts::Registration) -> String| {
        registration.as_ref().map(part).unwrap_or_default()
    };
    let mut connection = by_hand(&fixture.path()).await;
    sqlx::query("INSERT INTO Users VALUES (?, ?, ?, ?, ?, ?, 'pool key', 'user key', ?, ?, 2, '', 'a.b.c', 5, 3)")
        .bind(id)
        .bind(email)
        .bind(email)
        .bind(&b"$2a$10$old"[..])
        .bind(text(|registration| registration.address.to_string()))
        .bind(text(|registration| registration.script.to_string()))
        .bind(text(|registration| registration.fee_address.to_string()))
        .bind(registration.as_ref().map_or(0, |registration| i64::from(registration.registered_at.0)))
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn old_file() -> SqliteFixture {
    let fixture = SqliteFixture::new();
    run(&fixture.path(), &TABLES).await;
    fs::set_permissions(fixture.path(), fs::Permissions::from_mode(0o600)).unwrap();
    fixture
}

#[tokio::test]
async fn an_old_user_is_read_with_the_own_number_as_key_index() {
    let fixture = old_file().await;
    old_user(&fixture, 7, "Alice@Example.org", Some(7)).await;
    let database = fixture.open().await;
    assert_eq!(database.warnings(), []);
    let user = database.by_email(&email("alice@example.org")).await.unwrap().unwrap();
    assert_eq!((user.id, user.email_state), (UserId(7), EmailState::Predates));
    assert_eq!(user.password, PasswordHashes { bcrypt: Some("$2a$10$old".into()), argon2: None });
    assert_eq!((user.voting.bits, user.voting.version), (VoteBits(5), VoteVersion(3)));
    assert_eq!((user.created, user.api_keys_valid_from), (UnixTime(0), UnixTime(0)));
    let registration = user.registration.unwrap();
    assert_eq!((registration.key_index, registration.registered_at), (KeyIndex(7), BlockHeight(1007)));
    assert_eq!(database.registered().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_key_index_of_a_user_who_was_deleted_before_is_given_to_nobody() {
    let fixture = old_file().await;
    for number in [1, 4] {
        old_user(&fixture, number, &format!("u{number}@example.org"), Some(u32::try_from(number).unwrap())).await;
    }
    let database = fixture.open().await;
    let indexes = database.key_indexes().await.unwrap();
    assert_eq!((indexes.get(&KeyIndex(2)), indexes.get(&KeyIndex(3))), (Some(&None), Some(&None)));
    let new = database.create(new_user("new@example.org")).await.unwrap();
    assert_eq!((new, database.reserve_index(new, 9999).await.unwrap()), (UserId(5), KeyIndex(5)));
    database.close().await;
    // A row that goes later has its index noted already.
    fixture.by_hand("DELETE FROM Users WHERE UserId = 4").await;
    let database = fixture.open().await;
    let next = database.create(new_user("next@example.org")).await.unwrap();
    assert_eq!(database.reserve_index(next, 9999).await.unwrap(), KeyIndex(6));
}

#[tokio::test]
async fn one_row_that_cannot_be_read_takes_the_votes_from_nobody() {
    let fixture = old_file().await;
    for number in 1..=5 {
        old_user(&fixture, number, &format!("u{number}@example.org"), Some(u32::try_from(number).unwrap())).await;
    }
    let database = fixture.open().await;
    let script = registration(3).script;
    let mut connection = by_hand(&fixture.path()).await;
    sqlx::query("UPDATE Users SET MultiSigScript = 'x', PoolPubKeyAddr = ?, UserPubKeyAddr = ? WHERE UserId = 3")
        .bind(script.pool_address(Network::Simnet).to_string())
        .bind(script.user_address(Network::Simnet).to_string())
        .execute(&mut connection)
        .await
        .unwrap();
    run(
        &fixture.path(),
        &[
            "UPDATE Users SET VoteBits = 70000, EmailVerified = 9 WHERE UserId = 1",
            "UPDATE Users SET MultiSigAddress = 'nonsense' WHERE UserId = 2",
            "UPDATE Users SET UserFeeAddr = 'nonsense', HeightRegistered = -1 WHERE UserId = 4",
        ],
    )
    .await;
    let found = database.registered().await.unwrap();
    assert_eq!(found.iter().map(|user| user.id.0).collect::<Vec<_>>(), [1, 3, 4, 5]);
    assert_eq!((found[0].voting.bits, found[0].registration.clone()), (VoteBits::APPROVE, Some(registration(1))));
    let of = |index: usize| found[index].registration.as_ref().map(|found| (found.address, found.script));
    assert_eq!(of(1), Some((registration(3).address, script)));
    assert_eq!(of(2), Some((registration(4).address, registration(4).script)));
    // Whoever asks for the one user hears what is wrong.
    assert!(matches!(database.by_id(UserId(1)).await, Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn an_added_ticket_that_cannot_be_read_hides_no_other() {
    let fixture = old_file().await;
    let database = fixture.open().await;
    database.add(&low_fee(1)).await.unwrap();
    database.add(&low_fee(2)).await.unwrap();
    run(&fixture.path(), &["UPDATE LowFeeTicket SET TicketAddress = 'x' WHERE LowFeeTicketID = 1"]).await;
    assert_eq!(database.active(NOW).await, Ok(vec![low_fee(2)]));
}

#[tokio::test]
async fn a_user_whom_the_predecessor_added_while_we_run_loses_no_change() {
    let fixture = old_file().await;
    let database = fixture.open().await;
    old_user(&fixture, 7, "alice@example.org", None).await;
    let before = database.by_id(UserId(7)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.password.argon2 = Some("$argon2id$new".into());
    after.disabled = true;
    database.update(&before, &after).await.unwrap();
    assert_eq!(database.by_id(UserId(7)).await.unwrap(), Some(after));
}

#[tokio::test]
async fn new_indexes_go_around_the_numbers_of_old_users_with_an_address() {
    let fixture = old_file().await;
    old_user(&fixture, 1, "a@example.org", None).await;
    old_user(&fixture, 2, "b@example.org", Some(2)).await;
    old_user(&fixture, 5, "c@example.org", None).await;
    let database = fixture.open().await;
    let new = database.create(new_user("d@example.org")).await.unwrap();
    assert_eq!(new, UserId(6));
    assert_eq!(database.reserve_index(UserId(5), 9).await, Ok(KeyIndex(1)));
    // Users 3 and 4 were deleted, and may have had addresses.
    assert_eq!(database.reserve_index(new, 9).await, Ok(KeyIndex(5)));
    assert_eq!(database.reserve_index(UserId(2), 9).await, Err(StoreError::AlreadyRegistered(UserId(2))));
}

#[tokio::test]
async fn doubles_are_told_by_name_and_the_first_signs_in() {
    let fixture = old_file().await;
    old_user(&fixture, 3, "alice@example.org", Some(3)).await;
    old_user(&fixture, 4, "ALICE@example.org ", Some(3)).await;
    old_user(&fixture, 5, "", None).await;
    old_user(&fixture, 6, "", None).await;
    let database = fixture.open().await;
    let address = registration(3).address.to_string();
    let (first, other) = (UserId(3), UserId(4));
    assert_eq!(
        database.warnings(),
        [
            Warning::DoubleEmail { email: "alice@example.org".into(), first, other },
            Warning::DoubleAddress { address, first, other },
        ]
    );
    assert!(database.warnings()[0].to_string().starts_with("users 3 and 4 have the same e-mail address"));
    assert_eq!(database.by_email(&email("alice@example.org")).await.unwrap().unwrap().id, first);
    assert_eq!(database.create(new_user("alice@example.org")).await, Err(StoreError::EmailTaken));
    assert_eq!(database.registered().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_double_can_change_and_gets_the_address_when_the_first_leaves_it() {
    let fixture = old_file().await;
    old_user(&fixture, 3, "alice@example.org", None).await;
    old_user(&fixture, 4, "Alice@example.org", None).await;
    let database = fixture.open().await;
    let before = database.by_id(UserId(4)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.disabled = true;
    database.update(&before, &after).await.unwrap();
    let before = database.by_id(UserId(3)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.email = email("other@example.org");
    database.update(&before, &after).await.unwrap();
    assert_eq!(database.by_email(&email("alice@example.org")).await.unwrap().unwrap().id, UserId(4));
    database.close().await;
    assert_eq!(fixture.open().await.warnings(), []);
}

#[tokio::test]
async fn the_predecessors_tables_keep_their_shape_and_never_get_a_null() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let new = NewUser { password: PasswordHashes::default(), ..new_user("alice@example.org") };
    let id = database.create(new).await.unwrap();
    database.add(&low_fee(1)).await.unwrap();
    let mut connection = by_hand(&fixture.path()).await;
    let user = sqlx::query("SELECT * FROM Users").fetch_one(&mut connection).await.unwrap();
    let low_fee = sqlx::query("SELECT * FROM LowFeeTicket").fetch_one(&mut connection).await.unwrap();
    // The Go programs fail on a column more, and on NULL.
    assert_eq!((user.len(), low_fee.len()), (15, 8));
    for row in [&user, &low_fee] {
        for column in 0..row.len() {
            assert!(!sqlx::ValueRef::is_null(&row.try_get_raw(column).unwrap()), "column {column}");
        }
    }
    database.register(id, &registration(1)).await.unwrap();
    let user = sqlx::query("SELECT * FROM Users").fetch_one(&mut connection).await.unwrap();
    let script = registration(1).script;
    let network = registration(1).address.network();
    assert_eq!(user.get::<String, _>("PoolPubKeyAddr"), script.pool_address(network).to_string());
    assert_eq!(user.get::<String, _>("UserPubKeyAddr"), script.user_address(network).to_string());
    assert_eq!(user.get::<String, _>("MultiSigScript"), script.to_string());
    assert_eq!(low_fee.get::<String, _>("TicketHash"), ticket(1).to_string());
    assert_eq!(low_fee.get::<i64, _>("TicketExpiry"), 0);
}

#[tokio::test]
async fn rows_that_the_old_programs_added_meanwhile_are_found_after_a_restart() {
    let fixture = SqliteFixture::new();
    let database = fixture.open().await;
    let alice = database.create(new_user("alice@example.org")).await.unwrap();
    let bob = database.create(new_user("bob@example.org")).await.unwrap();
    database.create(new_user("carol@example.org")).await.unwrap();
    for id in [bob, alice] {
        database.reserve_index(id, 9).await.unwrap();
    }
    old_user(&fixture, 4, "dave@example.org", Some(4)).await;
    // It can be read at once, and signs in after the restart.
    assert_eq!(database.by_id(UserId(4)).await.unwrap().unwrap().registration.unwrap().key_index, KeyIndex(4));
    run(
        &fixture.path(),
        &["UPDATE Users SET MultiSigAddress = 'ScoTGFqm1qHWZrtuNvCBMNKQNXS3K8LKhRf' WHERE UserId = 3"],
    )
    .await;
    database.close().await;
    run(&fixture.path(), &["INSERT INTO key_indexes VALUES (3, 99)"]).await;
    let database = fixture.open().await;
    assert_eq!(database.warnings(), [Warning::SharedIndex { user: UserId(3), index: KeyIndex(3) }]);
    assert_eq!(database.by_email(&email("dave@example.org")).await.unwrap().unwrap().id, UserId(4));
}

#[tokio::test]
async fn old_added_tickets_count_once() {
    let fixture = old_file().await;
    let mut connection = by_hand(&fixture.path()).await;
    for (id, created) in [(5, NOW), (9, later(1))] {
        sqlx::query("INSERT INTO LowFeeTicket VALUES (?, 1, ?, ?, 0, 0, ?, ?)")
            .bind(id)
            .bind(low_fee(1).address.to_string())
            .bind(ticket(1).to_string())
            .bind(created.0)
            .bind(low_fee(1).expires.0)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let database = fixture.open().await;
    assert_eq!(database.active(NOW).await, Ok(vec![low_fee(1)]));
    assert_eq!(database.add(&low_fee(1)).await, Ok(false));
    assert_eq!(database.add(&low_fee(2)).await, Ok(true));
    assert_eq!(database.remove(&ticket(1)).await, Ok(true));
    assert_eq!(database.active(NOW).await, Ok(vec![low_fee(2)]));
}

#[tokio::test]
async fn a_table_of_an_early_version_is_refused_before_anything_changes() {
    let fixture = SqliteFixture::new();
    run(&fixture.path(), &["CREATE TABLE users (UserId bigint PRIMARY KEY, Email varchar(255))"]).await;
    let error = Database::open_sqlite(fixture.path(), SqliteOptions::default()).await.unwrap_err();
    assert_eq!(error, DbError::MissingColumn { path: fixture.path(), table: "Users", column: "Username" });
    let mut connection = by_hand(&fixture.path()).await;
    let tables: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut connection).await.unwrap();
    assert_eq!(tables, 2, "the table and the index of its key");
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_is_the_only_one() {
    returning::a_password_that_was_changed_meanwhile_is_the_only_one(&SqliteFixture::new()).await;
}

#[tokio::test]
async fn an_email_address_that_was_changed_meanwhile_signs_in() {
    returning::an_email_address_that_was_changed_meanwhile_signs_in(&SqliteFixture::new()).await;
}

#[tokio::test]
async fn a_number_that_is_another_persons_now_has_no_rights_of_before() {
    returning::a_number_that_is_another_persons_now_has_no_rights_of_before(&SqliteFixture::new()).await;
}

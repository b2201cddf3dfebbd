//! Databases that the predecessor's programs made are taken over.

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Row as _};
use stakepool_core::accounts::{EmailState, UserId};
use stakepool_core::chain::{BlockHeight, KeyIndex, VoteBits, VoteVersion};
use stakepool_core::ports::{LowFeeStore, NewUser, UserStore};
use stakepool_core::secret::Secret;
use stakepool_core::testkit::samples::{NOW, email, new_user};
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_core::time::UnixTime;
use stakepool_db::{Database, Warning};

use super::MariaDbFixture;
use crate::returning;

pub(super) const FULL: &str = include_str!("../../data/exccstakepool.sql");
const HEX: &str = include_str!("../../data/exccstakepool-hex.sql");
pub(super) const OLD: [&str; 5] = [
    include_str!("../../data/exccstakepool-old-1.sql"),
    include_str!("../../data/exccstakepool-old-2.sql"),
    include_str!("../../data/exccstakepool-old-3.sql"),
    include_str!("../../data/exccstakepool-old-4.sql"),
    include_str!("../../data/exccstakepool-old-5.sql"),
];

/// A database with a dump in it.
pub(super) async fn loaded(dump: &str) -> MariaDbFixture {
    let fixture = MariaDbFixture::empty().await;
    // One that names its own database would go there.
    let lines = dump.lines().filter(|line| !line.starts_with("USE ") && !line.starts_with("CREATE DATABASE"));
    fixture.server().load(&fixture.name, &lines.collect::<Vec<_>>().join("\n"));
    fixture
}

pub(super) async fn rows(fixture: &MariaDbFixture, query: &str) -> Vec<MySqlRow> {
    let mut administrator = fixture.server().administrator().await;
    sqlx::raw_sql(AssertSqlSafe(format!("USE {}", fixture.name))).execute(&mut administrator).await.unwrap();
    sqlx::query(AssertSqlSafe(query.to_owned())).fetch_all(&mut administrator).await.unwrap()
}

/// All that is in the predecessor's table of users, by number.
async fn users_as_they_lie(fixture: &MariaDbFixture) -> Vec<Vec<Option<Vec<u8>>>> {
    let query = "SELECT CAST(UserId AS CHAR), Email, Username, Password, MultiSigAddress, MultiSigScript, \
                 PoolPubKeyAddr, UserPubKeyAddr, UserFeeAddr, CAST(HeightRegistered AS CHAR), \
                 CAST(EmailVerified AS CHAR), EmailToken, APIToken, CAST(VoteBits AS CHAR), \
                 CAST(VoteBitsVersion AS CHAR) FROM Users ORDER BY UserId";
    let row = |row: &MySqlRow| (0..row.len()).map(|column| row.get(column)).collect();
    rows(fixture, query).await.iter().map(row).collect()
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn every_user_of_a_dump_is_found_as_the_predecessor_left_it() {
    for dump in [FULL, HEX] {
        let fixture = loaded(dump).await;
        let before = users_as_they_lie(&fixture).await;
        let database = fixture.open().await;
        let by_id = async |id: i64| database.by_id(UserId(id)).await.unwrap().unwrap();
        assert_eq!(database.counts().await.unwrap().0, 23);

        let admin = by_id(1).await;
        assert_eq!((admin.email.as_str(), admin.email_state), ("admin@pool.example.org", EmailState::Predates));
        assert_eq!(admin.registration.unwrap().key_index, KeyIndex(1));
        assert_eq!(by_id(2).await.registration.unwrap().registered_at, BlockHeight(15_346));
        let bob = database.by_email(&email("bob.upper@example.org")).await.unwrap().unwrap();
        assert_eq!((bob.id, bob.email_state), (UserId(4), EmailState::Verified));
        assert_eq!(by_id(5).await.email_state, EmailState::Unverified);
        // Text is compared by all its characters, whatever the old table's collation says.
        for (id, address) in [(6, "o'hara@example.org"), (7, "jürgen.müller@exämple.org"), (8, "名前🐙@例え.jp")]
        {
            let found = database.by_email(&stakepool_core::accounts::Email::from_store(address.to_owned())).await;
            assert_eq!(found.unwrap().unwrap().id, UserId(id), "{address}");
        }
        let accents = stakepool_core::accounts::Email::from_store("jurgen.muller@example.org".to_owned());
        assert_eq!(database.by_email(&accents).await.unwrap(), None);
        assert_eq!(database.by_email(&email("judy+spaces@example.org")).await.unwrap().unwrap().id, UserId(15));
        let kate = by_id(24).await;
        assert_eq!((kate.voting.bits, kate.voting.version), (VoteBits(5), VoteVersion(5)));
        assert!(kate.registration.is_some() && kate.password.bcrypt.is_some());

        // Doubles are told by name, and the first one signs in.
        let (nineteen, twenty_one) = (UserId(19), UserId(21));
        let doubles = [(nineteen, UserId(20), "race@example.org"), (twenty_one, UserId(22), "twice@example.org")];
        assert_eq!(
            database.warnings(),
            doubles.map(|(first, other, email)| Warning::DoubleEmail { email: email.into(), first, other })
        );
        assert_eq!(database.by_email(&email("race@example.org")).await.unwrap().unwrap().id, nineteen);
        assert_eq!(users_as_they_lie(&fixture).await, before);
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_check_says_what_a_start_would_find_and_do_and_which_rights_are_missing_for_it() {
    let fixture = loaded(FULL).await;
    let (server, name) = (fixture.server(), &fixture.name);
    server.run(format!("CREATE USER 'p@{name}'@'%' IDENTIFIED BY 'x'")).await;
    server.run(format!("GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON {name}.* TO 'p@{name}'@'%'")).await;
    let mut options = server.options(name);
    (options.user, options.password) = (format!("p@{name}"), Secret::new("x"));
    let before = users_as_they_lie(&fixture).await;
    let found = Database::check_mysql(options.clone()).await.unwrap();
    assert_eq!(found.users, before.len() as u64);
    assert_eq!(found.doubles, [(UserId(19), UserId(20)), (UserId(21), UserId(22))]);
    assert_eq!(found.missing_rights, ["CREATE", "INDEX"]);
    assert!(found.steps > 20 && !found.lines().join("\n").contains("example.org"), "{found:?}");
    assert_eq!(users_as_they_lie(&fixture).await, before);
    server.run(format!("GRANT CREATE, INDEX ON {name}.* TO 'p@{name}'@'%'")).await;
    let granted = Database::check_mysql(options.clone()).await.unwrap();
    assert_eq!((granted.missing_rights, granted.steps), (Vec::new(), found.steps));
    Database::open_mysql(options.clone()).await.unwrap().close().await;
    assert_eq!(Database::check_mysql(options).await.unwrap().steps, 0);
    // A new database has nobody.
    let empty = MariaDbFixture::empty().await;
    let found = Database::check_mysql(server.options(&empty.name)).await.unwrap();
    assert_eq!((found.users, found.missing_rights), (0, Vec::new()));
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_number_whose_user_is_gone_is_given_to_nobody() {
    let fixture = loaded(FULL).await;
    let database = fixture.open().await;
    let indexes = database.key_indexes().await.unwrap();
    assert_eq!(indexes.get(&KeyIndex(23)), Some(&None));
    let new = database.create(new_user("new@example.org")).await.unwrap();
    assert_eq!(new, UserId(25));
    for user in [5, 9, 10] {
        assert_ne!(database.reserve_index(UserId(user), 10_000).await.unwrap(), KeyIndex(23));
    }
    database.close().await;
    // Numbers that the table leaves out later were nobody's.
    fixture.server().run(format!("ALTER TABLE {}.Users AUTO_INCREMENT = 100", fixture.name)).await;
    let database = fixture.open().await;
    assert_eq!(database.key_indexes().await.unwrap().get(&KeyIndex(50)), None);
    // Nor is the last number, which only the table itself still knows.
    let fixture = loaded(FULL).await;
    fixture.server().run(format!("DELETE FROM {}.Users WHERE UserId = 24", fixture.name)).await;
    let database = fixture.open().await;
    assert_eq!(database.create(new_user("new@example.org")).await.unwrap(), UserId(25));
    assert_eq!(database.key_indexes().await.unwrap().get(&KeyIndex(24)), Some(&None));
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn added_tickets_of_a_dump_count_once_and_as_long_as_they_may_vote() {
    let fixture = loaded(FULL).await;
    let database = fixture.open().await;
    // After the first three are over, before the year 2100.
    let active = database.active(UnixTime(1_800_000_000)).await.unwrap();
    assert_eq!(active.len(), 1, "one ticket, twice in the table");
    assert_eq!(database.remove(&active[0].ticket).await, Ok(true));
    assert_eq!(rows(&fixture, "SELECT 1 FROM LowFeeTicket WHERE Voted = 0 AND Expires > 1800000000").await.len(), 0);
    assert_eq!(database.active(NOW).await.unwrap().iter().filter(|found| found.ticket == active[0].ticket).count(), 0);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn databases_of_early_versions_get_what_the_predecessor_itself_would_add() {
    for (generation, dump) in OLD.iter().enumerate() {
        let fixture = loaded(dump).await;
        let database = fixture.open().await;
        let users = database.list(UserId(0), 100).await.unwrap();
        assert_eq!(users.len(), 23, "generation {generation}");
        let found = users_as_they_lie(&fixture).await;
        // The predecessor's programs fail on NULL.
        assert!(found.iter().flatten().all(Option::is_some), "generation {generation}");
        let veteran = &users[1];
        assert_eq!(
            veteran.registration.as_ref().unwrap().registered_at,
            BlockHeight(15_346),
            "generation {generation}"
        );
        if generation < 2 {
            assert!(users.iter().all(|user| user.email_state == EmailState::Predates), "generation {generation}");
        } else {
            assert_eq!(users[4].email_state, EmailState::Unverified, "generation {generation}");
        }
        if generation < 4 {
            assert!(users.iter().all(|user| (user.voting.bits, user.voting.version) == (VoteBits(1), VoteVersion(3))));
        }
        database.close().await;
        // Again, and nothing changes.
        fixture.open().await.close().await;
        assert_eq!(users_as_they_lie(&fixture).await, found, "generation {generation}");
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn an_early_dump_that_is_loaded_over_a_database_of_ours_is_brought_up_to_date_again() {
    for dump in [OLD[0], OLD[1], OLD[3]] {
        let fixture = loaded(FULL).await;
        fixture.open().await.close().await;
        fixture.server().load(&fixture.name, dump);
        fixture.server().run(format!("DROP TABLE {}.EmailChange", fixture.name)).await;
        let options = fixture.server().options(&fixture.name);
        let error = Database::open_mysql_ready(options.clone()).await.unwrap_err().to_string();
        assert!(error.contains("start stakepool-web"), "{error}");
        let database = fixture.open().await;
        assert_eq!(database.list(UserId(0), 100).await.unwrap().len(), 23);
        assert!(users_as_they_lie(&fixture).await.iter().flatten().all(Option::is_some));
        assert_eq!(rows(&fixture, "SELECT COUNT(*) FROM EmailChange").await.len(), 1);
        database.close().await;
        Database::open_mysql_ready(options).await.unwrap().close().await;
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn what_is_written_can_be_read_by_the_predecessors_programs() {
    let fixture = loaded(FULL).await;
    let columns = "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(column_type AS CHAR), \
                   CAST(COALESCE(collation_name, '') AS CHAR) FROM information_schema.columns \
                   WHERE table_schema = DATABASE() AND table_name IN ('Users', 'LowFeeTicket', 'EmailChange', \
                   'PasswordReset') ORDER BY 1, ordinal_position";
    let shape = async || {
        let shape = rows(&fixture, columns).await;
        shape.iter().map(|row| (0..4).map(|column| row.get(column)).collect()).collect::<Vec<Vec<String>>>()
    };
    let before = shape().await;
    let database: Database = fixture.open().await;
    assert_eq!(shape().await, before);
    let new = NewUser { password: Default::default(), ..new_user("new@example.org") };
    database.create(new).await.unwrap();
    assert!(users_as_they_lie(&fixture).await.iter().flatten().all(Option::is_some));
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_password_that_was_changed_meanwhile_is_the_only_one() {
    returning::a_password_that_was_changed_meanwhile_is_the_only_one(&MariaDbFixture::empty().await).await;
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn an_email_address_that_was_changed_meanwhile_signs_in() {
    returning::an_email_address_that_was_changed_meanwhile_signs_in(&MariaDbFixture::empty().await).await;
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_number_that_is_another_persons_now_has_no_rights_of_before() {
    returning::a_number_that_is_another_persons_now_has_no_rights_of_before(&MariaDbFixture::empty().await).await;
}

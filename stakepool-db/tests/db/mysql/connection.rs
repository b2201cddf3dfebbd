//! Ways to a server, and what is said where there is none.

use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use stakepool_core::ports::{DatabaseServer, DatabaseTls, UpkeepStore};
use stakepool_core::secret::Secret;
use stakepool_core::testkit::samples::new_user;
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_core::time::UnixTime;
use stakepool_core::{accounts::UserId, ports::UserStore};
use stakepool_db::Database;

use super::MariaDbFixture;

async fn refusal(options: DatabaseServer) -> String {
    Database::open_mysql(options).await.unwrap_err().to_string()
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_certificate_is_verified_where_that_is_asked_for() {
    let fixture = MariaDbFixture::empty().await;
    let server = fixture.server();
    let verified = DatabaseServer {
        tls: DatabaseTls::Verify,
        authorities: Some(server.authority.clone()),
        ..server.options(&fixture.name)
    };
    Database::open_mysql(verified.clone()).await.unwrap().close().await;
    let text = refusal(DatabaseServer { authorities: None, ..verified }).await;
    assert!(text.contains("dbca must name the authority"), "{text}");
    let text = refusal(DatabaseServer { tls: DatabaseTls::Off, ..server.options(&fixture.name) }).await;
    assert!(text.contains("dbtls=required"), "{text}");
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn what_is_wrong_with_an_account_is_said_with_the_remedy_and_without_the_password() {
    let fixture = MariaDbFixture::empty().await;
    let right = fixture.server().options(&fixture.name);
    for (options, remedy) in [
        (DatabaseServer { password: Secret::new("hunter2"), ..right.clone() }, "check dbuser and dbpassword"),
        (
            DatabaseServer { name: "pool_that_is_not".into(), ..right.clone() },
            "check dbname; if it is right, make the database",
        ),
        (DatabaseServer { name: "mysql".into(), ..right.clone() }, "check dbname; if it is right, grant the account"),
        (DatabaseServer { port: 1, ..right.clone() }, "check dbhost, dbport or dbsocket"),
        (DatabaseServer { hosts: Vec::new(), ..right.clone() }, "set dbhost"),
    ] {
        let text = refusal(options).await;
        assert!(text.contains(remedy) && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn an_account_without_a_password_is_let_in() {
    let fixture = MariaDbFixture::empty().await;
    let without = DatabaseServer {
        user: "root".to_owned(),
        password: Secret::default(),
        ..fixture.server().options(&fixture.name)
    };
    let by_socket = DatabaseServer { socket: Some(fixture.server().socket.clone()), ..without };
    Database::open_mysql(by_socket).await.unwrap().close().await;
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn connections_that_the_server_ended_are_replaced() {
    let fixture = MariaDbFixture::empty().await;
    let database = fixture.open().await;
    let alice = database.create(new_user("alice@example.org")).await.unwrap();
    for round in 0..3 {
        fixture.server().end_connections(&fixture.name).await;
        assert!(database.by_id(alice).await.unwrap().is_some());
        fixture.server().end_connections(&fixture.name).await;
        let id = database.create(new_user(&format!("user{round}@example.org"))).await.unwrap();
        assert_eq!(id, UserId(round + 2));
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn the_first_host_that_answers_is_used() {
    let fixture = MariaDbFixture::empty().await;
    let options = fixture.server().options(&fixture.name);
    let hosts = vec!["127.0.0.2".to_owned(), "127.0.0.1".to_owned()];
    let database = Database::open_mysql(DatabaseServer { hosts, ..options }).await.unwrap();
    assert!(database.place().contains("127.0.0.1"), "{}", database.place());
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn turns_that_someone_removed_are_made_again() {
    let fixture = MariaDbFixture::empty().await;
    let (one, two) = (fixture.open().await, fixture.open().await);
    fixture.server().run(format!("DELETE FROM {}.turns", fixture.name)).await;
    let create = async |database: &Database, name: &str| {
        for number in 0..20 {
            database.create(new_user(&format!("{name}{number}@example.org"))).await.unwrap();
        }
    };
    tokio::join!(create(&one, "one"), create(&two, "two"));
    assert_eq!(one.counts().await.unwrap().0, 40);
    let taken = super::predecessor::rows(&fixture, "SELECT taken FROM turns WHERE name = 'users'").await;
    assert!(taken.len() == 1 && taken[0].get::<i64, _>(0) >= 40);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_double_key_is_said_at_once_and_without_the_value() {
    let fixture = MariaDbFixture::empty().await;
    let database = fixture.open().await;
    let alice = database.create(new_user("alice@example.org")).await.unwrap();
    // The number below was given past the stores, to somebody whose address is not that of the row's key.
    let stray = "(7, 'bob@example.org', '', '', '', '', '', '', '', 0, 0, '', '', 1, 3)";
    fixture.server().run(format!("INSERT INTO {}.Users VALUES {stray}", fixture.name)).await;
    fixture.server().run(format!("CREATE UNIQUE INDEX once ON {}.Users (Email(100))", fixture.name)).await;
    let begun = std::time::Instant::now();
    let text = database.create(new_user("bob@example.org")).await.unwrap_err().to_string();
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(text.contains("1062") && text.contains("once") && !text.contains("bob"), "{text}");
    assert!(database.by_id(alice).await.unwrap().is_some());
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn those_who_wait_for_their_turn_to_write_leave_connections_to_those_who_read() {
    let fixture = MariaDbFixture::empty().await;
    let database = fixture.open().await;
    let alice = database.create(new_user("alice@example.org")).await.unwrap();
    let mut holder = fixture.server().administrator().await;
    let hold = format!("BEGIN; UPDATE {}.turns SET taken = taken + 1", fixture.name);
    holder.execute(sqlx::raw_sql(AssertSqlSafe(hold))).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..30 {
        let database = database.clone();
        writers.spawn(async move { database.create(new_user(&format!("user{number}@example.org"))).await });
    }
    let waiting = format!(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'UPDATE turns%'",
        fixture.name
    );
    let mut looks = fixture.server().administrator().await;
    let began = std::time::Instant::now();
    while sqlx::query_scalar::<_, i64>(AssertSqlSafe(waiting.clone())).fetch_one(&mut looks).await.unwrap() < 5 {
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "nobody waits");
    }
    for _ in 0..100 {
        assert!(database.by_id(alice).await.unwrap().is_some());
    }
    holder.execute(sqlx::raw_sql("ROLLBACK")).await.unwrap();
    while let Some(made) = writers.join_next().await {
        made.unwrap().unwrap();
    }
    assert_eq!(database.counts().await.unwrap().0, 31);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_server_that_is_gone_fails_at_once_with_the_reason_and_not_after_the_wait_for_a_connection() {
    let fixture = MariaDbFixture::empty().await;
    let gate = Gate::open(fixture.server().port).await;
    let database = Database::open_mysql(DatabaseServer { port: gate.port, ..fixture.server().options(&fixture.name) })
        .await
        .unwrap();
    database.try_write(UnixTime(1)).await.unwrap();
    gate.close().await;
    let began = std::time::Instant::now();
    let text = database.try_write(UnixTime(2)).await.unwrap_err().to_string();
    assert!(text.contains("check dbhost, dbport or dbsocket"), "{text}");
    assert!(began.elapsed() < std::time::Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(database.check().await.is_err());
    // After a while nobody waits any longer.
    loop {
        let asked = std::time::Instant::now();
        let text = database.counts().await.unwrap_err().to_string();
        assert!(text.contains("check dbhost, dbport or dbsocket"), "{text}");
        if asked.elapsed() < std::time::Duration::from_millis(500) {
            break;
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "a call waited for {:?}", asked.elapsed());
    }
}

/// A way to a server that can be closed.
struct Gate {
    port: u16,
    passing: tokio::task::JoinHandle<()>,
}

impl Gate {
    async fn open(server: u16) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let passing = tokio::spawn(async move {
            let mut all = tokio::task::JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                all.spawn(async move {
                    let mut to_server = tokio::net::TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut to_server).await;
                });
            }
        });
        Self { port, passing }
    }

    /// Ends all connections, and takes no more.
    async fn close(self) {
        self.passing.abort();
        let _ = self.passing.await;
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn behind_a_proxy_no_statement_has_to_stay_prepared() {
    let fixture = MariaDbFixture::empty().await;
    let server = fixture.server();
    let options = DatabaseServer { kept_statements: 0, ..server.options(&fixture.name) };
    let database = Database::open_mysql(options).await.unwrap();
    let user = database.create(new_user("alice@example.org")).await.unwrap();
    for _ in 0..3 {
        assert!(database.by_id(user).await.unwrap().is_some());
    }
    database.close().await;
}

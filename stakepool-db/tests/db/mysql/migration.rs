//! Tables come up to date, whatever happens meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Row as _};
use stakepool_core::ports::{DatabaseServer, UserStore};
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::Database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::MariaDbFixture;
use super::server::MariaDb;

const OLDEST: &str = include_str!("../../data/exccstakepool-old-1.sql");

/// A way to the server that breaks off after so many messages to it.
struct Breaking {
    port: u16,
    broken: Arc<Notify>,
    sent: Arc<AtomicU64>,
}

impl Breaking {
    async fn after(server_port: u16, messages: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (broken, sent) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
        let (notify, count) = (broken.clone(), sent.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server_port)).await.unwrap();
                tokio::spawn(pass(client, server, messages, count.clone(), notify.clone()));
            }
        });
        Self { port, broken, sent }
    }
}

/// Passes on what is said. The driver writes each message at once, so that one read is one message.
async fn pass(client: TcpStream, server: TcpStream, most: u64, sent: Arc<AtomicU64>, broken: Arc<Notify>) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 65_536];
    loop {
        let read = from_client.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        // The server gets the last message, and what becomes of it nobody hears.
        let is_last = sent.fetch_add(1, Ordering::SeqCst) + 1 >= most;
        if to_server.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        if is_last {
            broken.notify_one();
            return;
        }
    }
}

async fn loaded() -> MariaDbFixture {
    let fixture = MariaDbFixture::empty().await;
    fixture.server().load(&fixture.name, OLDEST);
    fixture
}

/// All tables as the server would make them again, but for the next number of each.
async fn tables(fixture: &MariaDbFixture) -> Vec<String> {
    let mut administrator = fixture.server().administrator().await;
    let query = |text: String| sqlx::raw_sql(AssertSqlSafe(text));
    query(format!("USE {}", fixture.name)).execute(&mut administrator).await.unwrap();
    let names = query("SHOW TABLES".to_owned()).fetch_all(&mut administrator).await.unwrap();
    let mut tables = Vec::new();
    for name in names.iter().map(|row| row.get::<String, _>(0)) {
        let row = query(format!("SHOW CREATE TABLE `{name}`")).fetch_one(&mut administrator).await.unwrap();
        let text: String = row.get(1);
        let lines = text.lines().map(|line| match line.split_once(" AUTO_INCREMENT=") {
            Some((before, after)) => format!("{before} {}", after.trim_start_matches(|c: char| c.is_ascii_digit())),
            None => line.to_owned(),
        });
        tables.push(lines.collect::<Vec<_>>().join("\n"));
    }
    tables
}

/// Kills a start at a message, and has another one finish. Whether the first was still under way.
async fn kill_and_finish(message: u64, expected: &[String]) -> bool {
    let fixture = loaded().await;
    let server = fixture.server();
    let breaking = Breaking::after(server.port, message).await;
    let mut opening = tokio::spawn(Database::open_mysql(through(server, &fixture, breaking.port)));
    let is_killed = tokio::select! {
        () = breaking.broken.notified() => !opening.is_finished(),
        _ = &mut opening => false,
    };
    opening.abort();
    let database = fixture.open().await;
    assert_eq!(database.counts().await.unwrap().0, 23);
    database.close().await;
    assert_eq!(tables(&fixture).await, expected, "killed at message {message}");
    // Thousands of open tables would slow the server down for the tests beside this one.
    fixture.server().run(format!("DROP DATABASE {}", fixture.name)).await;
    is_killed
}

fn through(server: &MariaDb, fixture: &MariaDbFixture, port: u16) -> DatabaseServer {
    DatabaseServer { port, ..server.options(&fixture.name) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB"]
async fn a_start_that_is_killed_at_any_message_is_finished_by_the_next() {
    let whole = loaded().await;
    let server = whole.server();
    let breaking = Breaking::after(server.port, u64::MAX).await;
    Database::open_mysql(through(server, &whole, breaking.port)).await.unwrap().close().await;
    let messages = breaking.sent.load(Ordering::SeqCst);
    let expected = tables(&whole).await;
    println!("{messages} messages");
    // Each message on a database that no start has seen, several of them at once.
    let mut running = JoinSet::new();
    let mut killed = 0;
    for message in 1..messages {
        let expected = expected.clone();
        running.spawn(async move { kill_and_finish(message, &expected).await });
        if running.len() >= 4 {
            killed += usize::from(running.join_next().await.unwrap().unwrap());
        }
    }
    while let Some(joined) = running.join_next().await {
        killed += usize::from(joined.unwrap());
    }
    println!("{killed} killed");
    assert!(killed as u64 > messages * 9 / 10, "{killed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB"]
async fn three_starts_at_once_over_an_old_schema_end_in_the_same() {
    let one = loaded().await;
    one.open().await.close().await;
    let three = loaded().await;
    let opened = tokio::join!(three.open(), three.open(), three.open());
    for database in [opened.0, opened.1, opened.2] {
        assert_eq!(database.counts().await.unwrap().0, 23);
        database.close().await;
    }
    assert_eq!(tables(&three).await, tables(&one).await);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn tables_that_cannot_be_taken_over_are_refused_by_name_and_stay_as_they_are() {
    for (change, reason) in [
        ("RENAME TABLE Users TO users", "RENAME TABLE `users` TO `Users`"),
        ("DROP TABLE Users; CREATE TABLE users (id INT)", "its table `users` is another program's: check dbname"),
        ("ALTER TABLE Users ENGINE=MyISAM", "ALTER TABLE `Users` ENGINE=InnoDB"),
        ("ALTER TABLE Users CONVERT TO CHARACTER SET latin1", "ALTER TABLE `Users` CONVERT TO CHARACTER SET utf8mb4"),
        ("ALTER TABLE Users DROP COLUMN UserFeeAddr", "lacks the column UserFeeAddr"),
    ] {
        let fixture = loaded().await;
        fixture.server().run(format!("USE {}; {change}", fixture.name)).await;
        let before = tables(&fixture).await;
        let options = fixture.server().options(&fixture.name);
        let checked = Database::check_mysql(options.clone()).await.unwrap_err().to_string();
        let error = Database::open_mysql(options).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert_eq!(checked, error);
        assert_eq!(tables(&fixture).await, before);
    }
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_table_that_was_made_before_its_index_gets_it() {
    let new = MariaDbFixture::empty().await;
    new.open().await.close().await;
    let old = MariaDbFixture::empty().await;
    old.open().await.close().await;
    let step = "index counted_tries.counted_tries_by_end";
    let as_before = format!(
        "USE {}; ALTER TABLE counted_tries DROP KEY counted_tries_by_end; DELETE FROM schema_steps WHERE step = '{step}'",
        old.name
    );
    old.server().run(as_before).await;
    assert_ne!(tables(&old).await, tables(&new).await);
    old.open().await.close().await;
    assert_eq!(tables(&old).await, tables(&new).await);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn tables_of_a_later_version_are_refused() {
    let fixture = MariaDbFixture::empty().await;
    fixture.open().await.close().await;
    fixture.server().run(format!("INSERT INTO {}.schema_steps VALUES ('table to_come', 0)", fixture.name)).await;
    let error = Database::open_mysql(fixture.server().options(&fixture.name)).await.unwrap_err().to_string();
    assert!(error.contains("a later version") && error.contains("to_come"), "{error}");
}

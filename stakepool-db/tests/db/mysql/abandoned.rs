//! Work that is given up in the middle, and work that many do at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stakepool_core::accounts::{User, UserId};
use stakepool_core::chain::KeyIndex;
use stakepool_core::ports::{DatabaseServer, LeaseStore, UserStore};
use stakepool_core::testkit::fifty_writers;
use stakepool_core::testkit::samples::new_user;
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_core::time::UnixTime;
use stakepool_db::Database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use super::MariaDbFixture;
use crate::returning::ByHand as _;

/// A way to the server over which answers come in bits, so that whoever goes away mostly goes in the middle of one.
fn crumbling(server: PathBuf, folder: &Path) -> PathBuf {
    let path = folder.join("crumbling");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_server, mut to_server) = UnixStream::connect(&server).await.unwrap().into_split();
            let (mut from_client, mut to_client) = client.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut bit = [0; 61];
                while let Ok(read @ 1..) = from_server.read(&mut bit).await {
                    if to_client.write_all(&bit[..read]).await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
            });
        }
    });
    path
}

/// A number that differs from call to call in no order that anybody could see.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB"]
async fn answers_are_right_however_many_who_asked_have_gone() {
    const REQUESTS: u64 = 10_000;
    const USERS: i64 = 50;
    // As many as there are connections: nobody waits for one.
    const AT_ONCE: usize = 10;
    let fixture = MariaDbFixture::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let socket = Some(crumbling(fixture.server().socket.clone(), folder.path()));
    let database =
        Database::open_mysql(DatabaseServer { socket, ..fixture.server().options(&fixture.name) }).await.unwrap();
    let mut users: Vec<User> = Vec::new();
    for number in 1..=USERS {
        let id = database.create(new_user(&format!("user{number}@example.org"))).await.unwrap();
        users.push(database.by_id(id).await.unwrap().unwrap());
    }
    let (users, right) = (Arc::new(users), Arc::new(AtomicUsize::new(0)));
    let (mut running, mut given_up) = (JoinSet::new(), 0);
    for number in 0..REQUESTS {
        let (database, users, right) = (database.clone(), users.clone(), right.clone());
        let task = running.spawn(async move {
            let index = usize::try_from(scattered(number) % USERS as u64).unwrap();
            let expected = &users[index];
            match number % 5 {
                0 => assert_eq!(database.list(UserId(0), 100).await.unwrap(), *users),
                1 => assert_eq!(database.by_email(&expected.email).await.unwrap().as_ref(), Some(expected)),
                // A write that changes nothing, with all its locks.
                2 => database.update(expected, expected).await.unwrap(),
                _ => assert_eq!(database.by_id(expected.id).await.unwrap().as_ref(), Some(expected)),
            }
            right.fetch_add(1, Ordering::Relaxed);
        });
        if number % 3 == 0 {
            let after = Duration::from_micros(scattered(number + REQUESTS) % 6000);
            tokio::spawn(async move {
                tokio::time::sleep(after).await;
                task.abort();
            });
        }
        while running.len() >= AT_ONCE {
            given_up += usize::from(ended(running.join_next().await.unwrap()));
        }
    }
    while let Some(joined) = running.join_next().await {
        given_up += usize::from(ended(joined));
    }
    let right = right.load(Ordering::Relaxed);
    println!("{right} right, {given_up} given up");
    assert_eq!(right + given_up, usize::try_from(REQUESTS).unwrap());
    assert!(given_up > 500, "{given_up} were in the middle of something");
}

/// Whether a request was given up. One that saw something wrong has panicked.
fn ended(joined: Result<(), tokio::task::JoinError>) -> bool {
    match joined {
        Ok(()) => false,
        Err(error) if error.is_cancelled() => true,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// A table whose next inserts are answered as a node of a cluster does whose transaction lost against one of another node: with a
/// double key, though none can be seen. What counts them outlives a transaction that is taken back.
async fn loses_races(fixture: &MariaDbFixture, table: &str, times: u32) {
    let races = format!(
        "CREATE TABLE lost_races (id INT PRIMARY KEY, times INT) ENGINE = MyISAM; \
         INSERT INTO lost_races VALUES (1, {times}); CREATE TRIGGER lose_races BEFORE INSERT ON {table} FOR EACH ROW BEGIN \
         IF (SELECT times FROM lost_races) > 0 THEN UPDATE lost_races SET times = times - 1; \
         SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062; END IF; END"
    );
    fixture.by_hand(&races).await;
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn an_index_that_another_node_took_first_is_no_answer_but_another_try() {
    let fixture = MariaDbFixture::empty().await;
    let database = fixture.open().await;
    let first = database.create(new_user("first@example.org")).await.unwrap();
    loses_races(&fixture, "key_indexes", 5).await;
    assert_eq!(database.reserve_index(first, 1000).await.unwrap(), KeyIndex(1));
    assert_eq!(database.key_indexes().await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_users_number_that_another_node_took_first_is_no_answer_but_another_try() {
    let fixture = MariaDbFixture::empty().await;
    let database = fixture.open().await;
    loses_races(&fixture, "Users", 5).await;
    assert_eq!(database.create(new_user("first@example.org")).await.unwrap(), UserId(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB"]
async fn fifty_writers_of_two_processes_lose_no_change_and_give_no_index_twice() {
    let fixture = MariaDbFixture::empty().await;
    let processes = [fixture.open().await, fixture.open().await];
    fifty_writers(|writer| [0; 3].map(|_| processes[writer % 2].clone()), &processes[1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MariaDB"]
async fn a_lease_that_two_fight_for_has_one_holder_at_each_moment() {
    const ROUNDS: i64 = 5_000;
    let fixture = MariaDbFixture::empty().await;
    let (one, other) = (fixture.open().await, fixture.open().await);
    let claim = async |database: &Database, holder: &str, round: i64| {
        database.lease("work", holder, UnixTime(round), UnixTime(round + 1)).await.unwrap().is_some()
    };
    let mut held = [0, 0];
    for round in 0..ROUNDS {
        let claims = tokio::join!(claim(&one, "one", round), claim(&other, "other", round));
        assert_ne!(claims.0, claims.1, "round {round}: {claims:?}");
        held[usize::from(claims.1)] += 1;
    }
    println!("{held:?}");
}

//! How long a pool of 10,000 users and a million tickets takes from a file to a server and back, and to be opened there:
//! `cargo bench -p stakepool-db --bench copy`. It starts a server of MariaDB of its own.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Instant;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use stakepool_db::{CopyEnd, Database, Meanwhile, SqliteOptions, copy};

#[allow(dead_code)]
#[path = "../tests/db/mysql/server.rs"]
mod server;

const USERS: u32 = 10_000;
const TICKETS: u32 = 1_000_000;

/// Rows as a pool has them, but for what they say.
async fn fill(path: &Path) {
    let number = |most: u32| {
        format!("WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {most})")
    };
    let address = "'Sc' || substr(lower(hex(randomblob(17))), 1, 33)";
    let users = format!(
        "{} INSERT INTO Users SELECT n, 'user' || n || '@example.org', 'user' || n, CAST(hex(randomblob(30)) AS BLOB), \
         {address}, hex(randomblob(71)), {address}, {address}, {address}, 100, 1, '', '', 1, 11 FROM number",
        number(USERS)
    );
    let accounts = "INSERT INTO accounts (user_id, email_key, address_key, argon2, created, bcrypt) \
                    SELECT UserId, Email, MultiSigAddress, hex(randomblob(48)), 1, Password FROM Users";
    let indexes = "INSERT INTO key_indexes SELECT UserId, UserId FROM Users";
    let tickets = format!(
        "{} INSERT INTO tickets (ticket, address, user_id, state, verdict, price, fee_address, committed_fee, required_fee, \
         mined_at, added, ignored, ended_at, revoked, told_by, updated) SELECT lower(hex(randomblob(32))), {address}, \
         n % {USERS} + 1, CASE n % 20 WHEN 0 THEN 'live' ELSE 'voted' END, 'accepted', 20000000 + n, {address}, 70000, 70000, \
         n / 5, 0, 0, CASE n % 20 WHEN 0 THEN NULL ELSE n / 5 + 8000 END, 0, '127.0.0.1:9113', 1795800000 FROM number",
        number(TICKETS)
    );
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    for statement in [users.as_str(), accounts, indexes, &tickets] {
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    }
    sqlx::Connection::close(connection).await.unwrap();
}

async fn timed<T>(what: &str, work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let done = work.await;
    println!("{what}: {:.1} s", begun.elapsed().as_secs_f64());
    done
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pool.sqlite");
    let open = async |path: &Path| Database::open_sqlite(path, SqliteOptions::default()).await.unwrap();
    open(&file).await.close().await;
    timed("filling the file", fill(&file)).await;
    let size = std::fs::metadata(&file).unwrap().len() >> 20;
    timed(&format!("opening the file of {size} MiB"), open(&file)).await.close().await;
    let server = server::MariaDb::shared();
    let name = server.new_name();
    server.run(format!("CREATE DATABASE {name}")).await;
    let (from, to) = (CopyEnd::Sqlite(file), CopyEnd::Mysql(server.options(&name)));
    timed("from the file to the server", copy(&from, &to, Meanwhile::LeftOut, &mut |_| {})).await.unwrap();
    timed("opening the server's", Database::open_mysql(server.options(&name))).await.unwrap().close().await;
    let back = folder.path().join("back.sqlite");
    timed("from the server to a file", copy(&to, &CopyEnd::Sqlite(back), Meanwhile::LeftOut, &mut |_| {}))
        .await
        .unwrap();
}

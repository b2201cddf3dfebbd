//! Connections to a server.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlSslMode};
use sqlx::{Connection, Executor, Row as _};

use stakepool_core::ports::{DatabaseServer, DatabaseTls};

/// Most connections of a program at a time.
pub(super) const CONNECTIONS: u32 = 10;
/// Most of them that may write, or wait for their turn to write, at a time: the others are left to those who read.
pub(super) const WRITERS: usize = 5;
/// How long a connection may take, or the wait for one that is free.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A connection that was not used for longer is asked first whether it still lives.
const TRUSTED: Duration = Duration::from_secs(1);
/// How long the server keeps a connection that does nothing; the pool gives it up before. Not for long: where it is lost in
/// the middle of a transaction, others wait for that one's locks.
const IDLE: &str = "SET SESSION wait_timeout = LEAST(@@SESSION.wait_timeout, 30), \
                    SESSION innodb_lock_wait_timeout = 5";

/// How one of the hosts is reached.
pub(super) fn options(options: &DatabaseServer, host: &str) -> MySqlConnectOptions {
    let mut connect = MySqlConnectOptions::new()
        .host(host)
        .port(options.port)
        .username(&options.user)
        .database(&options.name)
        .charset("utf8mb4")
        .collation("utf8mb4_bin")
        // Each of these would be a setting more that some server or proxy refuses, and none of them is needed.
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .statement_cache_capacity(usize::try_from(options.kept_statements).unwrap_or(usize::MAX))
        .ssl_mode(match options.tls {
            DatabaseTls::Off => MySqlSslMode::Disabled,
            DatabaseTls::Preferred => MySqlSslMode::Preferred,
            DatabaseTls::Required => MySqlSslMode::Required,
            DatabaseTls::Verify => MySqlSslMode::VerifyIdentity,
        });
    if !options.password.is_empty() {
        // An empty one is sent as none: accounts without a password, and those that the socket vouches for, refuse any answer.
        connect = connect.password(options.password.expose());
    }
    if let Some(socket) = &options.socket {
        // Nothing leaves the computer.
        connect = connect.socket(socket).ssl_mode(MySqlSslMode::Disabled);
    }
    if let Some(authorities) = &options.authorities {
        connect = connect.ssl_ca_from_pem(authorities.clone().into_bytes());
    }
    connect
}

/// At most so many connections to the host that `connect` names.
pub(super) fn pool(connect: MySqlConnectOptions, connections: u32) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .idle_timeout(Duration::from_secs(12))
        .max_lifetime(Duration::from_secs(1800))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_lazy_with(connect)
}

/// Sets what must be the same on every server, whatever its own settings are. As plain texts: proxies do not look into
/// prepared ones.
async fn prepare(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    // Values that do not fit are refused instead of cut, and texts are quoted as everywhere.
    connection.execute(sqlx::raw_sql("SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'")).await?;
    // A single statement lasts at once, and one whose condition has no key is run.
    connection.execute(sqlx::raw_sql("SET SESSION autocommit = 1, SESSION sql_safe_updates = 0")).await?;
    connection.execute(sqlx::raw_sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")).await?;
    connection.execute(sqlx::raw_sql(IDLE)).await?;
    let known =
        sqlx::raw_sql("SHOW SESSION VARIABLES WHERE Variable_name IN ('wsrep_sync_wait', 'idle_transaction_timeout')");
    let known = connection.fetch_all(known).await?;
    for row in known {
        match row.try_get::<&[u8], _>(0)? {
            // One's own writes are read at once, on whichever node.
            b"wsrep_sync_wait" => connection.execute(sqlx::raw_sql("SET SESSION wsrep_sync_wait = 1")).await?,
            // A program that stopped in the middle of a transaction does not keep its locks.
            b"idle_transaction_timeout" => {
                connection.execute(sqlx::raw_sql("SET SESSION idle_transaction_timeout = 20")).await?
            }
            _ => continue,
        };
    }
    Ok(())
}

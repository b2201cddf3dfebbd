//! A database on a server, with its connections.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::mysql::MySqlPool;
use stakepool_core::ports::StoreError;

use tokio::time::Instant;

use super::connect;
use super::failure::{Cure, store_error, text_of};
use super::hosts::{self, Usable};
use super::jitter;
use super::operation::{Operation, Operations};
use crate::error::DbError;
use crate::sql::{Failure, Guarded, Row, Statement, Turn, sql};
use stakepool_core::ports::DatabaseServer;

/// How long a single read is tried, and one of its tries may take.
const READ: Duration = Duration::from_secs(8);
/// How long finished transactions are remembered, in seconds: far longer than one is tried.
const REMEMBERED: i64 = 600;
/// After so many transactions the old ones are forgotten.
const FORGET_EVERY: u32 = 1000;

/// A database on a server.
#[derive(Debug)]
pub(crate) struct Server {
    options: DatabaseServer,
    pool: MySqlPool,
    /// The host that is used.
    host: Mutex<String>,
    operations: Operations,
}

/// A transaction that writes.
pub(crate) enum Begun {
    /// It may do its work.
    Now(Guarded),
    /// It did its work at an earlier try.
    Before,
}

impl Server {
    /// Connects to the first host that can be used.
    pub(super) async fn connect(options: DatabaseServer) -> Result<Self, DbError> {
        Self::connect_with(options, connect::CONNECTIONS).await
    }

    /// The same with a single connection, so that all others are somebody else's.
    pub(super) async fn connect_once(options: DatabaseServer) -> Result<Self, DbError> {
        Self::connect_with(options, 1).await
    }

    async fn connect_with(options: DatabaseServer, connections: u32) -> Result<Self, DbError> {
        let Usable { host, connect } = hosts::choose(&options)
            .await
            .map_err(|reason| DbError::Server { place: options.place_on(&options.hosts.join(",")), reason })?;
        let pool = connect::pool(connect, connections);
        let server = Self { options, pool, host: Mutex::new(host), operations: Operations::of(String::new()) };
        let process = server.process_name().await;
        let process = process.map_err(|failure| DbError::Server { place: server.place(), reason: text_of(failure) })?;
        Ok(Self { operations: Operations::of(process), ..server })
    }

    /// A name for this process that the server makes up.
    async fn process_name(&self) -> Result<String, Failure> {
        let rows = self.rows(&sql("SELECT CAST(UUID() AS CHAR) AS id")).await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.get::<&str>("id")?.to_owned())
    }

    /// What it is called for people.
    pub(crate) fn place(&self) -> String {
        self.options.place_on(&self.host.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends all connections, once what is under way is done.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    /// What a failure means for those who use a store.
    pub(crate) fn store_error(&self, failure: Failure) -> StoreError {
        store_error(failure)
    }

    /// A connection that nobody else has, to be used until then.
    pub(super) async fn connection(&self, until: Instant) -> Result<Guarded, Failure> {
        Ok(Guarded::new(self.pool.acquire().await?, until))
    }

    /// The rows that a statement finds.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>, Failure> {
        let mut tries = 0;
        let until = Instant::now() + READ;
        loop {
            let read = async {
                let mut connection = self.connection(until).await?;
                let rows = connection.rows(statement).await?;
                connection.give_back();
                Ok(rows)
            };
            match read.await {
                Ok(rows) => return Ok(rows),
                Err(failure) => {
                    tries += 1;
                    let pause = self.pause_after(&failure, tries).await;
                    let pause = pause.filter(|pause| Instant::now() + *pause < until);
                    let Some(pause) = pause else { return Err(failure) };
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// A transaction whose reads are all of one moment.
    pub(crate) async fn read(&self, until: Instant) -> Result<Guarded, Failure> {
        let mut connection = self.connection(until).await?;
        // For the next transaction alone.
        connection.command("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
        connection.command("START TRANSACTION READ ONLY").await?;
        Ok(connection)
    }

    /// The number of the next transaction.
    pub(crate) fn next_operation(&self) -> Operation {
        self.operations.next()
    }

    /// A transaction that writes in its turn.
    pub(crate) async fn write(&self, turn: Turn, operation: &Operation, until: Instant) -> Result<Begun, Failure> {
        let mut connection = self.connection(until).await?;
        match begin(&mut connection, turn, operation).await {
            Ok(true) => Ok(Begun::Now(connection)),
            Ok(false) => connection.roll_back().await.map(|()| Begun::Before),
            Err(failure @ Failure::Sql(sqlx::Error::Database(_))) => {
                connection.roll_back().await?;
                Err(failure)
            }
            Err(failure) => Err(failure),
        }
    }

    /// How long to wait before another try, if that may help. Where the host does not serve, the next one is taken.
    pub(crate) async fn pause_after(&self, failure: &Failure, tries: u32) -> Option<Duration> {
        match Cure::of(failure) {
            Cure::None => None,
            Cure::Once if tries > 1 => None,
            Cure::Again | Cure::Once => Some(jitter::pause(tries)),
            Cure::Elsewhere if self.pool.is_closed() => None,
            Cure::Elsewhere => {
                self.look_for_a_host().await;
                Some(jitter::pause(tries))
            }
        }
    }

    /// Where there are several hosts, goes on with the first that can be used.
    async fn look_for_a_host(&self) {
        if self.options.hosts.len() < 2 {
            return;
        }
        let Ok(Usable { host, connect }) = hosts::choose(&self.options).await else { return };
        let mut used = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        if *used != host {
            tracing::warn!(from = %used, to = %host, "the database goes on on another host");
            *used = host;
            self.pool.set_connect_options(connect);
        }
    }
}

/// Begins a transaction in its turn; false where it did its work at an earlier try.
async fn begin(connection: &mut Guarded, turn: Turn, operation: &Operation) -> Result<bool, Failure> {
    connection.command("BEGIN").await?;
    if turn != Turn::None {
        take(connection, turn).await?;
    }
    let text = "INSERT INTO operations (id, at) VALUES (?, UNIX_TIMESTAMP())";
    match connection.execute(&sql(text).bind(operation.id())).await {
        Ok(_) => {}
        Err(failure) if failure.is_double() => return Ok(false),
        Err(failure) => return Err(failure),
    }
    if operation.is_one_in(FORGET_EVERY) {
        let old = "DELETE FROM operations WHERE at < UNIX_TIMESTAMP() - ? LIMIT 5000";
        connection.execute(&sql(old).bind(REMEMBERED)).await?;
    }
    Ok(true)
}

/// Waits for a turn: its row is locked until the end of the transaction. Where someone removed the row, it is made anew,
/// for without it nobody would wait.
async fn take(connection: &mut Guarded, turn: Turn) -> Result<(), Failure> {
    let next = sql("UPDATE turns SET taken = taken + 1 WHERE name = ?").bind(turn.name());
    if connection.execute(&next).await? == 1 {
        return Ok(());
    }
    tracing::warn!(turn = turn.name(), "a row of the table `turns` was missing and is made again");
    match connection.execute(&sql("INSERT INTO turns (name, taken) VALUES (?, 1)").bind(turn.name())).await {
        // Another one made it, and has it; if it is gone once more, the next try sees to it.
        Err(failure) if failure.is_double() => match connection.execute(&next).await? {
            1 => Ok(()),
            _ => Err(failure),
        },
        made => made.map(drop),
    }
}

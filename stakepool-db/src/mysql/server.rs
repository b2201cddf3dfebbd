//! A database on a server, with its connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stakepool_core::ports::{DatabaseServer, ServerState, StoreError};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::connect::{CONNECTIONS, WRITERS};
use super::failure::{Cure, store_error, text_of};
use super::hosts::Hosts;
use super::jitter;
use super::operation::{Operation, Operations};
use crate::error::DbError;
use crate::sql::{Failure, Guarded, Row, Statement, Turn, sql};

/// How long a single read is tried, and one of its tries may take.
const READ: Duration = Duration::from_secs(8);
/// How long finished transactions are remembered, in seconds: far longer than one is tried.
const REMEMBERED: i64 = 600;
/// After so many transactions the old ones are forgotten.
const FORGET_EVERY: u32 = 1000;
/// How often a transaction is tried whose keys others take first.
const FEW: u32 = 8;

/// A database on a server.
#[derive(Debug)]
pub(crate) struct Server {
    hosts: Arc<Hosts>,
    /// Leaves connections to those who only read, however many wait for their turn to write.
    writers: Arc<Semaphore>,
    operations: Operations,
    /// How often something began again.
    retries: AtomicU64,
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
        let server = Self::connect_with(options, CONNECTIONS).await?;
        server.hosts.watch();
        Ok(server)
    }

    /// The same with a single connection, so that all others are somebody else's.
    pub(super) async fn connect_once(options: DatabaseServer) -> Result<Self, DbError> {
        Self::connect_with(options, 1).await
    }

    async fn connect_with(options: DatabaseServer, connections: u32) -> Result<Self, DbError> {
        let place = options.place_on(&options.hosts.join(","));
        let hosts = Hosts::find(options, connections).await.map_err(|reason| DbError::Server { place, reason })?;
        let server = Self {
            hosts,
            writers: Arc::new(Semaphore::new(WRITERS)),
            operations: Operations::of(String::new()),
            retries: AtomicU64::new(0),
        };
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
        self.hosts.place()
    }

    /// Ends all connections, once what is under way is done.
    pub(crate) async fn close(&self) {
        self.hosts.close().await;
    }

    /// Why no server can be used, where that is so.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.hosts.trouble()
    }

    /// What is known of the servers.
    pub(crate) fn state(&self) -> ServerState {
        ServerState { retries: self.retries.load(Ordering::Relaxed), ..self.hosts.server_state() }
    }

    /// What a failure means for those who use a store. Where nobody answered, the reason is what is known of the servers.
    pub(crate) fn store_error(&self, failure: Failure) -> StoreError {
        let is_silence = matches!(failure, Failure::Silent(_) | Failure::Sql(sqlx::Error::PoolTimedOut));
        match self.trouble().filter(|_| is_silence) {
            Some(reason) => StoreError::Backend(reason),
            None => store_error(failure),
        }
    }

    /// A connection that nobody else has, to be used until then.
    pub(super) async fn connection(&self, until: Instant) -> Result<Guarded, Failure> {
        let (pool, mut given_up) = self.hosts.used().map_err(Failure::Away)?;
        let began = Instant::now();
        let acquired = tokio::select! {
            biased;
            acquired = timeout_at(until, pool.acquire()) => acquired.unwrap_or(Err(sqlx::Error::PoolTimedOut))?,
            () = given_up.wait() => return Err(Failure::Silent(began.elapsed())),
        };
        Ok(Guarded::new(acquired, until, given_up))
    }

    /// The same to write, which does not take the last connections from those who read.
    async fn connection_to_write(&self, until: Instant) -> Result<Guarded, Failure> {
        let permit = timeout_at(until, Arc::clone(&self.writers).acquire_owned()).await;
        // The semaphore is never closed.
        let permit = permit.ok().and_then(Result::ok).ok_or(sqlx::Error::PoolTimedOut)?;
        Ok(self.connection(until).await?.with_permit(permit))
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
                    let Some(pause) = self.pause_after(&failure, tries, until).await else { return Err(failure) };
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
        let mut connection = self.connection_to_write(until).await?;
        connection.begin(self.hosts.is_cluster()).await?;
        match take_up(&mut connection, turn, operation).await {
            Ok(true) => Ok(Begun::Now(connection)),
            Ok(false) => connection.roll_back().await.map(|()| Begun::Before),
            Err(failure @ Failure::Sql(sqlx::Error::Database(_))) => {
                connection.roll_back().await?;
                Err(failure)
            }
            Err(failure) => Err(failure),
        }
    }

    /// How long to wait before another try, if that may help before `until`. Where the host does not serve, it is looked for
    /// another one first.
    pub(crate) async fn pause_after(&self, failure: &Failure, tries: u32, until: Instant) -> Option<Duration> {
        match Cure::of(failure) {
            Cure::None => return None,
            Cure::Few if tries >= FEW => return None,
            Cure::Again | Cure::Few => {}
            Cure::Elsewhere if self.hosts.is_closed() => return None,
            Cure::Elsewhere => timeout_at(until, self.hosts.look()).await.ok()?,
        }
        let pause = jitter::pause(tries);
        (Instant::now() + pause < until).then(|| {
            self.retries.fetch_add(1, Ordering::Relaxed);
            pause
        })
    }
}

/// Waits for the turn of a transaction that was begun, and writes its number; false where it did its work at an earlier try.
async fn take_up(connection: &mut Guarded, turn: Turn, operation: &Operation) -> Result<bool, Failure> {
    if turn != Turn::None {
        take(connection, turn).await?;
    }
    let text = "INSERT INTO operations (id, at) VALUES (?, UNIX_TIMESTAMP())";
    match connection.execute(&sql(text).bind(operation.id())).await {
        Ok(_) => connection.note_operation(operation.id()),
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

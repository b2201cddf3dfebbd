//! A connection to MySQL that nobody gets out of step.
//!
//! A driver's future that is dropped in the middle of an answer (a client hung up, a limit of time ran out) leaves the rest
//! of the answer on the connection, and the next one to use it would read that as the answer to another question. So a
//! connection goes back to the pool only after a statement, or a whole transaction, has come to its end; otherwise it is
//! closed, upon which the server rolls back.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, MySql, MySqlConnection};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout};

use super::failure::Failure;
use super::giving_up::{GivenUp, may_be_given_up};
use super::row::Row;
use super::statement::{Statement, sql};

/// How long a statement that reads may take.
const READ: Duration = Duration::from_secs(5);
/// How long one that writes may take.
const WRITE: Duration = Duration::from_secs(15);

/// A connection of a pool, for one statement or one transaction.
pub(crate) struct Guarded {
    /// `None` once it was given back.
    connection: Option<PoolConnection<MySql>>,
    /// When whoever asked will not wait any longer.
    until: Instant,
    /// Hears that its server is given up.
    given_up: GivenUp,
    /// What it has of the connections for writing, where it writes.
    _permit: Option<OwnedSemaphorePermit>,
    /// The number of the transaction on it, once it has written that.
    operation: Option<String>,
    /// Whether the transaction on it may be lost without a word.
    is_in_cluster: bool,
    /// Whether its server cannot serve. Then it is closed: the next one may go to another server.
    is_useless: bool,
}

impl Guarded {
    /// Takes a connection out of the pool for good, unless it is given back.
    pub(crate) const fn new(connection: PoolConnection<MySql>, until: Instant, given_up: GivenUp) -> Self {
        let connection = Some(connection);
        Self { connection, until, given_up, _permit: None, operation: None, is_in_cluster: false, is_useless: false }
    }

    /// The same of a server that nobody gives up.
    pub(crate) fn alone(connection: PoolConnection<MySql>, until: Instant) -> Self {
        Self::new(connection, until, may_be_given_up().1)
    }

    /// The same, which holds a permit as long as it is there.
    pub(crate) fn with_permit(mut self, permit: OwnedSemaphorePermit) -> Self {
        self._permit = Some(permit);
        self
    }

    /// The time that a statement has left, of as much as it may take.
    fn left(&self, most: Duration) -> Duration {
        self.until.saturating_duration_since(Instant::now()).min(most)
    }

    /// The connection, and who hears that its server is given up.
    fn parts(&mut self) -> Result<(&mut MySqlConnection, &mut GivenUp), Failure> {
        // It is there until `self` is used up.
        let connection = self.connection.as_deref_mut().ok_or(Failure::Sql(sqlx::Error::PoolClosed))?;
        Ok((connection, &mut self.given_up))
    }

    /// Runs a fixed text that is not prepared: settings of the connection, and the bounds of transactions.
    pub(crate) async fn command(&mut self, text: &'static str) -> Result<(), Failure> {
        let limit = self.left(WRITE);
        let (connection, given_up) = self.parts()?;
        let done =
            within(limit, given_up, async { Ok(sqlx::raw_sql(text).execute(connection).await.map(drop)?) }).await;
        self.noted(done)
    }

    /// The same with a text that was put together; nothing in it comes from outside.
    pub(crate) async fn change_schema(&mut self, text: String, limit: Duration) -> Result<(), Failure> {
        let (connection, given_up) = self.parts()?;
        within(limit, given_up, async { Ok(sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map(drop)?) })
            .await
    }

    pub(crate) async fn execute(&mut self, statement: &Statement) -> Result<u64, Failure> {
        let limit = self.left(WRITE);
        let (connection, given_up) = self.parts()?;
        let done =
            within(limit, given_up, async { Ok(statement.mysql().execute(connection).await?.rows_affected()) }).await;
        self.noted(done)
    }

    pub(crate) async fn rows(&mut self, statement: &Statement) -> Result<Vec<Row>, Failure> {
        let limit = self.left(READ);
        let (connection, given_up) = self.parts()?;
        let rows = within(limit, given_up, async { Ok(statement.mysql().fetch_all(connection).await?) }).await;
        let rows = self.noted(rows)?;
        Ok(rows.into_iter().map(Row::Mysql).collect())
    }

    /// The rows that a statement finds, one after the other, without a limit of time.
    pub(crate) fn stream<'c>(&'c mut self, statement: &Statement) -> BoxStream<'c, Result<Row, Failure>> {
        match self.parts() {
            Ok((connection, _)) => {
                statement.mysql().fetch(connection).map(|row| row.map(Row::Mysql).map_err(Failure::from)).boxed()
            }
            Err(failure) => stream::once(async { Err(failure) }).boxed(),
        }
    }

    /// The transaction has written its number.
    pub(crate) fn note_operation(&mut self, id: &str) {
        self.operation = Some(id.to_owned());
    }

    /// Sees that the transaction is still there: a node that took it back for one of another node may answer that a key is
    /// there already, and nothing else. What followed then would be a transaction of its own each.
    pub(crate) async fn require_open(&mut self) -> Result<(), Failure> {
        let Some(id) = self.operation.clone() else { return Ok(()) };
        let own = self.rows(&sql("SELECT id FROM operations WHERE id = ?").bind(id)).await?;
        if own.is_empty() { Err(Failure::Contended) } else { Ok(()) }
    }

    /// Begins a transaction that writes. A node of a cluster may take it back for one of another node between two statements,
    /// and say so only where it prepares the next one, or not at all. So that what follows then does not last by itself, nothing
    /// lasts on this connection before the end.
    pub(crate) async fn begin(&mut self, is_in_cluster: bool) -> Result<(), Failure> {
        self.is_in_cluster = is_in_cluster;
        if is_in_cluster {
            self.command("SET autocommit = 0").await?;
        }
        self.command("BEGIN").await
    }

    pub(crate) async fn commit(mut self) -> Result<(), Failure> {
        if self.is_in_cluster {
            self.require_open().await?;
        }
        self.command("COMMIT").await?;
        self.give_back_after_end().await;
        Ok(())
    }

    pub(crate) async fn roll_back(mut self) -> Result<(), Failure> {
        self.command("ROLLBACK").await?;
        self.give_back_after_end().await;
        Ok(())
    }

    /// Gives the connection back as the next one expects it, or closes it.
    async fn give_back_after_end(mut self) {
        if !self.is_in_cluster || self.command("SET autocommit = 1").await.is_ok() {
            self.give_back();
        }
    }

    /// Gives the connection back to the pool. No transaction may be open on it.
    pub(crate) fn give_back(mut self) {
        if !self.is_useless {
            drop(self.connection.take());
        }
    }

    fn noted<T>(&mut self, done: Result<T, Failure>) -> Result<T, Failure> {
        self.is_useless |= done.as_ref().is_err_and(Failure::is_of_host);
        done
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Closes the socket at once. A farewell would have to go over a connection that may be out of step.
            drop(connection.detach());
        }
    }
}

/// What `work` comes to, unless it takes longer than `limit`, or its server is given up meanwhile.
async fn within<T>(
    limit: Duration,
    given_up: &mut GivenUp,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let began = Instant::now();
    tokio::select! {
        biased;
        done = timeout(limit, work) => done.unwrap_or(Err(Failure::Silent(limit))),
        () = given_up.wait() => Err(Failure::Silent(began.elapsed())),
    }
}

//! Transactions that are tried until they are through.
//!
//! A server may be gone for a moment, take another transaction first, or fail to answer whether a transaction lasts. Each
//! of these means: once more, from the start. SQLite needs one try.
//!
//! So that a transaction whose answer was lost is not done twice, each writes its own number first, the same at each try.
//! A try that finds the number was done before.

use std::time::Duration;

use stakepool_core::ports::StoreError;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::mysql::{Begun, Operation};
use crate::sql::{Failure, Transaction, Turn};

/// For how long a transaction is tried: whoever waits for a page waits no longer, though it is more than one transaction.
const PATIENCE: Duration = Duration::from_secs(10);

/// The tries of one transaction with the result `T`.
pub(crate) struct Attempts<'d, T> {
    engine: &'d Engine,
    kind: Kind,
    deadline: Instant,
    tries: u32,
    /// The number of a transaction on a server.
    operation: Option<Operation>,
    /// What a try came to whose end is not known.
    unsure: Option<T>,
}

enum Kind {
    Read,
    Write(Turn),
}

/// What comes next.
pub(crate) enum Step<T> {
    /// A try, to be ended by [`Attempts::end`].
    Begun(Transaction),
    /// Nothing: this is the result.
    Over(Result<T, StoreError>),
}

impl<'d, T> Attempts<'d, T> {
    pub(crate) fn to_write(engine: &'d Engine, turn: Turn) -> Self {
        Self::new(engine, Kind::Write(turn), PATIENCE)
    }

    /// The same for a time of one's own.
    pub(crate) fn to_write_within(engine: &'d Engine, turn: Turn, patience: Duration) -> Self {
        Self::new(engine, Kind::Write(turn), patience)
    }

    pub(crate) fn to_read(engine: &'d Engine) -> Self {
        Self::new(engine, Kind::Read, PATIENCE)
    }

    fn new(engine: &'d Engine, kind: Kind, patience: Duration) -> Self {
        Self { engine, kind, deadline: Instant::now() + patience, tries: 0, operation: None, unsure: None }
    }

    /// Begins a try.
    pub(crate) async fn begin(&mut self) -> Step<T> {
        loop {
            match self.open().await {
                Ok(Some(transaction)) => return Step::Begun(transaction),
                Ok(None) => {
                    // Its number was only written by a try that was whole, whose result was kept.
                    let lost = || StoreError::Backend("the result of a transaction was lost".to_owned());
                    return Step::Over(self.unsure.take().ok_or_else(lost));
                }
                Err(failure) => {
                    if let Some(error) = self.give_up(failure).await {
                        return Step::Over(Err(error));
                    }
                }
            }
        }
    }

    /// A transaction; `None` where an earlier try came through.
    async fn open(&mut self) -> Result<Option<Transaction>, Failure> {
        match (self.engine, &self.kind) {
            (Engine::Sqlite(file), Kind::Read) => Ok(Some(Transaction::Sqlite(file.read().await?))),
            (Engine::Sqlite(file), Kind::Write(..)) => Ok(Some(Transaction::Sqlite(file.write().await?))),
            (Engine::Mysql(server), Kind::Read) => server.read(self.deadline).await.map(Transaction::Mysql).map(Some),
            (Engine::Mysql(server), Kind::Write(turn)) => {
                let operation = self.operation.get_or_insert_with(|| server.next_operation());
                Ok(match server.write(*turn, operation, self.deadline).await? {
                    Begun::Now(connection) => Some(Transaction::Mysql(connection)),
                    Begun::Before => None,
                })
            }
        }
    }

    /// Ends a try: the result, or `None` where another try must follow.
    pub(crate) async fn end(
        &mut self,
        transaction: Transaction,
        done: Result<T, Failure>,
    ) -> Option<Result<T, StoreError>> {
        let failure = match done {
            Ok(value) => match transaction.commit().await {
                Ok(()) => return Some(Ok(value)),
                Err(failure) => {
                    if failure.leaves_open() {
                        self.unsure = Some(value);
                    }
                    failure
                }
            },
            Err(failure) => {
                // An engine that answered takes this back at once; from another one the connection is taken away.
                if matches!(failure, Failure::Store(_) | Failure::Contended | Failure::Sql(sqlx::Error::Database(_))) {
                    let _ = transaction.roll_back().await;
                }
                failure
            }
        };
        self.give_up(failure).await.map(Err)
    }

    /// The error of a try that is the last; `None` after a pause, where another one may succeed.
    async fn give_up(&mut self, failure: Failure) -> Option<StoreError> {
        self.tries = self.tries.saturating_add(1);
        let pause = match self.engine {
            Engine::Mysql(server) => server.pause_after(&failure, self.tries, self.deadline).await,
            Engine::Sqlite(_) => None,
        };
        let Some(pause) = pause else { return Some(self.engine.store_error(failure)) };
        tokio::time::sleep(pause).await;
        None
    }
}

/// Runs a transaction until it is through. Its body is an async block that is run at each try; what it returns is the
/// result, and an error takes all of it back.
macro_rules! transaction {
    ($attempts:expr, |$transaction:ident| $body:expr) => {{
        let mut attempts = $attempts;
        loop {
            match attempts.begin().await {
                $crate::retries::Step::Begun(mut begun) => {
                    let done: Result<_, $crate::sql::Failure> = {
                        let $transaction = &mut begun;
                        async { $body }.await
                    };
                    if let Some(result) = attempts.end(begun, done).await {
                        break result;
                    }
                }
                $crate::retries::Step::Over(result) => break result,
            }
        }
    }};
}
pub(crate) use transaction;

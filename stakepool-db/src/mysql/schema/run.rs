//! Does what is not done yet.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::failure::text_of;
use super::super::server::{Begun, Server};
use super::lease::{self, Lease};
use super::steps::{self, STEP};
use super::tables::OURS;
use super::{expected, gaps, predecessor};
use crate::adopt;
use crate::error::DbError;
use crate::sql::{Failure, Guarded, Transaction, Turn, sql};
use crate::takeover::Takeover;
use crate::warning::Warning;

/// For how long a server that is gone for a moment is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long all steps, and the adoption of all rows, may take.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// How many steps this program knows.
pub(in super::super) fn known() -> i64 {
    steps::all().fold(0, |count, _| count + 1)
}

/// Brings the tables up to date and gives rows of the predecessor their keys.
pub(in super::super) async fn bring_up_to_date(server: &Server) -> Result<Vec<Warning>, DbError> {
    let refused = |reason: String| DbError::Server { place: server.place(), reason };
    let deadline = Instant::now() + PATIENCE;
    let mut tries = 0;
    loop {
        let failure = match try_once(server).await {
            Ok(done) => return done.map_err(refused),
            Err(failure) => failure,
        };
        tries += 1;
        match server.pause_after(&failure, tries).await {
            Some(pause) if Instant::now() + pause < deadline => sleep(pause).await,
            _ => return Err(refused(text_of(failure))),
        }
    }
}

/// Looks whether the tables can be brought up to date and what there is to do, and changes nothing.
pub(in super::super) async fn check(server: &Server) -> Result<Takeover, DbError> {
    let refused = |reason: String| DbError::Server { place: server.place(), reason };
    let looked = async {
        let mut connection = server.connection(Instant::now() + PATIENCE).await?;
        let found = match refusal(&mut connection).await? {
            Ok(_) => {
                let done = marks(&mut connection).await?;
                let steps = steps::all().filter(|step| !done.contains(&step.name())).count();
                Ok(expected::look(&mut connection, steps).await?)
            }
            Err(reason) => Err(reason),
        };
        connection.give_back();
        Ok(found)
    };
    match looked.await {
        Ok(found) => found.map_err(refused),
        Err(failure) => Err(refused(text_of(failure))),
    }
}

/// What was found, or why the database cannot be used.
async fn try_once(server: &Server) -> Result<Result<Vec<Warning>, String>, Failure> {
    let mut connection = server.connection(Instant::now() + LONGEST).await?;
    let is_done = match refusal(&mut connection).await? {
        Ok(is_done) => is_done,
        Err(reason) => {
            connection.give_back();
            return Ok(Err(reason));
        }
    };
    let is_done = is_done || run(&mut connection).await?;
    connection.give_back();
    if !is_done {
        return Ok(Err("another program brings its tables up to date; wait for it, or stop it".to_owned()));
    }
    adopt_rows(server).await.map(Ok)
}

/// Whether every step is done, or why the tables cannot be used.
async fn refusal(connection: &mut Guarded) -> Result<Result<bool, String>, Failure> {
    if let Some(reason) = predecessor::refuse(connection).await? {
        return Ok(Err(reason));
    }
    let done = marks(connection).await?;
    let known: HashSet<String> = steps::all().map(|step| step.name()).collect();
    Ok(match done.difference(&known).next() {
        Some(unknown) => Err(format!(
            "its tables were changed by a later version of this program (`{unknown}`): install that version again, or \
             restore the backup from before the upgrade"
        )),
        None => Ok(done == known),
    })
}

/// Which steps are marked as done.
async fn marks(connection: &mut Guarded) -> Result<HashSet<String>, Failure> {
    match connection.rows(&sql("SELECT step FROM schema_steps")).await {
        Ok(rows) => Ok(rows.iter().map(|row| row.get::<&str>("step").map(str::to_owned)).collect::<Result<_, _>>()?),
        // There is no such table: nothing is done.
        Err(failure) if failure.is_numbered(1146) => Ok(HashSet::new()),
        Err(failure) => Err(failure),
    }
}

/// Runs the steps that are not done. False where another program has the lease, or took it.
async fn run(connection: &mut Guarded) -> Result<bool, Failure> {
    lease::prepare(connection).await?;
    let Some(lease) = Lease::take(connection).await? else { return Ok(false) };
    let marks_table = format!(
        "CREATE TABLE IF NOT EXISTS schema_steps (step VARCHAR(255) NOT NULL PRIMARY KEY, at BIGINT NOT NULL) {OURS}"
    );
    connection.change_schema(marks_table, STEP).await?;
    let done = marks(connection).await?;
    for step in steps::all().filter(|step| !done.contains(&step.name())) {
        if !lease.renew(connection).await? {
            return Ok(false);
        }
        step.run(connection).await?;
        let mark = sql("INSERT INTO schema_steps (step, at) VALUES (?, UNIX_TIMESTAMP())").bind(step.name());
        match connection.execute(&mark).await {
            Err(failure) if !failure.is_double() => return Err(failure),
            _ => {}
        }
    }
    lease.give_back(connection).await?;
    Ok(true)
}

async fn adopt_rows(server: &Server) -> Result<Vec<Warning>, Failure> {
    let Begun::Now(connection) = server.write(Turn::Users, &server.next_operation(), Instant::now() + LONGEST).await?
    else {
        return Err(sqlx::Error::WorkerCrashed.into());
    };
    let mut transaction = Transaction::Mysql(connection);
    gaps::withhold(&mut transaction).await?;
    let warnings = adopt::adopt(&mut transaction).await?;
    transaction.commit().await?;
    Ok(warnings)
}

//! Does what is not done yet.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::failure::text_of;
use super::super::server::{Begun, Server};
use super::lease::{self, Lease};
use super::next_number::next_number;
use super::steps::{self, STEP};
use super::tables::OURS;
use super::{expected, predecessor};
use crate::adopt;
use crate::copy_mark;
use crate::error::DbError;
use crate::gaps;
use crate::purpose::Purpose;
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
pub(in super::super) async fn bring_up_to_date(server: &Server, purpose: Purpose) -> Result<Vec<Warning>, DbError> {
    let refused = |reason: String| DbError::Server { place: server.place(), reason };
    let deadline = Instant::now() + PATIENCE;
    let mut tries = 0;
    loop {
        let failure = match try_once(server, purpose).await {
            Ok(done) => return done.map_err(refused),
            Err(failure) => failure,
        };
        tries += 1;
        match server.pause_after(&failure, tries, deadline).await {
            Some(pause) => sleep(pause).await,
            None => return Err(refused(text_of(failure))),
        }
    }
}

/// Fails where the tables are not those of a pool, or not up to date, and changes nothing.
pub(in super::super) async fn refuse_unready(server: &Server) -> Result<(), DbError> {
    let refused = |reason: String| DbError::Server { place: server.place(), reason };
    let looked = async {
        let mut connection = server.connection(Instant::now() + PATIENCE).await?;
        let reason = unready(&mut connection).await?;
        connection.give_back();
        Ok(reason)
    };
    let looked = match looked.await {
        Ok(None) => unfinished(server).await,
        other => other,
    };
    match looked {
        Ok(None) => Ok(()),
        Ok(Some(reason)) => Err(refused(reason)),
        Err(failure) => Err(refused(text_of(failure))),
    }
}

/// Why the tables cannot be used as they are, if they cannot.
async fn unready(connection: &mut Guarded) -> Result<Option<String>, Failure> {
    match refusal(connection).await? {
        Ok(true) => return Ok(None),
        Err(reason) => return Ok(Some(reason)),
        Ok(false) => {}
    }
    let users = sql("SELECT 1 AS there FROM information_schema.tables WHERE table_schema = DATABASE() \
         AND LOWER(table_name) = 'users'");
    let has_users = !connection.rows(&users).await?.is_empty();
    let is_ours = !marks(connection).await?.is_empty();
    Ok(Some(
        match (has_users, is_ours) {
            (_, true) => {
                "its tables are those of an earlier version: start stakepool-web of this version once, which brings \
                      them up to date"
            }
            (true, false) => {
                "it is still the predecessor's: start stakepool-web once, which takes it over (`stakepoolctl db \
                          check` says what it finds)"
            }
            (false, false) => {
                "it has no tables of a pool: check dbname; of a new pool stakepool-web makes them at its start"
            }
        }
        .to_owned(),
    ))
}

/// Looks whether the tables can be brought up to date and what there is to do, and changes nothing.
pub(in super::super) async fn check(server: &Server) -> Result<Takeover, DbError> {
    let refused = |reason: String| DbError::Server { place: server.place(), reason };
    let looked = async {
        let mut connection = server.connection(Instant::now() + PATIENCE).await?;
        let found = match refusal(&mut connection).await? {
            Ok(_) => {
                let done = done(&mut connection).await?;
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
async fn try_once(server: &Server, purpose: Purpose) -> Result<Result<Vec<Warning>, String>, Failure> {
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
    if purpose == Purpose::Copy {
        return Ok(Ok(Vec::new()));
    }
    if let Some(reason) = unfinished(server).await? {
        return Ok(Err(reason));
    }
    adopt_rows(server).await.map(Ok)
}

/// Why nobody may serve from a copy that is not finished, if it is one.
async fn unfinished(server: &Server) -> Result<Option<String>, Failure> {
    let mut transaction = Transaction::Mysql(server.read(Instant::now() + PATIENCE).await?);
    let source = copy_mark::source_of_unfinished(&mut transaction).await?;
    transaction.roll_back().await?;
    Ok(source.map(|source| copy_mark::refusal(&source)))
}

/// Whether every step is done, or why the tables cannot be used.
async fn refusal(connection: &mut Guarded) -> Result<Result<bool, String>, Failure> {
    if let Some(reason) = predecessor::refuse(connection).await? {
        return Ok(Err(reason));
    }
    let done = done(connection).await?;
    let known: HashSet<String> = steps::all().map(|step| step.name()).collect();
    Ok(match done.difference(&known).next() {
        Some(unknown) => Err(format!(
            "its tables were changed by a later version of this program (`{unknown}`): install that version again, or \
             restore the backup from before the upgrade"
        )),
        None => Ok(done == known),
    })
}

/// Which steps are done. A dump of the predecessor's tables that was loaded over those that were brought up to date takes its
/// part back: such a step is done again.
async fn done(connection: &mut Guarded) -> Result<HashSet<String>, Failure> {
    let mut done = marks(connection).await?;
    if !done.is_empty() {
        for name in predecessor::undone(connection).await? {
            done.remove(&name);
        }
    }
    Ok(done)
}

/// Which steps are marked as done.
pub(super) async fn marks(connection: &mut Guarded) -> Result<HashSet<String>, Failure> {
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
    let done = done(connection).await?;
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
    if let Some(next) = next_number(&mut transaction).await? {
        gaps::withhold(&mut transaction, next).await?;
    }
    let warnings = adopt::adopt(&mut transaction).await?;
    transaction.commit().await?;
    Ok(warnings)
}

//! A database on a server, looked at without a change.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use stakepool_core::ports::DatabaseServer;
use stakepool_core::time::UnixTime;
use tokio::time::{Instant, sleep};

use super::failure::text_of;
use super::schema;
use super::server::Server;
use crate::error::DbError;
use crate::inspection::{
    Configured, Defect, Inspection, OtherSession, SETTINGS, ServerFacts, Severity, judge_copy, judge_rows,
    judge_server, judge_tables,
};
use crate::layout::Layout;
use crate::sql::{Failure, Guarded, Row, Statement, Transaction, sql};

/// How long the whole may take.
const LONGEST: Duration = Duration::from_secs(60);
/// How often, and how far apart, it is looked whether other connections stay. One of ours may just be ending.
const LOOKS: (u32, Duration) = (5, Duration::from_millis(100));

/// Connects, looks, and changes nothing.
pub(crate) async fn inspect(options: DatabaseServer, configured: &Configured) -> Result<Inspection, DbError> {
    let server = Server::connect_once(options).await?;
    let looked = look(&server, configured).await;
    let place = server.place();
    server.close().await;
    match looked {
        Ok((users, defects)) => Ok(Inspection::new(place, users, defects)),
        Err(failure) => Err(DbError::Server { place, reason: text_of(failure) }),
    }
}

async fn look(server: &Server, configured: &Configured) -> Result<(u64, Vec<Defect>), Failure> {
    let mut connection = server.connection(Instant::now() + LONGEST).await?;
    let facts = facts(&mut connection).await?;
    let tables = schema::tables(&mut connection).await?;
    connection.give_back();
    let mut defects = judge_server(&facts);
    defects.extend(newer(&schema::unknown_steps(&tables.made)));
    defects.extend(judge_tables(&tables));
    let found = |name: &str| tables.found.iter().find(|table| table.name.eq_ignore_ascii_case(name));
    let users =
        tables.expected.iter().find(|layout| layout.name == "Users").zip(found("Users")).map(|(layout, found)| {
            let has = |name: &str| found.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
            let columns = layout.columns.iter().filter(|column| has(column.name)).copied().collect();
            Layout { columns, ..layout.clone() }
        });
    // Another program's table of users has nothing to say of ours.
    let users = users.filter(|layout| {
        ["UserId", "Email", "MultiSigAddress"]
            .iter()
            .all(|name| layout.columns.iter().any(|column| column.name == *name))
    });
    let mut transaction = Transaction::Mysql(server.read(Instant::now() + LONGEST).await?);
    let has = |name: &str| found(name).is_some();
    let rows = judge_rows(&mut transaction, users.as_ref(), has("key_indexes"), has("LowFeeTicket"), configured).await;
    let copy = judge_copy(&mut transaction, &tables).await;
    // It has only read.
    transaction.roll_back().await?;
    defects.extend(copy?);
    let (count, of_rows) = rows?;
    defects.extend(of_rows);
    Ok((count, defects))
}

fn newer(steps: &[String]) -> Option<Defect> {
    let text = format!("its tables were changed by a later version of this program ({})", steps.join(", "));
    (!steps.is_empty()).then(|| {
        Defect::new(Severity::Error, "newer", "database", text)
            .remedy("install that version again, or restore the backup from before the upgrade")
    })
}

async fn facts(connection: &mut Guarded) -> Result<ServerFacts, Failure> {
    let ours = UnixTime::from(SystemTime::now());
    let clock = connection.rows(&sql("SELECT UNIX_TIMESTAMP() AS now")).await?;
    let theirs = clock.first().map(|row| row.get::<i64>("now")).transpose()?.map(UnixTime);
    let missing_rights = schema::missing_rights(connection).await?;
    let may_have_more_rights = schema::may_have_more_rights(connection).await?;
    let process = sql("SELECT COUNT(*) AS n FROM information_schema.user_privileges WHERE privilege_type = 'PROCESS'");
    let process = connection.rows(&process).await?;
    Ok(ServerFacts {
        variables: variables(connection).await?,
        clocks: theirs.map(|theirs| (theirs, ours)),
        others: others(connection).await?,
        sees_all: process.first().map(|row| row.get::<i64>("n")).transpose()?.unwrap_or(0) > 0,
        missing_rights,
        may_have_more_rights,
    })
}

async fn variables(connection: &mut Guarded) -> Result<BTreeMap<String, String>, Failure> {
    let mut show = sql("SHOW GLOBAL VARIABLES WHERE Variable_name IN (");
    show.push_list(SETTINGS).push(")");
    let rows = connection.rows(&show).await?;
    // Some servers give texts, others bytes.
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    rows.iter().map(|row| Ok((text(row.get("Variable_name")?), text(row.get("Value")?)))).collect()
}

/// From where others are connected to this database, as `account@host`.
pub(crate) async fn other_sessions(server: &Server) -> Result<Vec<String>, Failure> {
    let mut connection = server.connection(Instant::now() + LONGEST).await?;
    let found = connection.rows(&sessions()).await?;
    connection.give_back();
    Ok(found.iter().map(other).collect::<Result<Vec<_>, _>>()?.iter().map(OtherSession::named).collect())
}

fn sessions() -> Statement {
    sql("SELECT CAST(user AS CHAR) AS account, COALESCE(CAST(host AS CHAR), '') AS host \
         FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
}

fn other(row: &Row) -> Result<OtherSession, sqlx::Error> {
    Ok(OtherSession { account: row.get("account")?, host: row.get("host")? })
}

/// Connections to this database that stay, but for this one.
async fn others(connection: &mut Guarded) -> Result<Vec<OtherSession>, Failure> {
    let list = sessions();
    let mut looks = 0;
    loop {
        let rows = connection.rows(&list).await?;
        looks += 1;
        if rows.is_empty() || looks == LOOKS.0 {
            return Ok(rows.iter().map(other).collect::<Result<_, _>>()?);
        }
        sleep(LOOKS.1).await;
    }
}

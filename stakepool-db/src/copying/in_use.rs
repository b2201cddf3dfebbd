//! Whether a source is in use: what is written to it while it is copied, the copy lacks.
//!
//! A file is in use where a program has it open. On a server connections say little, since whoever only reads has some, too;
//! but a web that lives writes every 15 seconds, and each transaction of ours leaves its number in `operations`. What the
//! predecessor's programs write is seen in their tables.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use tokio::time::sleep;

use crate::mysql::{self, Server};
use crate::sql::{Failure, Row, Transaction, sql};

/// What becomes of a copy whose source is written meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meanwhile {
    /// A source that is in use is refused, and the copy of one that was written is not finished.
    Refused,
    /// The copy is of the moment at which it began, and lacks what was written since.
    LeftOut,
}

/// After how many seconds without a write no web lives: it writes every 15, on a busy computer some later.
const SILENT: i64 = 25;
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(500);

/// Who writes to a database on a server, in words; `None` where nobody does. Where something was written a moment ago, it is
/// waited until a web that lives would have written again.
pub(super) async fn writer(server: &Server) -> Result<Option<String>, Failure> {
    let recent = sql("SELECT id, CAST(UNIX_TIMESTAMP() - at AS SIGNED) AS age FROM operations \
                      WHERE at > UNIX_TIMESTAMP() - ? ORDER BY at DESC")
    .bind(SILENT);
    let mut known: Option<HashSet<String>> = None;
    loop {
        let rows = server.rows(&recent).await?;
        let ids = rows.iter().map(|row| row.get("id")).collect::<Result<HashSet<String>, _>>()?;
        if ids.is_empty() {
            return Ok(None);
        }
        match &known {
            Some(known) if !ids.is_subset(known) => return said(server, rows.first()).await.map(Some),
            Some(_) => {}
            None => known = Some(ids),
        }
        sleep(LOOK).await;
    }
}

/// Who has just written, as far as the server says.
async fn said(server: &Server, last: Option<&Row>) -> Result<String, Failure> {
    let age: i64 = last.map(|row| row.get("age")).transpose()?.unwrap_or(0);
    let others: BTreeSet<String> = mysql::other_sessions(server).await?.into_iter().collect();
    let from = match others.is_empty() {
        true => String::new(),
        false => format!(" (connected are {})", others.into_iter().collect::<Vec<_>>().join(", ")),
    };
    Ok(format!("a stakepool-web, or another program of the pool, wrote to it {age} seconds ago{from}"))
}

/// The numbers of the transactions that a database on a server knows.
pub(super) async fn operations(transaction: &mut Transaction) -> Result<HashSet<String>, Failure> {
    let rows = transaction.rows(&sql("SELECT id FROM operations")).await?;
    Ok(rows.iter().map(|row| row.get("id")).collect::<Result<_, sqlx::Error>>()?)
}

/// A number that is another one once another connection has written to the file.
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
}

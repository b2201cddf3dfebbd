//! One program at a time brings the tables up to date.
//!
//! Not by a lock of the server: in a cluster each node has its own. The lease is a row, by the server's clock, and counts
//! how often it was taken, so that one who was away for too long notices that it is another's. Where the server sees that
//! the holder's connection is gone, nobody waits for the end of its time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::steps::STEP;
use super::tables::OURS;
use crate::sql::{Failure, Guarded, sql};

/// How long a lease lasts without being renewed, in seconds.
const LASTS: i64 = 60;
/// How long others wait for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often they look.
const LOOK: Duration = Duration::from_millis(100);

/// The lease, until it is given back or is over.
pub(super) struct Lease {
    fence: i64,
}

/// Makes the table of the lease, with its one row.
pub(super) async fn prepare(connection: &mut Guarded) -> Result<(), Failure> {
    let table = format!(
        "CREATE TABLE IF NOT EXISTS schema_lease (id BIGINT NOT NULL PRIMARY KEY, until BIGINT NOT NULL, \
         fence BIGINT NOT NULL, server VARCHAR(512) NOT NULL, account VARCHAR(512) NOT NULL, \
         connection BIGINT NOT NULL) {OURS}"
    );
    connection.change_schema(table, STEP).await?;
    let row = "INSERT INTO schema_lease (id, until, fence, server, account, connection) VALUES (0, 0, 0, '', '', 0)";
    match connection.execute(&sql(row)).await {
        Err(failure) if !failure.is_double() => Err(failure),
        _ => Ok(()),
    }
}

impl Lease {
    /// Waits for the lease. `None` where another program has it all the time.
    pub(super) async fn take(connection: &mut Guarded) -> Result<Option<Self>, Failure> {
        let deadline = Instant::now() + PATIENCE;
        // In one statement, which no other can come between. An account sees its own connections. Nodes that share a host may
        // share a port, too, on addresses of their own.
        let take = sql("UPDATE schema_lease SET fence = LAST_INSERT_ID(fence + 1), until = UNIX_TIMESTAMP() + ?, \
             server = CONCAT(@@hostname, ':', @@port, @@datadir), account = CURRENT_USER(), \
             connection = CONNECTION_ID() WHERE id = 0 AND (until <= UNIX_TIMESTAMP() \
             OR (server = CONCAT(@@hostname, ':', @@port, @@datadir) AND account = CURRENT_USER() \
             AND connection NOT IN (SELECT p.id FROM information_schema.processlist p)))")
        .bind(LASTS);
        loop {
            if connection.execute(&take).await? == 1 {
                let rows = connection.rows(&sql("SELECT CAST(LAST_INSERT_ID() AS SIGNED) AS fence")).await?;
                let fence = rows.first().ok_or(sqlx::Error::RowNotFound)?.get("fence")?;
                return Ok(Some(Self { fence }));
            }
            if Instant::now() > deadline {
                return Ok(None);
            }
            sleep(LOOK).await;
        }
    }

    /// Renews the lease; false where another program has it by now.
    pub(super) async fn renew(&self, connection: &mut Guarded) -> Result<bool, Failure> {
        let renew = "UPDATE schema_lease SET until = UNIX_TIMESTAMP() + ? WHERE id = 0 AND fence = ?";
        Ok(connection.execute(&sql(renew).bind(LASTS).bind(self.fence)).await? == 1)
    }

    /// Gives the lease back.
    pub(super) async fn give_back(self, connection: &mut Guarded) -> Result<(), Failure> {
        let free = sql("UPDATE schema_lease SET until = 0 WHERE id = 0 AND fence = ?").bind(self.fence);
        connection.execute(&free).await.map(drop)
    }
}

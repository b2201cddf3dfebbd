//! Which of several hosts is used: the first that can be written to.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{ConnectOptions, Connection, Executor, Row as _};
use tokio::time::timeout;

use super::connect;
use super::failure;
use stakepool_core::ports::DatabaseServer;

/// How long a host may take to say whether it can be used.
const PATIENCE: Duration = Duration::from_secs(4);

/// A host that can be used.
pub(super) struct Usable {
    pub(super) host: String,
    pub(super) connect: MySqlConnectOptions,
}

/// The first host that can be written to.
///
/// # Errors
/// What is wrong with each of them.
pub(super) async fn choose(options: &DatabaseServer) -> Result<Usable, String> {
    let mut reasons = Vec::new();
    // A socket has no host; the name only stands for it.
    let hosts = if options.socket.is_some() { &options.hosts[..options.hosts.len().min(1)] } else { &options.hosts };
    for host in hosts {
        let connect = connect::options(options, host);
        let reason = match timeout(PATIENCE, try_out(&connect)).await {
            Ok(Ok(None)) => return Ok(Usable { host: host.clone(), connect }),
            Ok(Ok(Some(reason))) => reason.to_owned(),
            Ok(Err(error)) => failure::text(&error),
            Err(_) => format!("it did not answer within {} seconds", PATIENCE.as_secs()),
        };
        let named = hosts.len() > 1;
        reasons.push(if named { format!("{host}: {reason}") } else { reason });
    }
    Err(if reasons.is_empty() { "no host is named; set dbhost".to_owned() } else { reasons.join("; ") })
}

/// What keeps a server that answers from being used, if anything does. A node that has left its cluster answers, too.
async fn try_out(connect: &MySqlConnectOptions) -> Result<Option<&'static str>, sqlx::Error> {
    let mut connection = connect.connect().await?;
    let found = state(&mut connection).await;
    // It has only read.
    let _ = connection.close().await;
    found
}

async fn state(connection: &mut MySqlConnection) -> Result<Option<&'static str>, sqlx::Error> {
    let read_only: i64 = connection.fetch_one("SELECT CAST(@@GLOBAL.read_only AS SIGNED)").await?.try_get(0)?;
    if read_only != 0 {
        return Ok(Some("it only reads (read_only is on)"));
    }
    let cluster = sqlx::raw_sql("SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status')");
    let (mut is_ready, mut is_primary, mut is_node) = (true, true, false);
    for row in connection.fetch_all(cluster).await? {
        let (name, value): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        match name {
            "wsrep_ready" => is_ready = value == "ON",
            // A server that could be a node and is none says that it is disconnected.
            _ => {
                is_node = value != "Disconnected" && value != "disconnected";
                is_primary = value == "Primary";
            }
        }
    }
    Ok((is_node && !(is_ready && is_primary)).then_some("it is cut off from its cluster, or not ready"))
}

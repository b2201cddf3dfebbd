//! Which of several hosts is used: the first that can be written to.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
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
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                format!("it did not answer within {seconds} seconds; check dbhost, dbport and the firewall")
            }
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
    let version = show(connection, "SELECT 'version', VERSION()").await?;
    if version.iter().any(|(_, version)| is_too_old(version)) {
        return Ok(Some("it is too old: MySQL 5.7 or MariaDB 10.3 is needed at least"));
    }
    let read_only = show(connection, "SHOW GLOBAL VARIABLES WHERE Variable_name = 'read_only'").await?;
    if read_only.iter().any(|(_, value)| value != "OFF" && value != "0") {
        return Ok(Some("it only reads (read_only is on)"));
    }
    let cluster = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status')";
    let cluster = show(connection, cluster).await?;
    let is = |name: &str, wanted: &str| {
        cluster.iter().any(|(found, value)| found == name && value.eq_ignore_ascii_case(wanted))
    };
    // A server that could be a node and is none says that it is disconnected.
    let is_node = !cluster.is_empty() && !is("wsrep_cluster_status", "Disconnected");
    let serves = is("wsrep_ready", "ON") && is("wsrep_cluster_status", "Primary");
    Ok((is_node && !serves).then_some("it is cut off from its cluster, or not ready"))
}

/// Names and values, which some servers give as texts and others as bytes.
async fn show(connection: &mut MySqlConnection, what: &'static str) -> Result<Vec<(String, String)>, sqlx::Error> {
    let rows = connection.fetch_all(sqlx::raw_sql(what)).await?;
    let text = |row: &MySqlRow, column| row.try_get(column).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    rows.iter().map(|row| Ok((text(row, 0)?, text(row, 1)?))).collect()
}

/// Whether a server is older than what this program needs. One whose version says nothing is tried.
fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return false };
    (major, minor) < if version.contains("MariaDB") { (10, 3) } else { (5, 7) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_known_by_their_version() {
        for old in ["5.6.51-log", "10.1.48-MariaDB-0ubuntu0.18.04.1", "5.5.68-MariaDB"] {
            assert!(is_too_old(old), "{old}");
        }
        for good in ["5.7.44", "8.0.36-0ubuntu0.22.04.1", "10.3.39-MariaDB", "10.11.19-MariaDB-0+deb12u1", "a fork"] {
            assert!(!is_too_old(good), "{good}");
        }
    }
}

//! One of the hosts, and whether its server can be used.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{ConnectOptions, Connection, Executor, Row as _};
use stakepool_core::ports::{ClusterState, DatabaseServer};
use tokio::time::timeout;

use super::connect;
use super::failure;

/// What is read of a server. Some of it only a node of a cluster has.
const VARIABLES: &str =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'read_only', 'wsrep_on', 'wsrep_provider')";
const STATUS: &str = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_cluster_status', \
                      'wsrep_cluster_size', 'wsrep_local_state_comment', 'wsrep_flow_control_paused_ns', \
                      'wsrep_local_cert_failures', 'wsrep_local_bf_aborts')";

/// A host, with a connection of its own over which it is asked.
pub(super) struct Host {
    name: String,
    connect: MySqlConnectOptions,
    connection: Option<MySqlConnection>,
}

/// A server that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Usable {
    /// How its cluster is, where it is a node of one.
    pub(super) cluster: Option<ClusterState>,
}

impl Usable {
    /// Whether it has all that its cluster has, and does nothing else than to serve.
    pub(super) fn is_whole(&self) -> bool {
        self.cluster.as_ref().is_none_or(|cluster| cluster.local_state == "Synced")
    }
}

/// Why a server cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    pub(super) reason: String,
    /// Whether it did not answer at all.
    pub(super) is_silent: bool,
}

impl Host {
    pub(super) fn of(options: &DatabaseServer, name: &str) -> Self {
        Self { name: name.to_owned(), connect: connect::options(options, name), connection: None }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn options(&self) -> &MySqlConnectOptions {
        &self.connect
    }

    /// Ends the connection over which it was asked; the next question opens another.
    pub(super) async fn hang_up(&mut self) {
        if let Some(connection) = self.connection.take() {
            // It has only read.
            let _ = connection.close().await;
        }
    }

    /// Asks whether its server can be used.
    pub(super) async fn ask(&mut self, patience: Duration) -> Result<Usable, Unusable> {
        // A connection on which something went wrong is not used again.
        let known = self.connection.take();
        let answered = async {
            let mut connection = match known {
                Some(connection) => connection,
                None => open(&self.connect).await?,
            };
            let found = state(&mut connection).await?;
            Ok((connection, found))
        };
        match timeout(patience, answered).await {
            Ok(Ok((connection, found))) => {
                self.connection = Some(connection);
                found.map_err(|reason| Unusable { reason: reason.to_owned(), is_silent: false })
            }
            Ok(Err(error)) => Err(Unusable { reason: failure::text(&error), is_silent: false }),
            Err(_) => Err(Unusable {
                reason:
                    "its server did not answer; check dbhost, dbport and the firewall, and whether it is overloaded"
                        .to_owned(),
                is_silent: true,
            }),
        }
    }
}

async fn open(connect: &MySqlConnectOptions) -> Result<MySqlConnection, sqlx::Error> {
    let mut connection = connect.connect().await?;
    // What a node says of itself must not wait for the others. Elsewhere there is no such variable.
    match connection.execute(sqlx::raw_sql("SET SESSION wsrep_sync_wait = 0")).await {
        Err(error) if !matches!(error, sqlx::Error::Database(_)) => Err(error),
        _ => Ok(connection),
    }
}

/// What a server says of itself, or what keeps one that answers from being used. A node that has left its cluster answers, too.
async fn state(connection: &mut MySqlConnection) -> Result<Result<Usable, &'static str>, sqlx::Error> {
    let variables = show(connection, VARIABLES).await?;
    let status = show(connection, STATUS).await?;
    Ok(judge(&variables, &status))
}

fn judge(variables: &[(String, String)], status: &[(String, String)]) -> Result<Usable, &'static str> {
    if get(variables, "version").is_some_and(is_too_old) {
        return Err("it is too old: MySQL 5.7 or MariaDB 10.3 is needed at least");
    }
    if get(variables, "read_only").is_some_and(|value| value != "OFF" && value != "0") {
        return Err("it only reads (read_only is on)");
    }
    let is = |name: &str, wanted: &str| get(status, name).is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    // A server that could be a node and is none says that it is disconnected, as does a node that has left its cluster.
    let is_node = get(variables, "wsrep_on").is_some_and(|value| value.eq_ignore_ascii_case("ON"))
        && get(variables, "wsrep_provider") != Some("none");
    if status.is_empty() || (!is_node && is("wsrep_cluster_status", "Disconnected")) {
        return Ok(Usable { cluster: None });
    }
    if !is("wsrep_ready", "ON") || !is("wsrep_cluster_status", "Primary") {
        return Err("it is cut off from its cluster, or not ready; look at wsrep_cluster_status of all nodes");
    }
    let number = |name| get(status, name).and_then(|value| value.parse().ok()).unwrap_or(0);
    let size = u32::try_from(number("wsrep_cluster_size")).unwrap_or(u32::MAX);
    Ok(Usable {
        cluster: Some(ClusterState {
            size,
            usual: size,
            local_state: get(status, "wsrep_local_state_comment").unwrap_or("unknown").to_owned(),
            flow_control_paused: Duration::from_nanos(number("wsrep_flow_control_paused_ns")),
            certification_failures: number("wsrep_local_cert_failures"),
            aborts: number("wsrep_local_bf_aborts"),
        }),
    })
}

fn get<'v>(values: &'v [(String, String)], name: &str) -> Option<&'v str> {
    values.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
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

    fn values(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn old_servers_are_known_by_their_version() {
        for old in ["5.6.51-log", "10.1.48-MariaDB-0ubuntu0.18.04.1", "5.5.68-MariaDB"] {
            assert!(is_too_old(old), "{old}");
        }
        for good in ["5.7.44", "8.0.36-0ubuntu0.22.04.1", "10.3.39-MariaDB", "10.11.19-MariaDB-0+deb12u1", "a fork"] {
            assert!(!is_too_old(good), "{good}");
        }
    }

    #[test]
    fn a_node_serves_where_it_is_ready_and_of_the_primary_part() {
        let writes = values(&[("read_only", "OFF"), ("version", "10.11.19-MariaDB")]);
        let node = |ready, status| values(&[("wsrep_ready", ready), ("wsrep_cluster_status", status)]);
        assert!(judge(&writes, &node("ON", "Primary")).is_ok_and(|found| found.cluster.is_some()));
        assert!(judge(&writes, &node("ON", "non-Primary")).is_err());
        assert!(judge(&writes, &node("OFF", "Primary")).is_err());
        assert!(judge(&values(&[("read_only", "ON")]), &node("ON", "Primary")).is_err());
    }

    #[test]
    fn a_node_that_has_left_its_cluster_is_not_taken_for_a_server_that_is_no_node() {
        let disconnected = values(&[("wsrep_ready", "OFF"), ("wsrep_cluster_status", "Disconnected")]);
        let server = |on, provider| {
            values(&[
                ("read_only", "OFF"),
                ("version", "10.11.19-MariaDB"),
                ("wsrep_on", on),
                ("wsrep_provider", provider),
            ])
        };
        let galera = "/usr/lib/galera/libgalera_smm.so";
        assert!(judge(&server("ON", galera), &disconnected).is_err());
        // One that could be a node, one that was given none of what a node needs, and one that cannot be a node.
        for (variables, status) in [
            (server("OFF", galera), &*disconnected),
            (server("ON", "none"), &*disconnected),
            (values(&[("read_only", "OFF"), ("version", "8.4.3")]), &[]),
        ] {
            assert!(judge(&variables, status).is_ok_and(|found| found.cluster.is_none()), "{variables:?}");
        }
    }
}

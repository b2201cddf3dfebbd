//! What is wrong with the pool as a whole, rather than with one wallet or daemon.

use std::time::Duration;

use serde::Serialize;
use stakepool_core::alert::AlertKind;
use stakepool_core::chain::Network;
use stakepool_core::time::UnixTime;

use crate::alert_record::AlertsReport;
use crate::daemons::TicketDifference;
use crate::database::{DatabaseCondition, DatabaseReport};

/// How long before its end a certificate is reported.
const BEFORE_END: Duration = Duration::from_secs(30 * 24 * 3600);

/// Something wrong with the pool as a whole, or between its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Of which kind; an alert about it has the same.
    pub kind: AlertKind,
    /// With what.
    pub about: String,
    /// What is wrong and what to do, for people.
    pub text: String,
}

impl Finding {
    /// A finding.
    pub(crate) fn new(kind: AlertKind, about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, about: about.into(), text: text.into() }
    }

    /// On one line, with what it is about.
    pub(super) fn named(&self) -> String {
        format!("{}: {}", self.about, self.text)
    }
}

/// What the database's state is worth.
pub(super) fn of_database(database: &DatabaseReport) -> Option<Finding> {
    let error = database.error.as_deref().unwrap_or("it fails");
    let text = match database.state {
        DatabaseCondition::Ok => return None,
        DatabaseCondition::Unsteady => format!("it works, but failed within the last minute: {error}"),
        DatabaseCondition::Failing => error.to_owned(),
    };
    Some(Finding::new(AlertKind::Database, "the database", text))
}

/// What is wrong with the nodes that are not used. Where none can be used, the database itself says so.
pub(super) fn of_cluster(database: &DatabaseReport) -> Option<Finding> {
    let servers = database.servers.as_ref().filter(|_| database.state != DatabaseCondition::Failing)?;
    let cluster = servers.cluster.as_ref()?;
    let hosts: Vec<String> = servers.unusable.iter().map(|(host, reason)| format!("{host}: {reason}")).collect();
    let hosts = hosts.join("; ");
    let text = match (cluster.size < cluster.usual, hosts.is_empty()) {
        (false, true) => return None,
        (false, false) => hosts,
        (true, true) => format!("it has {} of {} nodes: start the others", cluster.size, cluster.usual),
        (true, false) => format!("it has {} of {} nodes: start the others ({hosts})", cluster.size, cluster.usual),
    };
    Some(Finding::new(AlertKind::Cluster, "the database's cluster", text))
}

/// Channels of alerts that do not work.
pub(super) fn of_alerts(alerts: &AlertsReport) -> impl Iterator<Item = Finding> {
    alerts
        .failing()
        .map(|(channel, error)| Finding::new(AlertKind::AlertChannel, format!("alerts by {}", channel.way), error))
}

/// Daemons that know different tickets.
pub(super) fn of_difference(TicketDifference { about, text }: TicketDifference) -> Finding {
    Finding::new(AlertKind::TicketsDiffer, about, text)
}

/// Certificates that end soon, or have ended: from then on nobody reaches who shows them.
pub(super) fn of_certificates(certificates: &[(String, UnixTime)], now: UnixTime) -> impl Iterator<Item = Finding> {
    let soon = certificates.iter().filter(move |(_, end)| *end <= now.plus(BEFORE_END));
    soon.map(|(name, end)| {
        let text = format!("its certificate ends at {}: make a new one and give copies to its peers", end.readable());
        Finding::new(AlertKind::CertificateEnds, name, text)
    })
}

/// An address that users cannot write to, on the network where money is.
pub(super) fn of_help_email(network: Network, email: &str) -> Option<Finding> {
    let (_, domain) = email.rsplit_once('@')?;
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let reserved = |name: &str| {
        matches!(name, "localhost" | "localdomain" | "local" | "example" | "invalid" | "test" | "internal" | "lan")
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    let is_example = ["example.com", "example.org", "example.net"]
        .iter()
        .any(|example| domain == *example || domain.ends_with(&format!(".{example}")));
    let is_nowhere = reserved(last) || is_example || !domain.contains('.');
    (network == Network::Mainnet && is_nowhere).then(|| {
        let text = format!("no mail of users can reach {email}: set poolemail to an address that is read");
        Finding::new(AlertKind::Other, "poolemail", text)
    })
}

#[cfg(test)]
mod tests {
    use stakepool_core::ports::{ClusterState, ServerState};

    use super::*;

    #[test]
    fn a_certificate_is_told_of_a_month_before_its_end() {
        let ends = |at| of_certificates(&[("wallet a:1".to_owned(), UnixTime(at))], UnixTime(0)).count();
        assert_eq!((ends(31 * 86_400), ends(30 * 86_400), ends(-1)), (0, 1, 1));
    }

    #[test]
    fn a_cluster_below_its_usual_size_is_found_and_a_server_of_its_own_is_none() {
        let with = |size, unusable: &[(&str, &str)]| {
            let cluster = Some(ClusterState { size, usual: 3, ..ClusterState::default() });
            let unusable = unusable.iter().map(|(host, reason)| ((*host).to_owned(), (*reason).to_owned())).collect();
            DatabaseReport {
                servers: Some(ServerState { unusable, cluster, ..ServerState::default() }),
                ..DatabaseReport::default()
            }
        };
        assert_eq!(of_cluster(&with(3, &[])), None);
        let text = of_cluster(&with(2, &[("db2", "it does not answer")])).unwrap().text;
        assert_eq!(text, "it has 2 of 3 nodes: start the others (db2: it does not answer)");
        assert_eq!(of_cluster(&with(3, &[("db2", "check dbuser")])).unwrap().text, "db2: check dbuser");
        let mut alone = with(2, &[("db2", "it only reads")]);
        alone.servers.as_mut().unwrap().cluster = None;
        assert_eq!(of_cluster(&alone), None);
        let failing = DatabaseReport { state: DatabaseCondition::Failing, ..with(1, &[]) };
        assert_eq!(of_cluster(&failing), None);
    }

    #[test]
    fn an_address_that_nobody_can_write_to_is_found_on_mainnet_only() {
        for nowhere in [
            "pool@localhost",
            "pool@example.org",
            "pool@mail.example.com",
            "pool@pool.example",
            "root@host.local",
            "pool@host",
            "pool@Example.NET.",
        ] {
            assert!(of_help_email(Network::Mainnet, nowhere).unwrap().text.contains("set poolemail"), "{nowhere}");
            assert_eq!(of_help_email(Network::Simnet, nowhere), None);
        }
        for read in ["pool@excc.co", "help@example.excc.co", "", "a@notexample.com"] {
            assert_eq!(of_help_email(Network::Mainnet, read), None, "{read}");
        }
    }
}

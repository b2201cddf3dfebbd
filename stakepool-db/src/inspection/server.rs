//! What a server is like.

use std::collections::BTreeMap;

use stakepool_core::time::UnixTime;

use super::defect::{Defect, Severity};
use super::server_settings;
use super::versions::{Support, support};

/// From how many seconds on clocks differ.
const CLOCKS: i64 = 5;

/// A connection of somebody else to the same database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherSession {
    pub(crate) account: String,
    pub(crate) host: String,
}

impl OtherSession {
    /// The account and the host, without the port of the connection.
    pub(crate) fn named(&self) -> String {
        let host = self.host.rsplit_once(':').map_or(self.host.as_str(), |(host, _)| host);
        format!("{}@{host}", self.account)
    }
}

/// What a server says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerFacts {
    /// Global settings, by their names.
    pub(crate) variables: BTreeMap<String, String>,
    /// Its clock, and ours at the same moment.
    pub(crate) clocks: Option<(UnixTime, UnixTime)>,
    pub(crate) others: Vec<OtherSession>,
    /// Whether connections of other accounts can be seen.
    pub(crate) sees_all: bool,
    /// Rights that the account was given neither on the server nor on the database.
    pub(crate) missing_rights: Vec<&'static str>,
    /// Whether a role is active, or grants on single tables exist, by which it may have them all the same.
    pub(crate) may_have_more_rights: bool,
}

/// What should be known of a server.
pub(crate) fn judge(facts: &ServerFacts) -> Vec<Defect> {
    let mut defects = Vec::new();
    defects.extend(version(facts));
    defects.extend(rights(facts));
    defects.extend(clocks(facts));
    defects.extend(sessions(facts));
    defects.extend(server_settings::judge(&facts.variables));
    defects
}

fn version(facts: &ServerFacts) -> Option<Defect> {
    let version = facts.variables.get("version")?;
    let now = facts.clocks.map_or(UnixTime(0), |(_, ours)| ours).readable().to_string();
    let month = now.get(..7).unwrap_or_default();
    let said = |severity, text: String| Defect::new(severity, "version", "server", text);
    Some(match support(version, month) {
        Support::Tried => said(Severity::Note, format!("version {version}, with which this program is tested")),
        Support::Untried => said(Severity::Note, format!("version {version}, with which this program was not tried")),
        Support::Over(end) => {
            said(Severity::Warning, format!("version {version}, whose faults its makers mend no more since {end}"))
                .remedy("plan the upgrade of the server, with a backup before it")
        }
        Support::Unknown => said(
            Severity::Warning,
            format!("version {version}, which is not on the list of versions that are known to be supported"),
        )
        .remedy("use a version with long support: MariaDB 10.11, 11.4 or 11.8, or MySQL 8.4"),
    })
}

fn rights(facts: &ServerFacts) -> Option<Defect> {
    let missing = (!facts.missing_rights.is_empty()).then(|| facts.missing_rights.join(", "))?;
    let text =
        format!("the account (dbuser) seems to lack {missing}; what a role or single tables grant is not seen here");
    let (severity, remedy) = if facts.may_have_more_rights {
        let remedy =
            format!("run SHOW GRANTS as that account; of {missing}, grant on the database what is not among them");
        (Severity::Warning, remedy)
    } else {
        (Severity::Error, format!("GRANT {missing} ON the database TO the account"))
    };
    Some(Defect::new(severity, "privileges", "server", text).remedy(remedy))
}

fn clocks(facts: &ServerFacts) -> Option<Defect> {
    let (theirs, ours) = facts.clocks?;
    let ahead = theirs.0.saturating_sub(ours.0);
    if ahead.abs() < CLOCKS {
        return None;
    }
    let how = if ahead > 0 { "ahead of" } else { "behind" };
    let text = format!(
        "its clock is {} seconds {how} this computer's; the predecessor's web judges by it whether an added ticket is over",
        ahead.abs()
    );
    Some(
        Defect::new(Severity::Warning, "clock", "server", text).remedy("have both follow a time server (chrony, ntpd)"),
    )
}

fn sessions(facts: &ServerFacts) -> Vec<Defect> {
    let mut by_account: BTreeMap<String, usize> = BTreeMap::new();
    for other in &facts.others {
        *by_account.entry(other.named()).or_default() += 1;
    }
    let mut defects: Vec<Defect> = by_account
        .into_iter()
        .map(|(account, count)| {
            let text = format!("{count} other connections of {account} use this database");
            Defect::new(Severity::Warning, "sessions", "server", text).remedy(
                "see whose they are: stop the predecessor's web before stakepool-web starts, for it writes whole rows; \
                 a running stakepool-web and programs that only read are well",
            )
        })
        .collect();
    if !facts.sees_all {
        let text = "connections of other accounts cannot be seen, so that one may use this database unseen";
        defects.push(
            Defect::new(Severity::Note, "sessions", "server", text)
                .remedy("to see them, run SHOW PROCESSLIST as the server's administrator, or grant PROCESS to dbuser"),
        );
    }
    defects
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(facts: &ServerFacts) -> Vec<(Severity, &'static str)> {
        judge(facts).into_iter().map(|defect| (defect.severity, defect.kind)).collect()
    }

    #[test]
    fn a_server_that_is_as_it_should_be_gives_notes_at_most() {
        let variables = BTreeMap::from([("version".to_owned(), "10.11.19-MariaDB".to_owned())]);
        let facts = ServerFacts {
            variables,
            clocks: Some((UnixTime(1_795_800_000), UnixTime(1_795_800_001))),
            sees_all: true,
            ..ServerFacts::default()
        };
        assert_eq!(kinds(&facts), [(Severity::Note, "version")]);
    }

    #[test]
    fn clocks_rights_and_other_sessions_are_named() {
        let other = |host: &str| OtherSession { account: "stakepool".into(), host: host.into() };
        let facts = ServerFacts {
            clocks: Some((UnixTime(1000), UnixTime(1030))),
            others: vec![other("10.0.0.7:51000"), other("10.0.0.7:51001")],
            missing_rights: vec!["CREATE", "INDEX"],
            ..ServerFacts::default()
        };
        let texts: Vec<String> = judge(&facts).iter().map(ToString::to_string).collect();
        assert!(texts[0].starts_with("error: server: the account (dbuser) seems to lack CREATE, INDEX"), "{texts:?}");
        assert!(texts[1].contains("is 30 seconds behind"), "{texts:?}");
        assert!(texts[2].contains("2 other connections of stakepool@10.0.0.7"), "{texts:?}");
        assert!(texts[3].contains("cannot be seen"), "{texts:?}");
    }

    #[test]
    fn rights_that_a_role_or_grants_on_tables_may_give_are_a_warning_and_no_error() {
        let lacking = ServerFacts { missing_rights: vec!["CREATE"], sees_all: true, ..ServerFacts::default() };
        assert_eq!(kinds(&lacking), [(Severity::Error, "privileges")]);
        let with_role = ServerFacts { may_have_more_rights: true, ..lacking };
        assert_eq!(kinds(&with_role), [(Severity::Warning, "privileges")]);
    }
}

//! How the pool as a whole is shown.

use serde::Serialize;
use stakepool::status::{ClosingReport, Finding, OpenTrouble, Overall, PoolStatus};
use stakepool::vsp::VspReport;
use stakepool::{AlertsReport, ChannelReport, DatabaseReport};
use stakepool_core::ports::ServerState;
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::closing::fields::fields as closing;

/// How the pool is as a whole.
#[derive(Serialize)]
pub(super) struct Whole<'a> {
    pool: Overall,
    height: Option<u32>,
    /// Why it cannot serve, if it cannot.
    failures: &'a [String],
    /// All that is wrong with a wallet or a daemon, each with its name.
    problems: &'a [String],
    /// What should be looked at in the configuration.
    warnings: &'a [String],
    /// The same by kind and thing, the gravest first, with since when each lasts and what ends it.
    troubles: &'a [OpenTrouble],
    /// Those of the problems that concern the whole.
    findings: &'a [Finding],
    /// The database.
    database: &'a DatabaseReport,
    /// Who alerts the operator, and how that goes.
    alerts: &'a AlertsReport,
    /// How far the end of the pool has come, where a closing is announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<&'a ClosingReport>,
    /// The service for wallets of today, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    vsp: Option<&'a VspReport>,
}

impl<'a> From<&'a PoolStatus> for Whole<'a> {
    fn from(status: &'a PoolStatus) -> Self {
        Self {
            pool: status.state,
            height: status.height,
            failures: &status.failures,
            problems: &status.problems,
            troubles: &status.troubles,
            warnings: &status.warnings,
            findings: &status.findings,
            database: &status.database,
            alerts: &status.alerts,
            closing: status.closing.as_ref(),
            vsp: status.vsp.as_ref(),
        }
    }
}

impl Answer for Whole<'_> {
    /// Without the problems of wallets and daemons: people read each where its wallet or daemon is shown.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let state = match self.pool {
            Overall::Ok => "all is well",
            Overall::Degraded => "serves, but something should be looked at",
            Overall::Starting => "starts: not all wallets and daemons have answered yet",
            Overall::Down => "cannot serve",
        };
        let mut fields = vec![("pool", state.to_owned())];
        fields.extend(self.height.map(|height| ("height", height.to_string())));
        fields.extend(self.closing.into_iter().flat_map(closing));
        fields.extend(self.vsp.into_iter().map(|report| ("wallets of today", wallets_of_today(report))));
        fields.extend(self.failures.iter().map(|failure| ("failure", failure.clone())));
        fields.extend(self.findings.iter().map(|found| ("problem", format!("{}: {}", found.about, found.text))));
        fields.extend(self.troubles.iter().map(|trouble| ("open", open(trouble))));
        fields.extend(self.database.servers.as_ref().map(|servers| ("database", server(servers))));
        let instance = self.alerts.instance.as_deref();
        fields.push(("alerts", format!("sent by {}", instance.unwrap_or("nobody: no web runs"))));
        fields.extend(self.alerts.channels.iter().chain(&self.alerts.heartbeat).map(channel));
        fields.extend(self.warnings.iter().map(|warning| ("warning", warning.clone())));
        fields
    }
}

/// Since when a trouble lasts, and what ends it. What it is stands beside its wallet or daemon, or as a problem.
fn open(trouble: &OpenTrouble) -> String {
    let OpenTrouble { heading, about, severity, costs, command, since, last_good, .. } = trouble;
    let good = last_good.map_or_else(String::new, |good| format!(", last healthy {}", good.readable()));
    let command = command.as_ref().map_or_else(String::new, |command| format!(" `{command}`"));
    let severity = severity.name();
    format!("{heading}: {about} ({severity}), since {}{good}. {costs}{command}", since.readable())
}

/// Whether tickets are sold to wallets of today, and how many of theirs are voted.
fn wallets_of_today(report: &VspReport) -> String {
    let voted = report.to_be_voted();
    match (&report.closed, report.hindrance) {
        (Some(reason), _) => format!("closed ({reason}), {voted} tickets to be voted"),
        (None, Some(reason)) => format!("sold nothing now ({reason}), {voted} tickets to be voted"),
        (None, None) => format!("served, {voted} tickets to be voted"),
    }
}

/// Which server of the database is used, and how its cluster is.
fn server(servers: &ServerState) -> String {
    match &servers.cluster {
        Some(cluster) => {
            format!("{}, {} of {} nodes, {}", servers.host, cluster.size, cluster.usual, cluster.local_state)
        }
        None => servers.host.clone(),
    }
}

/// When a channel of alerts last worked and last failed.
fn channel(channel: &ChannelReport) -> (&'static str, String) {
    let at = |at: Option<UnixTime>| at.map_or_else(|| "never".to_owned(), UnixTime::readable);
    let (worked, failed) = (at(channel.last_worked), at(channel.last_failed));
    ("channel", format!("{}: worked {worked}, failed {failed}", channel.way))
}

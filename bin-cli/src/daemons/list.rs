//! `daemons list`: the voting daemons, one a line.

use clap::Args;
use serde::Serialize;
use stakepool::status::DaemonReport;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// List the voting daemons, each on a line.
///
/// Each is asked once; nothing is changed. `stakepoolctl status` says what is wrong with one, and what to do. The exit code is 0
/// whatever they answer.
#[derive(Debug, Args)]
pub(crate) struct List {}

/// A daemon. What it did not say is null.
#[derive(Serialize)]
struct Line<'a> {
    daemon: &'a str,
    id: Option<&'a str>,
    version: Option<&'a str>,
    reachable: bool,
    can_vote: Option<bool>,
    node_height: Option<u32>,
    synced_height: Option<u32>,
    live_tickets: Option<u64>,
    ignored_tickets: Option<u64>,
    problems: usize,
}

impl<'a> From<&'a DaemonReport> for Line<'a> {
    fn from(report: &'a DaemonReport) -> Self {
        Self {
            daemon: &report.name,
            id: report.id.as_deref(),
            version: report.version.as_deref(),
            reachable: report.reachable,
            can_vote: report.can_vote,
            node_height: report.node_height,
            synced_height: report.synced_height,
            live_tickets: report.live_tickets,
            ignored_tickets: report.ignored_tickets,
            problems: report.problems.len(),
        }
    }
}

impl Answer for Line<'_> {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let can_vote = |can_vote| if can_vote { "yes" } else { "no" };
        let readable = [
            ("daemon", Some(self.daemon.to_owned())),
            ("id", self.id.map(str::to_owned)),
            ("version", self.version.map(str::to_owned)),
            ("can vote", self.can_vote.map(|it| can_vote(it).to_owned())),
            ("node", self.node_height.map(|height| height.to_string())),
            ("synced", self.synced_height.map(|height| height.to_string())),
            ("live", self.live_tickets.map(|tickets| tickets.to_string())),
            ("ignored", self.ignored_tickets.map(|tickets| tickets.to_string())),
            ("problems", Some(self.problems.to_string())),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_with_wallets(pool)?;
        let status = open.wait(open.pool.look());
        let lines: Vec<_> = status.daemons.iter().map(Line::from).collect();
        let none = "the configuration names no voting daemon";
        console.style.write_table(console.output, &lines, none).map_err(CliError::Output)
    }
}

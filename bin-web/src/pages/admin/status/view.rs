//! The status as its page shows it.

use serde::Serialize;
use stakepool::ChannelReport;
use stakepool::status::{ClosingReport, DaemonReport, OpenTrouble, PoolStatus};
use stakepool_core::time::UnixTime;

use crate::view::when::ago;

/// The status as its page shows it.
#[derive(Serialize)]
pub(super) struct View<'a> {
    status: &'a PoolStatus,
    at: String,
    troubles: Vec<Shown<'a>>,
    /// How many parts of the pool are healthy, and how many there are.
    healthy: usize,
    parts: usize,
    daemons: Vec<Daemon>,
    /// The channels of alerts, the heartbeat last.
    channels: Vec<Channel>,
    closing: Option<Closing>,
}

/// A trouble for people.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    trouble: &'a OpenTrouble,
    since_at: String,
    since_ago: String,
    last_good_at: Option<String>,
    last_good_ago: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(trouble: &'a OpenTrouble, now: UnixTime) -> Self {
        Self {
            since_at: trouble.since.readable(),
            since_ago: ago(now, trouble.since),
            last_good_at: trouble.last_good.map(UnixTime::readable),
            last_good_ago: trouble.last_good.map(|good| ago(now, good)),
            trouble,
        }
    }
}

/// What a daemon's report leaves to be worked out.
#[derive(Serialize)]
struct Daemon {
    /// How many of its wallets can sign.
    signing: usize,
    /// How long ago it was last in sync.
    last: Option<String>,
}

impl Daemon {
    fn of(report: &DaemonReport, now: UnixTime) -> Self {
        Self {
            signing: report.wallets.iter().filter(|wallet| wallet.reachable && wallet.unlocked).count(),
            last: report.last_in_sync.map(|at| ago(now, at)),
        }
    }
}

/// How far the end of the pool has come, for people.
#[derive(Serialize)]
struct Closing {
    on: String,
    closed: bool,
    tickets: u64,
    last_block: Option<u32>,
    last_about: Option<String>,
}

impl From<&ClosingReport> for Closing {
    fn from(report: &ClosingReport) -> Self {
        let &ClosingReport { on, closed, tickets, last_block, last_about } = report;
        Self { on: on.readable(), closed, tickets, last_block, last_about: last_about.map(UnixTime::readable) }
    }
}

/// How long ago a channel of alerts last worked and last failed.
#[derive(Serialize)]
struct Channel {
    way: String,
    failing: bool,
    worked: Option<String>,
    failed: Option<String>,
}

fn channels(status: &PoolStatus) -> Vec<Channel> {
    let ago = |at: Option<UnixTime>| at.map(|at| ago(status.at, at));
    let channels = status.alerts.channels.iter().chain(&status.alerts.heartbeat);
    let shown = |channel: &ChannelReport| Channel {
        way: channel.way.clone(),
        failing: channel.error.is_some(),
        worked: ago(channel.last_worked),
        failed: ago(channel.last_failed),
    };
    channels.map(shown).collect()
}

impl<'a> View<'a> {
    /// The view of a status.
    pub(super) fn of(status: &'a PoolStatus) -> Self {
        let wallets = status.wallets.iter().map(|wallet| wallet.problems.is_empty());
        let daemons = status.daemons.iter().map(|daemon| daemon.problems.is_empty());
        let well: Vec<bool> = wallets.chain(daemons).collect();
        Self {
            at: status.at.readable(),
            troubles: status.troubles.iter().map(|trouble| Shown::of(trouble, status.at)).collect(),
            healthy: well.iter().filter(|well| **well).count(),
            parts: well.len(),
            daemons: status.daemons.iter().map(|daemon| Daemon::of(daemon, status.at)).collect(),
            channels: channels(status),
            closing: status.closing.as_ref().map(Closing::from),
            status,
        }
    }
}

//! The web application as monitors see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use stakepool::DatabaseCondition;
use stakepool::status::{DaemonCondition, DaemonReport, Overall, PoolStatus, WalletCondition, WalletReport};
use stakepool::vsp::VspReport;
use stakepool_core::chain::Amount;
use stakepool_core::ports::DaemonStatus;
use stakepool_core::vsp::RegisteredState;
use stakepool_process::monitor::{Exposition, Kind, Monitored, write_calls};

use crate::site::Site;

/// The web application as monitors see it.
pub struct WebMonitor(pub Arc<Site>);

#[async_trait]
impl Monitored for WebMonitor {
    async fn readiness(&self) -> Result<(), Vec<String>> {
        let status = self.0.pool.status().await;
        match status.state {
            Overall::Ok | Overall::Degraded => Ok(()),
            Overall::Starting => Err(vec![format!("starting: no answer yet from {}", status.unheard().join(", "))]),
            Overall::Down => Err(status.failures),
        }
    }

    async fn metrics(&self, to: &mut Exposition) {
        to.family("stakepool_web_info", Kind::Gauge, "The program.");
        to.sample("stakepool_web_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.0.metrics.write(to);
        let status = self.0.pool.status().await;
        of_pool(&status, to);
        of_wallets(&status, to);
        of_daemons(&status, to);
        of_views(&self.0, to);
        of_calls(&self.0, to);
        of_alerts(&status, to);
        of_servers(&status, to);
        of_vsp(&status, to);
        if status.database.state != DatabaseCondition::Failing {
            of_database(&self.0, to).await;
        }
        const ENDS: &str = "stakepool_web_certificate_end_timestamp_seconds";
        to.family(ENDS, Kind::Gauge, "When the certificates of wallets and daemons end, in Unix time.");
        for (name, end) in self.0.pool.settings().certificates.get().iter() {
            to.sample(ENDS, &[("of", name)], end.0);
        }
    }
}

fn of_pool(status: &PoolStatus, to: &mut Exposition) {
    let state = match status.state {
        Overall::Ok => Some(0),
        Overall::Degraded => Some(1),
        Overall::Down => Some(2),
        Overall::Starting => None,
    };
    if let Some(state) = state {
        to.single("stakepool_web_state", Kind::Gauge, "0: all is well, 1: something is wrong, 2: cannot serve.", state);
    }
    to.single("stakepool_web_problems", Kind::Gauge, "Problems that the status page shows.", status.problems.len());
    let works = u8::from(status.database.state != DatabaseCondition::Failing);
    to.single("stakepool_web_database_up", Kind::Gauge, "Whether the database takes what is written.", works);
    if let Some(height) = status.height {
        to.single("stakepool_web_best_height", Kind::Gauge, "The best height that anybody knows.", height);
    }
}

/// The servers of the database, where it is on any.
fn of_servers(status: &PoolStatus, to: &mut Exposition) {
    let Some(servers) = &status.database.servers else { return };
    to.single(
        "stakepool_web_database_retries_total",
        Kind::Counter,
        "Transactions that began again: another one went before, or a server was lost.",
        servers.retries,
    );
    to.single(
        "stakepool_web_database_moves_total",
        Kind::Counter,
        "How often another host of the database was taken.",
        servers.moves,
    );
    let unusable = servers.unusable.len();
    to.single("stakepool_web_database_hosts_unusable", Kind::Gauge, "Hosts of dbhost that cannot be used.", unusable);
    let Some(cluster) = &servers.cluster else { return };
    to.single("stakepool_web_cluster_nodes", Kind::Gauge, "Nodes of the database's cluster.", cluster.size);
    to.single("stakepool_web_cluster_nodes_usual", Kind::Gauge, "Nodes that it should have.", cluster.usual);
    let is_synced = u8::from(cluster.local_state == "Synced");
    to.single(
        "stakepool_web_cluster_synced",
        Kind::Gauge,
        "Whether the node that is used has all of the others.",
        is_synced,
    );
    to.single(
        "stakepool_web_cluster_flow_control_paused_seconds_total",
        Kind::Counter,
        "For how long the cluster waited for slow nodes, by the node that is used.",
        cluster.flow_control_paused.as_secs_f64(),
    );
    to.single(
        "stakepool_web_cluster_certification_failures_total",
        Kind::Counter,
        "Transactions of the node that is used that another node's went before.",
        cluster.certification_failures,
    );
    to.single(
        "stakepool_web_cluster_aborts_total",
        Kind::Counter,
        "Transactions of the node that is used that were ended for another node's.",
        cluster.aborts,
    );
}

/// The service for wallets of today. Its families are there without it, too, and empty.
fn of_vsp(status: &PoolStatus, to: &mut Exposition) {
    let report = status.vsp.as_ref();
    const UP: &str = "stakepool_web_vsp_node_up";
    to.family(UP, Kind::Gauge, "Whether the web's node for wallets of today answers.");
    for node in report.iter().flat_map(|report| &report.nodes) {
        to.sample(UP, &[("node", &node.name)], u8::from(node.error.is_none()));
    }
    const LAG: &str = "stakepool_web_vsp_node_lag_blocks";
    to.family(LAG, Kind::Gauge, "How far it is behind the best block that nodes and daemons know.");
    for (node, lag) in report.iter().flat_map(|report| &report.nodes).filter_map(|node| Some((node, node.lag?))) {
        to.sample(LAG, &[("node", &node.name)], lag);
    }
    const TICKETS: &str = "stakepool_web_vsp_tickets";
    to.family(
        TICKETS,
        Kind::Gauge,
        "Registered tickets by where their fees are, and after their ends by how they ended.",
    );
    for (report, state) in report.iter().flat_map(|report| RegisteredState::ALL.map(|state| (report, state))) {
        to.sample(TICKETS, &[("state", state.name())], report.count(state));
    }
    let mut gauge = |name: &str, help: &str, value: Option<i64>| {
        let name = format!("stakepool_web_vsp_{name}");
        to.family(&name, Kind::Gauge, help);
        if let Some(value) = value {
            to.sample(&name, &[], value);
        }
    };
    let is = |so: bool| Some(i64::from(so));
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let is_closed = |report: &VspReport| report.closed.is_some();
    gauge(
        "open",
        "Whether wallets of today are sold tickets.",
        report.and_then(|report| is(report.hindrance.is_none() && !is_closed(report))),
    );
    gauge(
        "hindered",
        "Whether something keeps wallets of today from being sold tickets, although the operator has not closed.",
        report.and_then(|report| is(report.hindrance.is_some() && !is_closed(report))),
    );
    gauge(
        "oldest_unsent_fee_seconds",
        "For how long the oldest fee waits that the node does not have; 0 where none waits.",
        report.map(|report| report.oldest_unsent.map_or(0, |since| status.at.0.saturating_sub(since.0).max(0))),
    );
    let overdue = report.map(|report| number(report.overdue_fees));
    gauge("overdue_fees", "Fees that the node should have had for a while.", overdue);
    let fee = report.and_then(|report| report.fee).map(Amount::atoms);
    gauge("fee_atoms", "What a ticket of today's price is asked.", fee);
    let unopened = report.map(|report| number(report.unopened_keys));
    gauge("unopened_keys", "Voting keys that cannot be opened.", unopened);
    gauge(
        "key_file_up",
        "Whether vspkeyfile is there and opens the keys.",
        report.and_then(|report| is(report.key_file.is_none())),
    );
}

/// The problems of the whole by kind, and the channels of alerts.
fn of_alerts(status: &PoolStatus, to: &mut Exposition) {
    const FOUND: &str = "stakepool_web_finding";
    to.family(FOUND, Kind::Gauge, "Problems of the whole that the status page shows, by the kind of their alert.");
    let mut kinds = BTreeMap::new();
    for finding in &status.findings {
        *kinds.entry(finding.kind.name()).or_insert(0_u32) += 1;
    }
    for (kind, count) in kinds {
        to.sample(FOUND, &[("kind", kind)], count);
    }
    let channels = || status.alerts.channels.iter().chain(&status.alerts.heartbeat);
    const UP: &str = "stakepool_web_alerts_up";
    to.family(UP, Kind::Gauge, "Whether the channel of alerts worked when it was last used.");
    for channel in channels() {
        to.sample(UP, &[("way", &channel.way)], u8::from(channel.error.is_none()));
    }
    const WORKED: &str = "stakepool_web_alerts_worked_timestamp_seconds";
    to.family(WORKED, Kind::Gauge, "When the channel of alerts last worked, in Unix time.");
    for channel in channels() {
        if let Some(worked) = channel.last_worked {
            to.sample(WORKED, &[("way", &channel.way)], worked.0);
        }
    }
}

fn of_wallets(status: &PoolStatus, to: &mut Exposition) {
    let wallets = &status.wallets;
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&WalletReport) -> Option<u32>| {
        to.family(name, Kind::Gauge, help);
        for wallet in wallets {
            if let Some(value) = value(wallet) {
                to.sample(name, &[("wallet", &wallet.name)], value);
            }
        }
    };
    gauge("stakepool_web_wallet_up", "Whether the voting wallet is in service.", &|wallet| {
        (wallet.state != WalletCondition::Unknown).then(|| u32::from(wallet.state == WalletCondition::InService))
    });
    gauge("stakepool_web_wallet_unlocked", "Whether it can sign.", &|wallet| wallet.unlocked.map(u32::from));
    gauge("stakepool_web_wallet_votes_itself", "Whether it votes by itself, which it should not.", &|wallet| {
        wallet.votes_itself.map(u32::from)
    });
    gauge("stakepool_web_wallet_connected", "Whether it is connected to its node.", &|wallet| {
        wallet.connected.map(u32::from)
    });
    gauge("stakepool_web_wallet_height", "Its best height.", &|wallet| wallet.height);
    gauge("stakepool_web_wallet_lag_blocks", "How far it is behind.", &|wallet| wallet.lag);
}

fn of_daemons(status: &PoolStatus, to: &mut Exposition) {
    let daemons = &status.daemons;
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&DaemonReport) -> Option<u64>| {
        to.family(name, Kind::Gauge, help);
        for daemon in daemons {
            if let Some(value) = value(daemon) {
                to.sample(name, &[("daemon", &daemon.name)], value);
            }
        }
    };
    gauge("stakepool_web_daemon_in_order", "Whether the voting daemon has what the web wants.", &|daemon| {
        (daemon.state != DaemonCondition::Unknown).then(|| u64::from(daemon.state == DaemonCondition::InSync))
    });
    gauge(
        "stakepool_web_daemon_can_vote",
        "Whether it has a node, is not far behind, and has a wallet that can sign.",
        &|daemon| daemon.can_vote.map(u64::from),
    );
    gauge("stakepool_web_daemon_node_height", "Its node's best height.", &|daemon| daemon.node_height.map(u64::from));
    gauge("stakepool_web_daemon_synced_height", "The last height that it has worked through.", &|daemon| {
        daemon.synced_height.map(u64::from)
    });
    gauge("stakepool_web_daemon_lag_blocks", "How far it is behind.", &|daemon| daemon.lag.map(u64::from));
    gauge(
        "stakepool_web_daemon_voted_tickets",
        "Tickets that it is to vote, immature ones included: those that have voted do not count.",
        &|daemon| daemon.live_tickets,
    );
    gauge("stakepool_web_daemon_ignored_tickets", "Tickets that it ignores.", &|daemon| daemon.ignored_tickets);
}

/// The daemons' own wallets.
fn of_views(site: &Site, to: &mut Exposition) {
    const NAME: &str = "stakepool_web_daemon_wallet_unlocked";
    to.family(NAME, Kind::Gauge, "Whether a daemon's wallet answers and can sign.");
    for (daemon, view) in site.pool.daemons().views() {
        let Some(DaemonStatus { wallets, .. }) = view.status else { continue };
        for wallet in wallets {
            let up = u32::from(view.in_sync && wallet.reachable && wallet.unlocked);
            to.sample(NAME, &[("daemon", &daemon), ("wallet", &wallet.name)], up);
        }
    }
}

fn of_calls(site: &Site, to: &mut Exposition) {
    let Some(source) = &site.calls else { return };
    write_calls("stakepool_web", &source.calls(), to);
}

async fn of_database(site: &Site, to: &mut Exposition) {
    if let Ok((users, active)) = site.pool.parts().users.counts().await {
        to.single("stakepool_web_users", Kind::Gauge, "All users.", users);
        to.single("stakepool_web_users_active", Kind::Gauge, "Users with an address.", active);
    }
    if let Ok(counts) = site.pool.parts().ledger.ticket_counts(None).await {
        const NAME: &str = "stakepool_web_tickets";
        to.family(NAME, Kind::Gauge, "Tickets of users by state; ignored ones apart.");
        for (state, ignored, count) in counts {
            let ignored = if ignored { "yes" } else { "no" };
            to.sample(NAME, &[("state", state.name()), ("ignored", ignored)], count);
        }
    }
}

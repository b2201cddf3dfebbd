//! What the monitor's listener tells of the web application.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::ports::DaemonStatus;
use stakepool_core::reports::VoteRecord;
use stakepool_process::monitor::{CallsOf, Exposition, Histogram, Kind, Monitored, VoteFigures, write_calls};

use crate::app::App;
use crate::routes::label;
use crate::status::{DaemonCondition, Overall, PoolStatus, WalletCondition};

/// Upper bounds for the time of an answer that is not ready.
const ANSWER_BOUNDS: &[Duration] = &[
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2500),
];

/// The calls to voting wallets and daemons.
pub trait CallSource: Send + Sync {
    /// Each server's name and calls.
    fn calls(&self) -> Vec<CallsOf>;
}

/// The requests that are answered from what is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HotRoute {
    /// The front page.
    Home,
    /// Signing in.
    SignIn,
    /// The figures.
    Stats,
    /// The figures for wallets.
    ApiStats,
    /// What wallets need for buying.
    PurchaseInfo,
}

const HOT_ROUTES: [&str; 5] = ["/", "/signin", "/stats", "/api/stats", "/api/getpurchaseinfo"];

/// Counts what the web application does.
#[derive(Debug)]
pub struct Metrics {
    hot: [AtomicU64; HOT_ROUTES.len()],
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    answers: Histogram,
    votes: VoteFigures,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            hot: Default::default(),
            requests: Mutex::default(),
            answers: Histogram::new(ANSWER_BOUNDS),
            votes: VoteFigures::default(),
        }
    }
}

impl Metrics {
    /// Counts an answer that was ready; its status is 200.
    pub fn hot_answer(&self, route: HotRoute) {
        self.hot[route as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts any other answer.
    pub fn answer(&self, path: &str, status: u16, time: Duration) {
        self.answers.observe(time);
        // A path that no route takes is anybody's invention, and inventions must not fill the memory.
        let route = if matches!(status, 400 | 404 | 405 | 408 | 413) { "other" } else { label(path) };
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry((route, status)).or_default() += 1;
    }

    /// Counts votes that a daemon reported.
    pub fn votes<'a>(&self, records: impl IntoIterator<Item = &'a VoteRecord>) {
        for record in records {
            self.votes.count(record);
        }
    }

    fn write(&self, to: &mut Exposition) {
        const NAME: &str = "stakepool_web_http_requests_total";
        to.family(NAME, Kind::Counter, "Answers by route and status.");
        for (route, count) in HOT_ROUTES.iter().zip(&self.hot) {
            let labels = [("route", *route), ("status", "200"), ("ready", "yes")];
            to.sample(NAME, &labels, count.load(Ordering::Relaxed));
        }
        for ((route, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            to.sample(NAME, &[("route", route), ("status", &status.to_string()), ("ready", "no")], count);
        }
        self.answers.write("stakepool_web_http_seconds", "Time of answers that were not ready.", to);
        self.votes.write("stakepool_web", to);
    }
}

/// The web application as monitors see it.
pub struct WebMonitor(pub Arc<App>);

#[async_trait]
impl Monitored for WebMonitor {
    async fn readiness(&self) -> Result<(), Vec<String>> {
        let status = self.0.status().await;
        if status.state == Overall::Down { Err(status.failures) } else { Ok(()) }
    }

    async fn metrics(&self, to: &mut Exposition) {
        to.family("stakepool_web_info", Kind::Gauge, "The program.");
        to.sample("stakepool_web_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        self.0.services.metrics.write(to);
        let status = self.0.status().await;
        of_pool(&status, to);
        of_wallets(&status, to);
        of_daemons(&status, to);
        of_views(&self.0, to);
        of_calls(&self.0, to);
        of_database(&self.0, to).await;
        const ENDS: &str = "stakepool_web_certificate_end_timestamp_seconds";
        to.family(ENDS, Kind::Gauge, "When the certificates of wallets and daemons end, in Unix time.");
        for (name, end) in &self.0.options.monitoring.certificates {
            to.sample(ENDS, &[("of", name)], end.0);
        }
    }
}

fn of_pool(status: &PoolStatus, to: &mut Exposition) {
    let state = match status.state {
        Overall::Ok => 0,
        Overall::Degraded => 1,
        Overall::Down => 2,
    };
    to.single("stakepool_web_state", Kind::Gauge, "0: all is well, 1: something is wrong, 2: cannot serve.", state);
    to.single("stakepool_web_problems", Kind::Gauge, "Problems that the status page shows.", status.problems.len());
    if let Some(height) = status.height {
        to.single("stakepool_web_best_height", Kind::Gauge, "The best height that anybody knows.", height);
    }
}

fn of_wallets(status: &PoolStatus, to: &mut Exposition) {
    let wallets = &status.wallets;
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&crate::status::WalletReport) -> Option<u32>| {
        to.family(name, Kind::Gauge, help);
        for wallet in wallets {
            if let Some(value) = value(wallet) {
                to.sample(name, &[("wallet", &wallet.name)], value);
            }
        }
    };
    gauge("stakepool_web_wallet_up", "Whether the voting wallet is in service.", &|wallet| {
        Some(u32::from(wallet.state == WalletCondition::InService))
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
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&crate::status::DaemonReport) -> Option<u64>| {
        to.family(name, Kind::Gauge, help);
        for daemon in daemons {
            if let Some(value) = value(daemon) {
                to.sample(name, &[("daemon", &daemon.name)], value);
            }
        }
    };
    gauge("stakepool_web_daemon_in_order", "Whether the voting daemon has what the web wants.", &|daemon| {
        Some(u64::from(daemon.state == DaemonCondition::InOrder))
    });
    gauge(
        "stakepool_web_daemon_can_vote",
        "Whether it has a node, is not far behind, and has a wallet that can sign.",
        &|daemon| Some(u64::from(daemon.can_vote)),
    );
    gauge("stakepool_web_daemon_node_height", "Its node's best height.", &|daemon| daemon.node_height.map(u64::from));
    gauge("stakepool_web_daemon_synced_height", "The last height that it has worked through.", &|daemon| {
        daemon.synced_height.map(u64::from)
    });
    gauge("stakepool_web_daemon_lag_blocks", "How far it is behind.", &|daemon| daemon.lag.map(u64::from));
    gauge("stakepool_web_daemon_voted_tickets", "Tickets that it votes, immature ones included.", &|daemon| {
        daemon.live_tickets
    });
    gauge("stakepool_web_daemon_ignored_tickets", "Tickets that it ignores.", &|daemon| daemon.ignored_tickets);
}

/// The daemons' own wallets.
fn of_views(app: &App, to: &mut Exposition) {
    const NAME: &str = "stakepool_web_daemon_wallet_unlocked";
    to.family(NAME, Kind::Gauge, "Whether a daemon's wallet answers and can sign.");
    for (daemon, view) in app.daemons.views() {
        let Some(DaemonStatus { wallets, .. }) = view.status else { continue };
        for wallet in wallets {
            let up = u32::from(view.in_order && wallet.reachable && wallet.unlocked);
            to.sample(NAME, &[("daemon", &daemon), ("wallet", &wallet.name)], up);
        }
    }
}

fn of_calls(app: &App, to: &mut Exposition) {
    let Some(source) = &app.services.calls else { return };
    write_calls("stakepool_web", &source.calls(), to);
}

async fn of_database(app: &App, to: &mut Exposition) {
    if let Ok((users, active)) = app.services.users.counts().await {
        to.single("stakepool_web_users", Kind::Gauge, "All users.", users);
        to.single("stakepool_web_users_active", Kind::Gauge, "Users with an address.", active);
    }
    if let Ok(counts) = app.services.ledger.ticket_counts(None).await {
        const NAME: &str = "stakepool_web_tickets";
        to.family(NAME, Kind::Gauge, "Tickets of users by state; ignored ones apart.");
        for (state, ignored, count) in counts {
            let ignored = if ignored { "yes" } else { "no" };
            to.sample(NAME, &[("state", state.name()), ("ignored", ignored)], count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inventions_of_visitors_are_no_routes_and_do_not_fill_the_memory() {
        let metrics = Metrics::default();
        for n in 0..300 {
            metrics.answer(&format!("/{n}"), 303, Duration::ZERO);
            metrics.answer(&format!("/assets/{n}.css"), 200, Duration::ZERO);
            metrics.answer("/signin", 404, Duration::ZERO);
        }
        metrics.answer("/tickets.csv", 200, Duration::ZERO);
        metrics.answer("/api/v2/voting", 200, Duration::ZERO);
        metrics.hot_answer(HotRoute::ApiStats);
        let mut text = Exposition::default();
        metrics.write(&mut text);
        let text = text.into_text();
        let counted: Vec<_> = text.lines().filter(|line| line.contains("ready=\"no\"")).collect();
        let line = |route: &str, status: u16, count: u32| {
            format!("stakepool_web_http_requests_total{{route=\"{route}\",status=\"{status}\",ready=\"no\"}} {count}")
        };
        assert_eq!(
            counted,
            [
                line("/api/v2/voting", 200, 1),
                line("/assets/", 200, 300),
                line("/tickets.csv", 200, 1),
                line("other", 303, 300),
                line("other", 404, 300),
            ]
        );
        let ready = "stakepool_web_http_requests_total{route=\"/api/stats\",status=\"200\",ready=\"yes\"} 1";
        assert!(text.lines().any(|line| line == ready), "{text}");
    }
}

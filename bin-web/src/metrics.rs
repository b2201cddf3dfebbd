//! What the web counts of itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stakepool::VoteObserver;
use stakepool_core::reports::VoteRecord;
use stakepool_process::monitor::{CallsOf, Exposition, Histogram, Kind, VoteFigures};

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
pub enum ReadyRoute {
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

const READY_ROUTES: [&str; 5] = ["/", "/signin", "/stats", "/api/stats", "/api/getpurchaseinfo"];

/// An answer to a wallet of today: what was asked, the status, and the code where it is a refusal.
type VspAnswer = (&'static str, u16, Option<u8>);

/// Counts what the web application does.
#[derive(Debug)]
pub struct Metrics {
    ready: [AtomicU64; READY_ROUTES.len()],
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    /// Answers to wallets of today.
    vsp: Mutex<BTreeMap<VspAnswer, u64>>,
    answers: Histogram,
    votes: VoteFigures,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            ready: Default::default(),
            requests: Mutex::default(),
            vsp: Mutex::default(),
            answers: Histogram::new(ANSWER_BOUNDS),
            votes: VoteFigures::default(),
        }
    }
}

impl Metrics {
    /// Counts an answer that was ready; its status is 200.
    pub fn ready_answer(&self, route: ReadyRoute) {
        self.ready[route as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts any other answer, by the label of its route.
    pub fn answer(&self, route: &'static str, status: u16, time: Duration) {
        self.answers.observe(time);
        // A path that no route takes is anybody's invention, and inventions must not fill the memory.
        let route = if matches!(status, 400 | 404 | 405 | 408 | 413) { "other" } else { route };
        *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry((route, status)).or_default() += 1;
    }

    /// Counts an answer to a wallet of today by the command's name, and the code where it is a refusal.
    pub fn vsp_answer(&self, command: &'static str, status: u16, code: Option<u8>) {
        *self.vsp.lock().unwrap_or_else(PoisonError::into_inner).entry((command, status, code)).or_default() += 1;
    }

    /// Writes all figures.
    pub fn write(&self, to: &mut Exposition) {
        const NAME: &str = "stakepool_web_http_requests_total";
        to.family(NAME, Kind::Counter, "Answers by route and status.");
        for (route, count) in READY_ROUTES.iter().zip(&self.ready) {
            let labels = [("route", *route), ("status", "200"), ("ready", "yes")];
            to.sample(NAME, &labels, count.load(Ordering::Relaxed));
        }
        for ((route, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            to.sample(NAME, &[("route", route), ("status", &status.to_string()), ("ready", "no")], count);
        }
        const VSP: &str = "stakepool_web_vsp_requests_total";
        to.family(
            VSP,
            Kind::Counter,
            "Answers to wallets of today by command, status, and code where they are refused.",
        );
        for ((command, status, code), count) in &*self.vsp.lock().unwrap_or_else(PoisonError::into_inner) {
            let code = code.map(|code| code.to_string()).unwrap_or_default();
            to.sample(VSP, &[("command", command), ("status", &status.to_string()), ("code", &code)], count);
        }
        self.answers.write("stakepool_web_http_seconds", "Time of answers that were not ready.", to);
        self.votes.write("stakepool_web", to);
    }
}

impl VoteObserver for Metrics {
    fn votes(&self, records: &[VoteRecord]) {
        for record in records {
            self.votes.count(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::label;

    #[test]
    fn answers_to_wallets_of_today_are_counted_by_command_and_code() {
        let metrics = Metrics::default();
        metrics.vsp_answer("payfee", 400, Some(3));
        metrics.vsp_answer("payfee", 400, Some(3));
        metrics.vsp_answer("vspinfo", 200, None);
        let mut text = Exposition::default();
        metrics.write(&mut text);
        let text = text.into_text();
        for line in [
            "stakepool_web_vsp_requests_total{command=\"payfee\",status=\"400\",code=\"3\"} 2",
            "stakepool_web_vsp_requests_total{command=\"vspinfo\",status=\"200\",code=\"\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn inventions_of_visitors_are_no_routes_and_do_not_fill_the_memory() {
        let metrics = Metrics::default();
        for n in 0..300 {
            metrics.answer(label(&format!("/{n}")), 303, Duration::ZERO);
            metrics.answer(label(&format!("/assets/{n}.css")), 200, Duration::ZERO);
            metrics.answer(label("/signin"), 404, Duration::ZERO);
        }
        metrics.answer(label("/tickets.csv"), 200, Duration::ZERO);
        metrics.answer(label("/api/v2/voting"), 200, Duration::ZERO);
        metrics.ready_answer(ReadyRoute::ApiStats);
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

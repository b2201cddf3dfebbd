//! How the pool is: every wallet and daemon, whether their settings agree with ours, and whether the pool can serve.

use serde::Serialize;
use stakepool_core::time::UnixTime;
use stakepool_core::wallets::{Health, MemberStatus};

use crate::alert_record::AlertsReport;
use crate::daemons::DaemonView;
use crate::database::{DatabaseCondition, DatabaseReport};
use crate::status::closing::ClosingReport;
use crate::status::daemon::DaemonReport;
use crate::status::finding::{Finding, of_alerts, of_cluster, of_database};
use crate::status::lag::{Heights, LAG_ALLOWED};
use crate::status::pairs::of_pairs;
use crate::status::trouble::{OpenTrouble, troubles};
use crate::status::unknown::{UnknownAddressReport, unknown_addresses};
use crate::status::wallet::{WalletCondition, WalletReport};
use crate::terms::PoolTerms;
use crate::unknown_notes::UnknownNotes;
#[cfg(feature = "vsp")]
use crate::vsp::VspReport;

/// How the pool is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// All is well.
    Ok,
    /// The pool serves and votes, but something should be looked at.
    Degraded,
    /// Some wallet or daemon was not yet heard of, and nothing is known that keeps the pool from serving.
    Starting,
    /// The pool cannot serve its users, or cannot vote.
    Down,
}

/// How the pool is.
#[derive(Clone, Debug, Serialize)]
pub struct PoolStatus {
    /// As a whole.
    pub state: Overall,
    /// When this was found.
    pub at: UnixTime,
    /// The best height that anybody knows.
    pub height: Option<u32>,
    /// How many blocks a wallet or a daemon may be behind before that is a problem.
    pub lag_allowed: u32,
    /// Why the pool cannot serve, if it cannot.
    pub failures: Vec<String>,
    /// All that is wrong with a wallet, a daemon or the whole, each with its name.
    pub problems: Vec<String>,
    /// The same by kind and thing, the gravest first, with since when each lasts and what ends it.
    pub troubles: Vec<OpenTrouble>,
    /// Those of the problems that concern the whole, with their kinds.
    pub findings: Vec<Finding>,
    /// What should be looked at in the configuration.
    pub warnings: Vec<String>,
    /// How many wallets must be in service.
    pub quorum: usize,
    /// The wallets, in the order of the configuration.
    pub wallets: Vec<WalletReport>,
    /// The voting daemons, in the order of the configuration.
    pub daemons: Vec<DaemonReport>,
    /// Voting addresses that are no user's, acknowledged ones last.
    pub unknown_addresses: Vec<UnknownAddressReport>,
    /// The database.
    pub database: DatabaseReport,
    /// Who alerts the operator, and how that goes.
    pub alerts: AlertsReport,
    /// How far the end of the pool has come, where a closing is announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<ClosingReport>,
    /// The service for wallets of today, where there is one.
    #[cfg(feature = "vsp")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vsp: Option<VspReport>,
}

/// What the status is made of.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Now.
    pub now: UnixTime,
    /// The wallets.
    pub wallets: &'a [MemberStatus],
    /// How many of them must be in service.
    pub quorum: usize,
    /// The daemons by name; nothing of those that were not yet asked.
    pub daemons: &'a [(String, Option<DaemonView>)],
    /// What is noted of addresses that are no user's.
    pub unknown: &'a UnknownNotes,
    /// How the database is.
    pub database: DatabaseReport,
    /// Who alerts the operator, and how that goes.
    pub alerts: AlertsReport,
    /// What else was found wrong with the pool as a whole.
    pub found: Vec<Finding>,
    /// What wallets and daemons must agree with.
    pub ours: &'a PoolTerms,
    /// What should be looked at in the configuration.
    pub warnings: &'a [String],
}

impl PoolStatus {
    /// Judges what was seen.
    pub fn of(seen: &Seen<'_>) -> Self {
        let views = seen.daemons.iter().filter_map(|(_, view)| view.as_ref());
        let heights = Heights::of(seen.ours.network, seen.wallets, views);
        let (best, lag_allowed) = (heights.best(), LAG_ALLOWED);
        let of_wallet = |wallet: &MemberStatus| {
            let lag = heights.lag(&wallet.heights);
            WalletReport::of(wallet, lag, lag_allowed, seen.ours.new_pool, seen.unknown)
        };
        let wallets: Vec<_> = seen.wallets.iter().map(of_wallet).collect();
        let of_daemon = |(name, view): &(String, Option<DaemonView>)| {
            let lag = view.as_ref().and_then(|view| heights.lag(&view.synced_heights));
            DaemonReport::of(name, view.as_ref(), lag, lag_allowed, seen.ours)
        };
        let daemons: Vec<_> = seen.daemons.iter().map(of_daemon).collect();
        let failures = failures(seen, &wallets, &daemons);
        let of_wallets =
            wallets.iter().flat_map(|wallet| wallet.problems.iter().map(move |text| ("wallet", &wallet.name, text)));
        let of_daemons =
            daemons.iter().flat_map(|daemon| daemon.problems.iter().map(move |text| ("daemon", &daemon.name, text)));
        let findings: Vec<_> = of_database(&seen.database)
            .into_iter()
            .chain(of_cluster(&seen.database))
            .chain(of_alerts(&seen.alerts))
            .chain(of_pairs(seen.daemons))
            .chain(seen.found.iter().cloned())
            .collect();
        let of_whole = findings.iter().map(Finding::named);
        let problems: Vec<_> = of_wallets.chain(of_daemons).map(named).chain(of_whole).collect();
        let troubles = troubles(&failures, &findings, &wallets, &daemons, lag_allowed);
        let mut troubles: Vec<_> = troubles.into_iter().map(|trouble| OpenTrouble::new(trouble, seen.now)).collect();
        troubles.sort_by_key(|trouble| trouble.severity);
        let is_starting = wallets.iter().any(is_unheard) || daemons.iter().any(|daemon| daemon.is_unheard());
        let state = match (failures.is_empty(), problems.is_empty()) {
            (false, _) => Overall::Down,
            (true, _) if is_starting => Overall::Starting,
            (true, false) => Overall::Degraded,
            (true, true) => Overall::Ok,
        };
        Self {
            state,
            at: seen.now,
            height: best.map(|height| height.0),
            lag_allowed,
            failures,
            problems,
            troubles,
            findings,
            warnings: seen.warnings.to_vec(),
            quorum: seen.quorum,
            wallets,
            daemons,
            unknown_addresses: unknown_addresses(seen.wallets, seen.daemons, seen.unknown, seen.ours.new_pool),
            database: seen.database.clone(),
            alerts: seen.alerts.clone(),
            closing: None,
            #[cfg(feature = "vsp")]
            vsp: None,
        }
    }
}

impl PoolStatus {
    /// The wallets and daemons that were not yet heard of since the start, by their names.
    pub fn unheard(&self) -> Vec<String> {
        let wallets =
            self.wallets.iter().filter(|wallet| is_unheard(wallet)).map(|wallet| format!("wallet {}", wallet.name));
        let daemons = self.daemons.iter().filter(|daemon| daemon.is_unheard());
        wallets.chain(daemons.map(|daemon| format!("daemon {}", daemon.name))).collect()
    }
}

/// Whether a wallet was not yet heard of.
fn is_unheard(wallet: &WalletReport) -> bool {
    wallet.state == WalletCondition::Unknown
}

/// A problem with the name of whom it concerns, once.
fn named((kind, name, text): (&str, &String, &String)) -> String {
    if text.contains(name.as_str()) { text.clone() } else { format!("{kind} {name}: {text}") }
}

/// Why the pool cannot serve.
fn failures(seen: &Seen<'_>, wallets: &[WalletReport], daemons: &[DaemonReport]) -> Vec<String> {
    let mut failures = Vec::new();
    if seen.database.state == DatabaseCondition::Failing {
        failures
            .push(format!("the database failed: {}", seen.database.error.as_deref().unwrap_or("no reason is known")));
    }
    let count = |health: &Health| seen.wallets.iter().filter(|wallet| wallet.health == *health).count();
    let (healthy, unheard) = (count(&Health::Healthy), count(&Health::Unknown));
    // What was not yet heard of may turn out well.
    if healthy + unheard < seen.quorum {
        let quorum = seen.quorum;
        failures
            .push(format!("only {healthy} of the {quorum} voting wallets needed are in service: nobody can register"));
    }
    if seen.wallets.iter().any(|wallet| matches!(wallet.health, Health::Disagrees { .. })) {
        failures.push("a voting wallet disagrees with the pool: nobody can register until it agrees".to_owned());
    }
    if !daemons.is_empty() && daemons.iter().all(|daemon| daemon.can_vote == Some(false)) {
        failures.push("no voting daemon is known to be able to vote".to_owned());
    }
    if unheard > 0 {
        return failures;
    }
    if none(wallets, |wallet| wallet.unlocked) {
        failures.push("every voting wallet that answers is locked: nothing can be signed".to_owned());
    }
    if none(wallets, |wallet| wallet.connected) {
        failures.push("no voting wallet that answers is connected to its node: start the nodes".to_owned());
    }
    failures
}

/// Whether some wallets report a thing, and none of them that it is so.
fn none(wallets: &[WalletReport], is_so: impl Fn(&WalletReport) -> Option<bool>) -> bool {
    let mut reported = wallets.iter().filter_map(is_so).peekable();
    reported.peek().is_some() && reported.all(|is_so| !is_so)
}

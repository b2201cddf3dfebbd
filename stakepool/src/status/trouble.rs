//! The troubles that the status shows: what the operator is alerted of while it lasts.

use std::collections::BTreeMap;

use serde::Serialize;
use stakepool_core::alert::AlertKind;
use stakepool_core::time::UnixTime;

use crate::status::advice::{Severity, command, costs, heading};
use crate::status::daemon::{DaemonCondition, DaemonReport, OwnProblem};
use crate::status::finding::Finding;
use crate::status::wallet::{WalletCondition, WalletReport};

/// A trouble that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Of which kind.
    pub kind: AlertKind,
    /// With what: a wallet's name, a ticket. A trouble of one kind with one thing is one trouble, whatever its text.
    pub about: String,
    /// What is wrong and what to do, for people.
    pub text: String,
}

impl Trouble {
    /// A trouble.
    pub(crate) fn new(kind: AlertKind, about: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, about: about.into(), text: text.into() }
    }
}

/// A trouble with all that helps to end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenTrouble {
    /// Of which kind; an alert about it has the same.
    pub kind: AlertKind,
    /// With what.
    pub about: String,
    /// What is wrong, in a few words.
    pub heading: &'static str,
    /// What is wrong and what to do, for people.
    pub text: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it costs while it lasts.
    pub costs: &'static str,
    /// The command that mends it or shows more.
    pub command: Option<String>,
    /// When it was first seen.
    pub since: UnixTime,
    /// When it was last seen not to be there; nothing where that was never seen.
    pub last_good: Option<UnixTime>,
}

impl OpenTrouble {
    /// A trouble that is seen for the first time.
    pub(super) fn new(trouble: Trouble, now: UnixTime) -> Self {
        let Trouble { kind, about, text } = trouble;
        Self {
            heading: heading(kind),
            severity: Severity::of(kind),
            costs: costs(kind),
            command: command(kind, &about, &text),
            kind,
            about,
            text,
            since: now,
            last_good: None,
        }
    }

    /// Without what follows from its kind and from when it began.
    pub(crate) fn trouble(&self) -> Trouble {
        Trouble::new(self.kind, &self.about, &self.text)
    }
}

/// Those of the pool, the gravest first.
pub(super) fn troubles(
    failures: &[String],
    findings: &[Finding],
    wallets: &[WalletReport],
    daemons: &[DaemonReport],
    lag_allowed: u32,
) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    if !failures.is_empty() {
        troubles.push(Trouble::new(AlertKind::Down, "the pool", failures.join("; ")));
    }
    troubles.extend(findings.iter().map(|found| Trouble::new(found.kind, &found.about, &found.text)));
    troubles.extend(wallets.iter().flat_map(|wallet| of_wallet(wallet, lag_allowed)));
    troubles.extend(daemons.iter().flat_map(|daemon| of_daemon(daemon, lag_allowed)));
    troubles
}

fn of_wallet(wallet: &WalletReport, lag_allowed: u32) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut add = |kind, text: String| troubles.push(Trouble::new(kind, format!("wallet {}", wallet.name), text));
    let error = || wallet.last_error.clone().unwrap_or_default();
    match wallet.state {
        WalletCondition::Unreachable => {
            add(AlertKind::WalletAway, error());
            // What it said of itself is old.
            return troubles;
        }
        WalletCondition::Disagrees => add(AlertKind::Disagreement, error()),
        WalletCondition::BeingRepaired => {
            let repair = wallet.repair.as_deref().unwrap_or_default();
            add(
                AlertKind::MissingScripts,
                format!("it lacks what is needed to vote for all users; {repair}, then it looks through the chain"),
            );
        }
        WalletCondition::Unknown | WalletCondition::InService => {}
    }
    if wallet.unlocked == Some(false) {
        add(AlertKind::WalletLocked, "it is locked and signs nothing: unlock it".to_owned());
    }
    if wallet.connected == Some(false) {
        add(AlertKind::NodeAway, "it is not connected to its node: start the node".to_owned());
    }
    if let Some(text) = &wallet.unknown_users {
        add(AlertKind::UnknownUsers, text.clone());
    }
    if let Some(lag) = wallet.lag.filter(|lag| *lag > lag_allowed) {
        add(AlertKind::Lag, format!("it is {lag} blocks behind"));
    }
    if !wallet.other_problems.is_empty() {
        add(AlertKind::Other, wallet.other_problems.join("; "));
    }
    troubles
}

fn of_daemon(daemon: &DaemonReport, lag_allowed: u32) -> Vec<Trouble> {
    let about = format!("daemon {}", daemon.name);
    let error = || daemon.last_error.clone().unwrap_or_default();
    let mut troubles = Vec::new();
    match daemon.state {
        DaemonCondition::Unknown => return troubles,
        // What it said of itself is old.
        DaemonCondition::OutOfSync => return vec![Trouble::new(AlertKind::DaemonAway, about, error())],
        DaemonCondition::Refused => return vec![Trouble::new(AlertKind::Disagreement, about, error())],
        DaemonCondition::InSync => {}
    }
    for wallet in &daemon.wallets {
        let of_wallet = format!("wallet {} of {about}", wallet.name);
        if !wallet.reachable {
            troubles.push(Trouble::new(AlertKind::WalletAway, of_wallet, "it cannot be reached"));
        } else if !wallet.unlocked {
            troubles.push(Trouble::new(
                AlertKind::WalletLocked,
                of_wallet,
                "it is locked and signs nothing: unlock it",
            ));
        }
    }
    // The predecessor's daemons report nothing of their nodes.
    if daemon.id.is_some() && daemon.node_height.is_none() {
        let text = "no node answers it, so that it hears of no winning ticket: start its node";
        troubles.push(Trouble::new(AlertKind::NodeAway, about.clone(), text));
    }
    if let Some(lag) = daemon.lag.filter(|lag| *lag > lag_allowed) {
        troubles.push(Trouble::new(AlertKind::Lag, about.clone(), format!("it is {lag} blocks behind")));
    }
    troubles.extend(own_problems(daemon).into_iter().map(|(topic, texts)| {
        let about = topic.map_or_else(|| about.clone(), |topic| format!("{about} ({topic})"));
        Trouble::new(AlertKind::Daemon, about, texts.join("; "))
    }));
    if !daemon.differences.is_empty() {
        troubles.push(Trouble::new(AlertKind::Disagreement, about, daemon.differences.join("; ")));
    }
    troubles
}

/// What a daemon complains of, by what it is about, but for its wallets that are away or locked: those have kinds of their own.
/// One problem that stands for weeks must not hide another that begins meanwhile.
fn own_problems(daemon: &DaemonReport) -> BTreeMap<Option<&str>, Vec<&str>> {
    let is_known = |problem: &str| {
        let mut unable = daemon.wallets.iter().filter(|wallet| !wallet.reachable || !wallet.unlocked);
        unable.any(|wallet| problem.contains(&wallet.name))
    };
    let mut problems: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for OwnProblem { topic, text } in daemon.own_problems.iter().filter(|problem| !is_known(&problem.text)) {
        problems.entry(topic.as_deref()).or_default().push(text.as_str());
    }
    problems
}

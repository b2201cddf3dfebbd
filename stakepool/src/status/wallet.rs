//! How a wallet is.

use serde::Serialize;
use stakepool_core::chain::Generation;
use stakepool_core::ports::WalletInfo;
use stakepool_core::wallets::{Health, MemberStatus, PendingRepairs, ScriptCensus};

use crate::unknown_notes::UnknownNotes;

/// What a wallet is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WalletCondition {
    /// It was not yet reached.
    Unknown,
    /// It serves.
    #[serde(rename = "in service")]
    InService,
    /// It does not answer.
    #[serde(rename = "away")]
    Unreachable,
    /// Missing scripts are being brought over.
    #[serde(rename = "being repaired")]
    BeingRepaired,
    /// It has other keys or makes other scripts than the pool.
    Disagrees,
}

/// How a wallet is. What it did not report is `None`.
#[derive(Clone, Debug, Serialize)]
pub struct WalletReport {
    /// Host and port.
    pub name: String,
    /// What it is doing.
    pub state: WalletCondition,
    /// The repair under way, for people.
    pub repair: Option<String>,
    /// How many scripts it lacks; `None` where that shows only when it answers.
    pub owed_scripts: Option<usize>,
    /// From which height it must look through the chain again, if it must.
    pub owed_rescan_from: Option<u32>,
    /// What repairs it still owes, for people.
    pub owes: String,
    /// The last error.
    pub last_error: Option<String>,
    /// Its version, for people.
    pub version: Option<String>,
    /// Which generation of programs it is of.
    pub generation: Option<Generation>,
    /// The version of its votes.
    pub vote_version: Option<u32>,
    /// Its best height.
    pub height: Option<u32>,
    /// How many blocks it is behind.
    pub lag: Option<u32>,
    /// Whether it can sign.
    pub unlocked: Option<bool>,
    /// Whether it is connected to its node.
    pub connected: Option<bool>,
    /// Whether it votes by itself, which it should not.
    pub votes_itself: Option<bool>,
    /// How many of the pool's scripts it holds; `None` where they were not counted.
    pub scripts: Option<usize>,
    /// How many of them are of users whom the database does not know.
    pub unknown_scripts: Option<usize>,
    /// What is to be said of these users. Not in the JSON: there `problems` say it.
    #[serde(skip)]
    pub unknown_users: Option<String>,
    /// Those of the problems for which no alert has a kind of its own.
    #[serde(skip)]
    pub other_problems: Vec<String>,
    /// What is wrong with it, and what to do.
    pub problems: Vec<String>,
}

impl WalletReport {
    pub(super) fn of(
        wallet: &MemberStatus,
        lag: Option<u32>,
        lag_allowed: u32,
        new_pool: bool,
        notes: &UnknownNotes,
    ) -> Self {
        // What it said of itself is old where it does not answer any more.
        let here = !matches!(wallet.health, Health::Unreachable { .. } | Health::Unknown);
        let info = wallet.info.as_ref();
        let now = info.filter(|_| here);
        let (state, repair, last_error) = state(&wallet.health);
        let unknown_users = wallet.census.as_ref().and_then(|census| unknown_users(census, new_pool, notes));
        let mut problems = problems(wallet, now, lag.filter(|lag| *lag > lag_allowed));
        problems.extend(unknown_users.clone());
        let other_problems = now.map(other_problems).unwrap_or_default();
        problems.extend(other_problems.iter().cloned());
        Self {
            name: wallet.name.clone(),
            state,
            repair,
            owed_scripts: wallet.pending.scripts,
            owed_rescan_from: wallet.pending.rescan_from.map(|height| height.0),
            owes: owes(wallet.pending),
            last_error,
            version: info.map(|info| info.version.clone()),
            generation: info.map(|info| info.generation),
            vote_version: info.map(|info| info.vote_version.0),
            height: wallet.height.map(|height| height.0),
            lag,
            unlocked: now.map(|info| info.unlocked),
            connected: now.map(|info| info.connected),
            votes_itself: now.map(|info| info.votes_itself),
            scripts: wallet.census.as_ref().map(|census| census.scripts),
            unknown_scripts: wallet.census.as_ref().map(|census| census.unknown.len()),
            unknown_users,
            other_problems,
            problems,
        }
    }
}

fn state(health: &Health) -> (WalletCondition, Option<String>, Option<String>) {
    match health {
        Health::Unknown => (WalletCondition::Unknown, None, None),
        Health::Healthy => (WalletCondition::InService, None, None),
        Health::Unreachable { error } => (WalletCondition::Unreachable, None, Some(error.clone())),
        Health::Recovering { done, total } => {
            (WalletCondition::BeingRepaired, Some(format!("{done} of {total} scripts brought over")), None)
        }
        Health::Disagrees { how } => (WalletCondition::Disagrees, None, Some(how.clone())),
    }
}

fn owes(pending: PendingRepairs) -> String {
    let rescan = pending.rescan_from.map(|from| format!("a rescan from block {from}"));
    let scripts = match pending.scripts {
        Some(0) => None,
        Some(1) => Some("1 script".to_owned()),
        Some(scripts) => Some(format!("{scripts} scripts")),
        None => Some("scripts not known until it answers".to_owned()),
    };
    match (scripts, rescan) {
        (Some(scripts), Some(rescan)) => format!("{scripts}, then {rescan}"),
        (Some(owed), None) | (None, Some(owed)) => owed,
        (None, None) => "none".to_owned(),
    }
}

/// What is to be said of users whose scripts a wallet holds, but whom the database does not know, and about whom the operator has
/// not decided: those who are acknowledged are left out, and where the operator has said that the pool is a new one, only those
/// with tickets that may still vote count.
fn unknown_users(census: &ScriptCensus, new_pool: bool, notes: &UnknownNotes) -> Option<String> {
    let scripts = census.scripts;
    let unknown: Vec<_> = census.unknown.iter().filter(|script| !notes.is_acknowledged(&script.address)).collect();
    let (first, last) = (unknown.first()?.index, unknown.last()?.index);
    let tickets: usize = unknown.iter().filter_map(|script| script.tickets).sum();
    if new_pool && tickets == 0 {
        return None;
    }
    let whose = if unknown.len() == 1 { "of a user" } else { "of users" };
    let indexes = if first == last { format!("key index {first}") } else { format!("key indexes {first} to {last}") };
    let at_risk = match tickets {
        0 => String::new(),
        1 => " and have 1 ticket that may still vote".to_owned(),
        tickets => format!(" and have {tickets} tickets that may still vote"),
    };
    Some(format!(
        "it holds {scripts} scripts, {} of them {whose} whom the database does not know ({indexes}){at_risk}: check `database`, \
         and bring their rows over from the old database or restore them (`stakepoolctl unknown list`); until then their votes are \
         cast with default bits at best",
        unknown.len()
    ))
}

fn problems(wallet: &MemberStatus, info: Option<&WalletInfo>, behind: Option<u32>) -> Vec<String> {
    let mut problems = Vec::new();
    match &wallet.health {
        Health::Healthy | Health::Unknown => {}
        Health::Unreachable { error } => problems.push(error.clone()),
        Health::Recovering { .. } => problems.push("missing scripts are being brought over".to_owned()),
        Health::Disagrees { how } => problems.push(how.clone()),
    }
    if let Some(info) = info {
        if !info.unlocked {
            problems.push("it is locked; unlock it with `exccctl --wallet walletpassphrase PASSPHRASE 0`".to_owned());
        }
        if !info.connected {
            problems.push("it is not connected to its node; start the node, or look into the wallet's log".to_owned());
        }
    }
    problems.extend(behind.map(|lag| format!("it is {lag} blocks behind")));
    problems
}

/// What is wrong with how a wallet runs.
fn other_problems(info: &WalletInfo) -> Vec<String> {
    let mut problems = Vec::new();
    if info.votes_itself {
        problems.push("it votes by itself, beside the daemon; start it without enablevoting".to_owned());
    }
    problems.extend(info.faults());
    problems
}

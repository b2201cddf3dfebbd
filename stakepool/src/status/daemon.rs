//! How a voting daemon is.

use std::fmt::Display;

use serde::Serialize;
use stakepool_core::chain::ExtendedPubKey;
use stakepool_core::ports::{DaemonStatus, WalletState};
use stakepool_core::time::UnixTime;

use crate::daemons::DaemonView;
use crate::terms::PoolTerms;

/// Whether a voting daemon is at what the web wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum DaemonCondition {
    /// It was not yet asked.
    #[serde(rename = "unknown")]
    Unknown,
    /// It answers, and has what the web wants it to have.
    #[serde(rename = "in order")]
    InSync,
    /// It answers, but is none of this pool's: it has another network or other keys.
    #[serde(rename = "not in order")]
    Refused,
    /// It does not answer, or cannot be kept at what is wanted.
    #[serde(rename = "not in order")]
    OutOfSync,
}

/// How a voting daemon is. What it did not report is `None`.
#[derive(Clone, Debug, Serialize)]
pub struct DaemonReport {
    /// Host and port.
    pub name: String,
    /// Whether it answered when it was last asked, if only with a refusal. Not in the JSON: there `state` and `problems`
    /// say it.
    #[serde(skip)]
    pub reachable: bool,
    /// Whether it is at what the web wants.
    pub state: DaemonCondition,
    /// Whether it is the predecessor's, which reports nothing of itself.
    pub predecessor: bool,
    /// Its lasting name for itself.
    pub id: Option<String>,
    /// Its version, for people.
    pub version: Option<String>,
    /// Its node's best height; nothing where no node answers it.
    pub node_height: Option<u32>,
    /// The last height that it has worked through.
    pub synced_height: Option<u32>,
    /// How many blocks what it has worked through is behind.
    pub lag: Option<u32>,
    /// Tickets that it would vote.
    pub live_tickets: Option<u64>,
    /// Tickets that it ignores.
    pub ignored_tickets: Option<u64>,
    /// Its wallets.
    pub wallets: Vec<WalletState>,
    /// Whether it answers, has a node that is not far ahead of it, and a wallet that can sign; `None` before it was asked.
    pub can_vote: Option<bool>,
    /// The last error.
    pub last_error: Option<String>,
    /// When it last had what the web wants it to have.
    #[serde(rename = "last_in_order")]
    pub last_in_sync: Option<UnixTime>,
    /// The same for people.
    #[serde(rename = "last_in_order_at")]
    pub last_in_sync_at: Option<String>,
    /// Its settings that are not the web's, with both values.
    pub differences: Vec<String>,
    /// What is wrong with it, and what to do.
    pub problems: Vec<String>,
    /// Those of the problems that it tells of itself, and others for which no alert has a kind of its own.
    #[serde(skip)]
    pub own_problems: Vec<OwnProblem>,
}

/// What a daemon tells of itself, or what is wrong with it that no alert has a kind of its own for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnProblem {
    /// What it is about: one thing stays one problem, whatever its figures. `None` where the daemon, of an older version,
    /// does not say.
    pub topic: Option<String>,
    /// What is wrong, for people.
    pub text: String,
}

impl DaemonReport {
    pub(super) fn of(
        name: &str,
        view: Option<&DaemonView>,
        lag: Option<u32>,
        lag_allowed: u32,
        ours: &PoolTerms,
    ) -> Self {
        let status = view.and_then(|view| view.status.as_ref());
        // Before a daemon has worked through a block it knows no tickets, whatever its counts say.
        let counted = status.filter(|status| status.synced_height.is_some());
        let in_sync = view.is_some_and(|view| view.in_sync);
        let behind = lag.filter(|lag| *lag > lag_allowed);
        let last_in_sync = view.and_then(|view| view.last_in_sync);
        let differences = status.map(|status| differences(status, ours)).unwrap_or_default();
        Self {
            name: name.to_owned(),
            reachable: view.is_some_and(|view| view.reachable),
            state: condition(view),
            predecessor: in_sync && status.is_none() && view.is_some_and(|view| view.error.is_none()),
            id: status.map(|status| status.id.clone()),
            version: status.map(|status| status.version.clone()),
            node_height: status.and_then(|status| status.node_height).map(|height| height.0),
            synced_height: status.and_then(|status| status.synced_height).map(|height| height.0),
            lag,
            live_tickets: counted.map(|status| status.live_tickets),
            ignored_tickets: counted.map(|status| status.ignored_tickets),
            wallets: status.map(|status| status.wallets.clone()).unwrap_or_default(),
            can_vote: view.map(|_| {
                in_sync && behind.is_none() && status.is_none_or(|status| can_sign(status) && is_synced(status))
            }),
            last_error: view.and_then(|view| view.error.clone()),
            last_in_sync,
            last_in_sync_at: last_in_sync.map(UnixTime::readable),
            problems: problems(view, behind, &differences),
            own_problems: view.filter(|_| in_sync).map(own_problems).unwrap_or_default(),
            differences,
        }
    }
}

impl DaemonReport {
    /// Whether it was not yet heard of.
    pub(super) fn is_unheard(&self) -> bool {
        self.state == DaemonCondition::Unknown
    }
}

fn condition(view: Option<&DaemonView>) -> DaemonCondition {
    match view {
        None => DaemonCondition::Unknown,
        Some(view) if view.in_sync => DaemonCondition::InSync,
        Some(view) if view.refused => DaemonCondition::Refused,
        Some(_) => DaemonCondition::OutOfSync,
    }
}

/// Whether one of its wallets can sign, as far as it reports them.
fn can_sign(status: &DaemonStatus) -> bool {
    status.wallets.is_empty() || status.wallets.iter().any(|wallet| wallet.reachable && wallet.unlocked)
}

/// Whether it has a node, and has worked through blocks. How far behind that is, is judged with the others' heights.
const fn is_synced(status: &DaemonStatus) -> bool {
    status.node_height.is_some() && status.synced_height.is_some()
}

fn problems(view: Option<&DaemonView>, behind: Option<u32>, differences: &[String]) -> Vec<String> {
    let Some(view) = view else { return Vec::new() };
    let mut problems: Vec<String> = view.error.iter().cloned().collect();
    let Some(status) = &view.status else { return problems };
    // What it said of itself is old where it does not answer any more.
    if view.in_sync {
        problems.extend(status.problems.iter().cloned());
        problems.extend(status.wallets.iter().filter_map(of_wallet));
        if status.node_height.is_none() {
            problems.push("no node answers it, so that it hears of no winning ticket: start its node".to_owned());
        }
        problems.extend(no_block_yet(status));
        problems.extend(behind.map(|lag| format!("it is {lag} blocks behind")));
    }
    for text in differences {
        // The last error may say so already.
        if !problems.iter().any(|problem| problem.contains(text)) {
            problems.push(text.clone());
        }
    }
    problems
}

/// Where it has a node, but no block of it was worked through.
fn no_block_yet(status: &DaemonStatus) -> Option<String> {
    let is_so = status.node_height.is_some() && status.synced_height.is_none();
    is_so.then(|| "it has not worked through a block yet".to_owned())
}

/// What a daemon in sync complains of, and what is wrong with it beside that has no kind of its own.
fn own_problems(view: &DaemonView) -> Vec<OwnProblem> {
    let own = |topic: &str, text| OwnProblem { topic: Some(topic.to_owned()), text };
    let mut problems: Vec<_> = view.error.iter().map(|error| own("calls", error.clone())).collect();
    if let Some(status) = &view.status {
        let are_named = status.problem_topics.len() == status.problems.len();
        problems.extend(status.problems.iter().enumerate().map(|(index, text)| {
            let topic = status.problem_topics.get(index).filter(|_| are_named).cloned();
            OwnProblem { topic, text: text.clone() }
        }));
        problems.extend(no_block_yet(status).map(|text| own("first block", text)));
        let able = status.wallets.iter().filter(|wallet| wallet.reachable && wallet.unlocked);
        problems.extend(
            able.filter_map(|wallet| of_wallet(wallet).map(|text| own(&format!("{}/voting", wallet.name), text))),
        );
    }
    problems
}

fn differences(status: &DaemonStatus, ours: &PoolTerms) -> Vec<String> {
    let compare = |what: &str, theirs: &dyn Display, ours: &dyn Display| {
        let (theirs, ours) = (theirs.to_string(), ours.to_string());
        (theirs != ours).then(|| format!("its {what} is {theirs}, but the web's is {ours}: make them the same"))
    };
    let differences = [
        compare("network", &status.network, &ours.network),
        // What is in force counts, which a daemon that takes terms knows by itself.
        (!ours.knows_fee(status.pool_fee, status.takes_terms))
            .then(|| compare("poolfees", &status.pool_fee, &ours.in_force().fee))
            .flatten(),
        (!ours.knows_cold_wallet(&status.cold_wallet_xpub, status.takes_terms))
            .then(|| compare("coldwalletextpub", &status.cold_wallet_xpub, &ours.in_force().cold_wallet))
            .flatten(),
        old_keys(status, ours),
    ];
    let foreign = status.wallets.iter().filter_map(|wallet| foreign_key(wallet, &ours.voting_wallet));
    differences.into_iter().flatten().chain(foreign).collect()
}

/// Which keys of cold wallets before it has and the web has not, or the other way round: where it lacks one, tickets are ignored
/// that users' wallets pay for as they were told.
fn old_keys(status: &DaemonStatus, ours: &PoolTerms) -> Option<String> {
    let ours: Vec<_> = ours.old_cold_wallets.iter().map(ToString::to_string).collect();
    let theirs = &status.old_cold_wallet_xpubs;
    let lacks = |some: &[String], others: &[String]| some.iter().find(|key| !others.contains(key)).cloned();
    let text = match (lacks(&ours, theirs), lacks(theirs, &ours)) {
        (Some(key), _) => format!("its oldcoldwalletextpubs lacks {key}, which the web's has: make them the same"),
        (None, Some(key)) => format!("its oldcoldwalletextpubs has {key}, which the web's lacks: make them the same"),
        (None, None) => return None,
    };
    Some(text)
}

/// What is wrong with the account key of one of its wallets, where it is not the pool's.
fn foreign_key(wallet: &WalletState, ours: &ExtendedPubKey) -> Option<String> {
    let (name, key) = (&wallet.name, wallet.account_key.as_ref()?);
    let remedy = "restore the wallet from the pool's seed, or correct votingwalletextpub";
    (*key != ours.to_string())
        .then(|| format!("its wallet {name} has the account key {key}, but votingwalletextpub is {ours}: {remedy}"))
}

fn of_wallet(wallet: &WalletState) -> Option<String> {
    let name = &wallet.name;
    match wallet {
        WalletState { reachable: false, .. } => Some(format!("its wallet {name} cannot be reached")),
        WalletState { unlocked: false, .. } => Some(format!(
            "its wallet {name} is locked; unlock it with `exccctl --wallet walletpassphrase PASSPHRASE 0`"
        )),
        WalletState { votes_itself: true, .. } => {
            Some(format!("its wallet {name} votes by itself; start it without enablevoting"))
        }
        _ => None,
    }
}

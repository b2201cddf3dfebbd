//! How a voting daemon is.

use std::fmt::Display;

use serde::Serialize;
use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{DaemonStatus, WalletState};
use stakepool_core::time::UnixTime;

use super::{LAG_ALLOWED, Settings, lag};
use crate::daemons::DaemonView;

/// How a voting daemon is. What it did not tell is `None`.
#[derive(Clone, Debug, Serialize)]
pub struct DaemonReport {
    /// Host and port.
    pub name: String,
    /// `unknown`, `in order` or `not in order`.
    pub state: &'static str,
    /// Whether it is the predecessor's, which tells nothing of itself.
    pub predecessor: bool,
    /// Its lasting name for itself.
    pub id: Option<String>,
    /// Its version, for people.
    pub version: Option<String>,
    /// Its node's best height.
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
    /// Whether it answers, and has a wallet that can sign.
    pub can_vote: bool,
    /// The last error.
    pub last_error: Option<String>,
    /// When it last had what the web wants it to have.
    pub last_in_order: Option<UnixTime>,
    /// The same for people.
    pub last_in_order_at: Option<String>,
    /// What is wrong with it, and what to do.
    pub problems: Vec<String>,
}

impl DaemonReport {
    pub(super) fn of(name: &str, view: Option<&DaemonView>, best: Option<BlockHeight>, ours: Settings<'_>) -> Self {
        let status = view.and_then(|view| view.status.as_ref());
        let in_order = view.is_some_and(|view| view.in_order);
        let lag = status.and_then(|status| lag(status.synced_height, best));
        let last_in_order = view.and_then(|view| view.last_in_order);
        Self {
            name: name.to_owned(),
            state: match view {
                None => "unknown",
                Some(_) if in_order => "in order",
                Some(_) => "not in order",
            },
            predecessor: in_order && status.is_none() && view.is_some_and(|view| view.error.is_none()),
            id: status.map(|status| status.id.clone()),
            version: status.map(|status| status.version.clone()),
            node_height: status.and_then(|status| status.node_height).map(|height| height.0),
            synced_height: status.and_then(|status| status.synced_height).map(|height| height.0),
            lag,
            live_tickets: status.map(|status| status.live_tickets),
            ignored_tickets: status.map(|status| status.ignored_tickets),
            wallets: status.map(|status| status.wallets.clone()).unwrap_or_default(),
            can_vote: in_order && status.is_none_or(can_sign),
            last_error: view.and_then(|view| view.error.clone()),
            last_in_order,
            last_in_order_at: last_in_order.map(UnixTime::readable),
            problems: problems(view, lag, ours),
        }
    }
}

/// Whether one of its wallets can sign, as far as it tells of them.
fn can_sign(status: &DaemonStatus) -> bool {
    status.wallets.is_empty() || status.wallets.iter().any(|wallet| wallet.reachable && wallet.unlocked)
}

fn problems(view: Option<&DaemonView>, lag: Option<u32>, ours: Settings<'_>) -> Vec<String> {
    let Some(view) = view else { return vec!["it has not answered yet".to_owned()] };
    let mut problems: Vec<String> = view.error.iter().cloned().collect();
    let Some(status) = &view.status else { return problems };
    // What it said of itself is old where it does not answer any more.
    if view.in_order {
        problems.extend(status.problems.iter().cloned());
        problems.extend(status.wallets.iter().filter_map(of_wallet));
        if let Some(lag) = lag.filter(|lag| *lag > LAG_ALLOWED) {
            problems.push(format!("it is {lag} blocks behind"));
        }
    }
    let mut compare = |what: &str, theirs: &dyn Display, ours: &dyn Display| {
        let (theirs, ours) = (theirs.to_string(), ours.to_string());
        let text = format!("its {what} is {theirs}, but the web's is {ours}: make them the same");
        // The last error may say so already.
        if theirs != ours && !problems.iter().any(|problem| problem.contains(&text)) {
            problems.push(text);
        }
    };
    compare("network", &status.network, &ours.network);
    compare("poolfees", &status.pool_fee, &ours.fee);
    if let Some(cold_wallet) = ours.cold_wallet {
        compare("coldwalletextpub", &status.cold_wallet_xpub, cold_wallet);
    }
    problems
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

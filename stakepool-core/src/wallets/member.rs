//! One wallet of the group and what is known of its health.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;

use super::agreement::Agreement;
use super::census::ScriptCensus;
use super::heights::RecentHeights;
use super::recovery::Progress;
use crate::chain::BlockHeight;
use crate::ports::{PoolWallet, WalletInfo};

/// How a wallet is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Health {
    /// Not yet heard of since the start.
    Unknown,
    /// In service.
    Healthy,
    /// It failed; it is probed until it is back.
    #[serde(rename = "away")]
    Unreachable {
        /// The last error.
        error: String,
    },
    /// It is back or new, and missing scripts are being brought over.
    Recovering {
        /// Scripts done.
        done: usize,
        /// Scripts in all.
        total: usize,
    },
    /// It has other keys or makes other scripts than the pool. Registration stops until it agrees.
    Disagrees {
        /// How it differs, with both values.
        how: String,
    },
}

/// The state of one wallet, for the status page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberStatus {
    /// Host and port.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// What it says of itself, where it answered.
    pub info: Option<WalletInfo>,
    /// Its best height, where it answered.
    pub height: Option<BlockHeight>,
    /// The same with those before, by time.
    #[serde(skip)]
    pub heights: RecentHeights,
    /// What it still owes, also while it is away.
    #[serde(rename = "debts")]
    pub pending: PendingRepairs,
    /// The pool's scripts that it holds; `None` where they were not counted yet, or it cannot list them.
    pub census: Option<ScriptCensus>,
}

/// The repairs that a wallet still owes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PendingRepairs {
    /// How many scripts are to be brought over; `None` where they were not compared yet, as while the wallet does not
    /// answer.
    pub scripts: Option<usize>,
    /// From which height it must look through the chain again, if it must.
    pub rescan_from: Option<BlockHeight>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) health: Health,
    pub(super) info: Option<WalletInfo>,
    pub(super) height: Option<BlockHeight>,
    pub(super) heights: RecentHeights,
    pub(super) latency: Duration,
    /// Whether a registration passed this wallet by, so that its scripts must be compared again.
    pub(super) audit_wanted: bool,
    /// The registration for which it made something else, and how that differs: settled only by the same agreement.
    pub(super) disputed: Option<(Agreement, String)>,
    pub(super) pending: PendingRepairs,
    pub(super) census: Option<ScriptCensus>,
    /// Whether its scripts were compared with the users' since the start.
    pub(super) seen: bool,
}

/// A wallet of the group.
pub(super) struct Member {
    pub(super) wallet: Arc<dyn PoolWallet>,
    state: Mutex<State>,
    /// Asks for a probe before its time.
    doubted: Notify,
}

impl Member {
    pub(super) fn new(wallet: Arc<dyn PoolWallet>) -> Self {
        let state = State {
            health: Health::Unknown,
            info: None,
            height: None,
            heights: RecentHeights::default(),
            latency: Duration::MAX,
            audit_wanted: true,
            disputed: None,
            pending: PendingRepairs::default(),
            census: None,
            seen: false,
        };
        Self { wallet, state: Mutex::new(state), doubted: Notify::new() }
    }

    /// Has the wallet probed soon, because a call to it failed.
    pub(super) fn probe_soon(&self) {
        self.doubted.notify_one();
    }

    /// Waits until the wallet is doubted.
    pub(super) async fn doubted(&self) {
        self.doubted.notified().await;
    }

    /// Takes the wallet into service after a probe, unless a dispute about a registration is open.
    pub(super) fn in_service(&self) {
        let disputed = self.state().disputed.as_ref().map(|(_, how)| how.clone());
        self.set_health(disputed.map_or(Health::Healthy, |how| Health::Disagrees { how }));
    }

    /// Notes that the wallet made something else of a registration than the pool.
    pub(super) fn dispute(&self, agreement: Agreement, how: String) {
        self.state().disputed = Some((agreement, how.clone()));
        self.set_health(Health::Disagrees { how });
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn health(&self) -> Health {
        self.state().health.clone()
    }

    /// Notes that a script was stored that the wallet did not get, and has its scripts compared.
    pub(super) fn passed_by(&self) {
        let mut state = self.state();
        state.audit_wanted = true;
        state.pending.scripts = state.pending.scripts.map(|scripts| scripts.saturating_add(1));
    }

    /// Notes the scripts that it holds, and logs those of unknown users once.
    pub(super) fn counted(&self, census: Option<ScriptCensus>) {
        let mut state = self.state();
        state.seen = true;
        if state.census == census {
            return;
        }
        if let Some(ScriptCensus { scripts, users, unknown }) =
            census.as_ref().filter(|census| !census.unknown.is_empty())
        {
            let indexes = unknown.iter().map(|script| script.index.0);
            tracing::warn!(
                wallet = self.wallet.name(),
                scripts,
                users,
                unknown = unknown.len(),
                first_index = indexes.clone().min(),
                last_index = indexes.max(),
                "holds scripts of users whom the database does not know: check `database`, and bring their rows over or \
                 restore them; their key indexes are given to nobody"
            );
        }
        state.census = census;
    }

    /// Notes how far a recovery is.
    pub(super) fn recovering(&self, Progress { done, total, rescan_from }: Progress) {
        self.state().pending = PendingRepairs { scripts: Some(total.saturating_sub(done)), rescan_from };
        self.set_health(Health::Recovering { done, total });
    }

    /// Changes the health, and logs it once.
    pub(super) fn set_health(&self, health: Health) {
        let name = self.wallet.name();
        let mut state = self.state();
        if state.health == health {
            return;
        }
        match &health {
            Health::Healthy => tracing::info!(wallet = name, "in service"),
            Health::Unreachable { error } => {
                tracing::error!(wallet = name, %error, "out of service")
            }
            Health::Disagrees { how } => {
                tracing::error!(wallet = name, how, "disagrees with the pool: registration stops");
            }
            Health::Recovering { done: 0, total } => {
                tracing::info!(wallet = name, scripts = total, "being recovered");
            }
            Health::Unknown | Health::Recovering { .. } => {}
        }
        state.health = health;
    }

    pub(super) fn status(&self) -> MemberStatus {
        let state = self.state();
        MemberStatus {
            name: self.wallet.name().to_owned(),
            health: state.health.clone(),
            info: state.info.clone(),
            height: state.height,
            heights: state.heights.clone(),
            pending: state.pending,
            census: state.census.clone(),
        }
    }
}

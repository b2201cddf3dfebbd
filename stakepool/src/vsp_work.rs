//! The work of the service for wallets of today in a pool that runs.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::ports::DaemonStatus;
use tokio::time::{MissedTickBehavior, interval};

use crate::daemons::DaemonView;
use crate::pool::Pool;
use crate::vsp::work_lease::{LEASE, WORK};
use crate::vsp::{DaemonsSeen, PassError, Vsp};

/// How often node and daemons are looked at, and a new block is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Looks every second, and works through new blocks where this instance has the lease.
pub(crate) async fn run(pool: &Pool, vsp: &Vsp) {
    let look = async {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            vsp.look(daemons(pool, &pool.daemons().views())).await;
        }
    };
    let work = async {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = None;
        loop {
            ticks.tick().await;
            if has_lease(pool).await {
                last = log_once(vsp.pass().await, last);
            }
        }
    };
    tokio::join!(look, work);
}

impl Pool {
    /// Has the service for wallets of today look at its node and all daemons once, for a program that does not run the pool.
    /// No daemon is given anything: one that lacks the desired state counts as one that cannot vote.
    pub async fn look_at_vsp(&self) {
        if let Some(vsp) = self.vsp() {
            vsp.look(daemons(self, &self.reconciler.look().await)).await;
        }
    }
}

async fn has_lease(pool: &Pool) -> bool {
    let now = pool.now();
    pool.parts().leases.lease(WORK, &pool.instance, now, now.plus(LEASE)).await.unwrap_or(false)
}

/// Logs a failure once, until it is another one or over.
fn log_once(pass: Result<(), PassError>, last: Option<String>) -> Option<String> {
    let text = pass.err()?.to_string();
    if last.as_ref() != Some(&text) {
        tracing::warn!(error = text, "VSP: new blocks are not worked through; tried again each second");
    }
    Some(text)
}

/// How the daemons are, as far as registered tickets are concerned: these need no wallet.
fn daemons(pool: &Pool, views: &BTreeMap<String, DaemonView>) -> DaemonsSeen {
    let can_vote = |status: &&DaemonStatus| status.takes_keys && status.node_height.is_some();
    let voting = views.values().filter(|view| view.in_sync).filter_map(|view| view.status.as_ref()).filter(can_vote);
    let synced: Vec<_> = voting.map(|status| status.synced_height).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    DaemonsSeen {
        all: count(pool.parts().daemons.len()),
        voting: count(synced.len()),
        synced: synced.into_iter().flatten().max(),
    }
}

//! The work of the service for wallets of today in a pool that runs.

use std::time::Duration;

use stakepool_core::ports::Lease;
use tokio::time::{MissedTickBehavior, interval};

use crate::daemons::daemons_seen;
use crate::pool::Pool;
use crate::vsp::work_lease::{LEASE, WORK};
use crate::vsp::{PassError, Vsp};

/// How often node and daemons are looked at, and a new block is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Looks every second, and works through new blocks where this instance has the lease.
pub(crate) async fn run(pool: &Pool, vsp: &Vsp) {
    let look = async {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let fee_key = vsp.terms().fee_key.to_string();
        loop {
            ticks.tick().await;
            vsp.look(daemons_seen(pool.parts().daemons.len(), &pool.daemons().views(), &fee_key)).await;
            if let Some(tickets) = vsp.to_be_voted() {
                pool.daemons().compare_key_tickets(tickets);
            }
        }
    };
    let work = async {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = None;
        loop {
            ticks.tick().await;
            if let Some(lease) = lease(pool).await {
                last = log_once(vsp.pass_under(&lease).await, last);
                vsp.note_blocks_wait(last.clone());
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
            let fee_key = vsp.terms().fee_key.to_string();
            vsp.look(daemons_seen(self.parts().daemons.len(), &self.reconciler.look().await, &fee_key)).await;
        }
    }
}

async fn lease(pool: &Pool) -> Option<Lease> {
    let now = pool.now();
    pool.parts().leases.lease(WORK, &pool.instance, now, now.plus(LEASE)).await.unwrap_or_default()
}

/// Logs a failure once, until it is another one or over.
fn log_once(pass: Result<(), PassError>, last: Option<String>) -> Option<String> {
    let text = pass.err()?.to_string();
    if last.as_ref() != Some(&text) {
        tracing::warn!(error = text, "VSP: new blocks are not worked through; tried again each second");
    }
    Some(text)
}

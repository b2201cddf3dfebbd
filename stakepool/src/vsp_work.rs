//! The work of the service for wallets of today in a pool that runs.

use std::time::Duration;

use stakepool_core::ports::Lease;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::daemons::daemons_seen;
use crate::pool::Pool;
use crate::vsp::work_lease::{LEASE, WORK};
use crate::vsp::{PassError, Vsp};

/// How often node and daemons are looked at, and a new block is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// How long the node may fail an instance before another one gets its turn.
const FAILS: Duration = Duration::from_secs(10);
/// How long an instance rests that gave the work away.
const RESTS: Duration = LEASE.saturating_mul(2);

/// When an instance leaves the work to others, since its node fails.
#[derive(Debug, Default)]
struct Turns {
    fails_since: Option<Instant>,
    rests_until: Option<Instant>,
}

impl Turns {
    /// Whether another instance may have the work for now.
    fn rests(&self) -> bool {
        self.rests_until.is_some_and(|until| Instant::now() < until)
    }

    /// Whether the work is to be given away after a pass, which begins a rest. What is wrong with a ticket or with the database
    /// would be the same for every instance.
    fn is_over_after(&mut self, pass: &Result<(), PassError>) -> bool {
        if !pass.as_ref().is_err_and(PassError::is_of_node) {
            self.fails_since = None;
            return false;
        }
        let now = Instant::now();
        let is_over = now.duration_since(*self.fails_since.get_or_insert(now)) >= FAILS;
        if is_over {
            *self = Self { fails_since: None, rests_until: Some(now + RESTS) };
        }
        is_over
    }
}

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
        let (mut last, mut turns) = (None, Turns::default());
        loop {
            ticks.tick().await;
            if turns.rests() {
                continue;
            }
            if let Some(lease) = lease(pool).await {
                let pass = vsp.pass_under(&lease).await;
                if turns.is_over_after(&pass) {
                    give_back(pool).await;
                }
                last = log_once(pass, last);
            } else {
                (last, turns) = (None, Turns::default());
            }
            vsp.note_blocks_wait(last.clone());
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

/// Ends the lease. Where that fails, it runs out by itself within the rest.
async fn give_back(pool: &Pool) {
    tracing::warn!("VSP: the node fails for a while: another instance may work through new blocks");
    if let Err(error) = pool.parts().leases.give_back(WORK, &pool.instance).await {
        tracing::warn!(%error, "VSP: the lease could not be given back");
    }
}

/// Logs a failure once, until it is another one or over.
fn log_once(pass: Result<(), PassError>, last: Option<String>) -> Option<String> {
    let error = pass.err()?;
    if matches!(error, PassError::Superseded) {
        // The other one works.
        tracing::info!(%error, "VSP: the work is another instance's");
        return None;
    }
    let text = error.to_string();
    if last.as_ref() != Some(&text) {
        tracing::warn!(error = text, "VSP: new blocks are not worked through; tried again each second");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn vsp_work_goes_to_another_instance_after_ten_seconds_without_a_node() {
        let (mut turns, fails) = (Turns::default(), Err(PassError::NoIndex));
        for _ in 0..10 {
            assert!(!turns.is_over_after(&fails) && !turns.rests());
            advance(LOOK).await;
        }
        assert!(turns.is_over_after(&fails) && turns.rests());
        advance(RESTS).await;
        assert!(!turns.rests() && !turns.is_over_after(&fails), "it tries again for as long");
    }

    #[tokio::test(start_paused = true)]
    async fn vsp_work_stays_where_a_pass_succeeds_between_or_a_ticket_alone_fails() {
        let mut turns = Turns::default();
        for pass in [Err(PassError::NoIndex), Ok(()), Err(PassError::NoIndex), Err(PassError::Ticket("no".to_owned()))]
        {
            assert!(!turns.is_over_after(&pass));
            advance(FAILS.saturating_sub(LOOK)).await;
        }
        assert!(!turns.is_over_after(&Err(PassError::NoIndex)));
    }

    #[test]
    fn vsp_work_that_another_instance_has_waits_for_nothing() {
        assert_eq!(log_once(Err(PassError::Superseded), Some("before".to_owned())), None);
        assert!(log_once(Err(PassError::NoIndex), None).is_some());
    }
}

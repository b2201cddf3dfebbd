//! Watches the pool, and sends alerts to the operator by every channel.

use std::sync::Arc;
use std::time::Duration;

use stakepool_core::alert::{Alert, AlertPhase};
use tokio::time::{MissedTickBehavior, interval};

use crate::alerts::administrators::ToAdministrators;
use crate::alerts::book::AlertBook;
use crate::alerts::channel::Channel;
use crate::alerts::leadership::{LEASE, Leadership};
use crate::alerts::since::Since;
use crate::alerts::troubles::{self, PATIENCE};
use crate::pool::Pool;

/// How often the pool is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// What an instance that begins to alert counts as news: what happened while it waited for the lease of the one before, and
/// what that one had not sent yet.
const GAP: Duration = LEASE.saturating_add(PATIENCE).saturating_add(LOOK).saturating_add(LOOK);

/// Watches without end.
pub(crate) async fn run(pool: &Pool) {
    let mut sinks = pool.parts.alerts.clone();
    if pool.parts.mailer.is_on() {
        sinks.push(Arc::new(ToAdministrators::of(&pool.settings, &pool.parts)));
    }
    let mut channels: Vec<_> = sinks.into_iter().map(Channel::new).collect();
    let mut book = AlertBook::default();
    let mut leadership = Leadership::new(pool.parts.random.as_ref());
    let mut since = Since::new(pool.now(), GAP);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if leadership.begins(pool.parts.leases.as_ref(), pool.now()).await {
            // What the one before has not told is told, and what lasts is told once more: better than never.
            (book, since) = (AlertBook::default(), Since::new(pool.now(), GAP));
        }
        let alerts = book.compare(pool.now(), troubles::all(pool, &mut since).await);
        for alert in &alerts {
            log(alert);
        }
        for channel in channels.iter_mut().filter(|_| leadership.is_ours()) {
            channel.send(&alerts).await;
        }
    }
}

fn log(alert: &Alert) {
    let Alert { kind, about, text, phase, since } = alert;
    if *phase == AlertPhase::Ends {
        tracing::info!(%kind, about, %since, "trouble is over: {text}");
    } else {
        tracing::error!(%kind, about, %since, "{text}");
    }
}

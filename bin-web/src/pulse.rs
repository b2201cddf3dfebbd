//! Keeps those who listen for events up to date.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::site::Site;

/// How often a sign of life is sent: proxies give up connections on which nothing comes for a minute.
const PULSE: Duration = Duration::from_secs(25);

/// Sends signs of life, and each change of how the pool is, without end.
pub async fn keep(site: &Site) -> Infallible {
    let mut outlook = site.pool.outlook();
    let mut pulse = interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = pulse.tick() => site.events.pulse(),
            Ok(()) = outlook.changed() => {
                let now = outlook.borrow_and_update().clone();
                site.events.outlook(&now);
            }
        }
    }
}

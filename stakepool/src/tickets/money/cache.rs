//! Sums of users as they were last made: they are made anew only where a ticket of the user has changed, or there is a new block.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Params};
use stakepool_core::ports::{MoneyStamp, StoreError};
use tokio::time::Instant;

use super::fold::{Moment, Money};
use crate::parts::Parts;

/// Users whose sums are kept.
const MOST: usize = 2_000;
/// How long sums count where nothing changes: the last thirty days go on.
const LONGEST: Duration = Duration::from_secs(600);
/// The ledger's times are whole seconds: what is made within this time of a change may lack another one of the same second.
const SETTLES: i64 = 2;

#[derive(Debug)]
struct Made {
    money: Arc<Money>,
    stamp: MoneyStamp,
    tip: BlockHeight,
    at: Instant,
}

/// The sums.
#[derive(Debug, Default)]
pub(crate) struct MoneyCache {
    made: Mutex<HashMap<UserId, Made>>,
}

impl MoneyCache {
    /// The sums of a user at the best height `tip`.
    pub(crate) async fn of(
        &self,
        parts: &Parts,
        params: &Params,
        user: UserId,
        tip: BlockHeight,
    ) -> Result<Arc<Money>, StoreError> {
        let stamp = parts.money.money_stamp(user).await?;
        if let Some(money) = self.made_for(user, stamp, tip) {
            return Ok(money);
        }
        let now = parts.clock.now();
        let tickets = parts.money.money_of(user).await?;
        let money = Arc::new(Money::of(&tickets, &Moment { now, tip, params }));
        if stamp.latest.is_none_or(|changed| changed.0.saturating_add(SETTLES) < now.0) {
            self.keep(user, Made { money: Arc::clone(&money), stamp, tip, at: Instant::now() });
        }
        Ok(money)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn made_for(&self, user: UserId, stamp: MoneyStamp, tip: BlockHeight) -> Option<Arc<Money>> {
        let made = self.lock();
        let made = made.get(&user)?;
        let is_good = made.stamp == stamp && made.tip == tip && made.at.elapsed() < LONGEST;
        is_good.then(|| Arc::clone(&made.money))
    }

    fn keep(&self, user: UserId, made: Made) {
        let mut all = self.lock();
        if all.len() >= MOST && !all.contains_key(&user) {
            all.clear();
        }
        all.insert(user, made);
    }
}

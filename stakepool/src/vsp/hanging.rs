//! Tickets that do not go on by themselves.

use std::time::Duration;

use stakepool_core::chain::BlockHeight;
use stakepool_core::ports::{Listed, RegisteredTicket, RegisteredWhere, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{CONFIRMATIONS, FeeStatus};

use super::service::Vsp;

/// How long, and for how many blocks, a fee may wait for its turn.
const PATIENCE: (Duration, u32) = (Duration::from_secs(600), 3);

impl Vsp {
    /// The tickets of which the operator is alerted: those whose fee cannot be used, and those whose fee the node should have had for
    /// a while. Those that wait longest come first; of these at most so many, and how many there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hanging(&self, most: usize) -> Result<Listed<RegisteredTicket>, StoreError> {
        let store = self.parts.stores.vsp_tickets.as_ref();
        let failed = store.registered_where(RegisteredWhere::Fee(FeeStatus::Error)).await?.into_iter();
        let mut found: Vec<_> = failed.filter(|ticket| ticket.registration.outcome.is_none()).collect();
        found.extend(self.overdue().await?);
        found.sort_by_key(|ticket| ticket.fee_since);
        let total = found.len() as u64;
        found.truncate(most);
        let without_keys = |ticket| RegisteredTicket { voting_key: None, payment: None, ..ticket };
        Ok(Listed { total, rows: found.into_iter().map(without_keys).collect() })
    }

    /// The tickets whose fee the node should have had for a while.
    pub(super) async fn overdue(&self) -> Result<Vec<RegisteredTicket>, StoreError> {
        let best = self.standing().best.map(|best| best.height);
        let waiting = self.parts.stores.vsp_tickets.registered_where(RegisteredWhere::Fee(FeeStatus::Received)).await?;
        Ok(waiting.into_iter().filter(|ticket| is_overdue(ticket, best, self.now())).collect())
    }
}

/// Whether the node should have had a fee for a while.
fn is_overdue(ticket: &RegisteredTicket, best: Option<BlockHeight>, now: UnixTime) -> bool {
    let Some((mined_at, best)) = ticket.registration.confirmed_at.zip(best) else { return false };
    let due = ticket.registration.is_fee_due() && best >= mined_at.plus(CONFIRMATIONS + PATIENCE.1);
    due && ticket.fee_since.plus(PATIENCE.0) <= now
}

//! What a user has at the pool, in numbers. They are added up once for all pages that show them.

use std::sync::Arc;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHeight, Params};
use stakepool_core::ports::{LedgerStore, StoreError, TicketOrder, TicketQuery};
use stakepool_core::reports::TicketState;

use super::life::matures_at;
use super::money::Money;
use super::tally::Tally;

/// What a user has at the pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdings {
    /// How many tickets are in each state, ignored ones apart (`true`).
    pub counts: Vec<(TicketState, bool, u64)>,
    /// When the next immature ticket can be drawn.
    pub next_maturity: Option<BlockHeight>,
    /// What tickets cost that have not ended.
    pub locked: Amount,
    /// What votes earned and what comes back; `None` while it is not known which block is the last.
    pub money: Option<Arc<Money>>,
}

/// Whose holdings, and when: while all of it is the same, they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HoldingsOf {
    pub user: UserId,
    pub tip: Option<BlockHeight>,
    /// [`LedgerStore::changes`].
    pub changes: u64,
}

impl Holdings {
    /// Adds to the sums of a user's money what else there is; without them, which are made where it is known which block is the
    /// last, the rest is added up alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(
        ledger: &dyn LedgerStore,
        user: UserId,
        params: &Params,
        money: Option<Arc<Money>>,
    ) -> Result<Self, StoreError> {
        let (counts, locked) = match &money {
            Some(money) => (money.counts.clone(), money.locked),
            None => tokio::try_join!(ledger.ticket_counts(Some(user)), ledger.locked(user))?,
        };
        let immature = Tally::of(&counts).immature;
        let next_maturity = if immature == 0 { None } else { next_maturity(ledger, user, params, immature).await? };
        Ok(Self { counts, next_maturity, locked, money })
    }

    /// The same counts by state, all ignored tickets together.
    pub fn tally(&self) -> Tally {
        Tally::of(&self.counts)
    }
}

async fn next_maturity(
    ledger: &dyn LedgerStore,
    user: UserId,
    params: &Params,
    immature: u64,
) -> Result<Option<BlockHeight>, StoreError> {
    let query = TicketQuery {
        user: Some(user),
        states: vec![TicketState::Immature],
        ignored: Some(false),
        order: TicketOrder::Oldest,
        limit: 1,
        known_total: Some(immature),
        ..TicketQuery::default()
    };
    Ok(ledger.tickets(&query).await?.tickets.first().map(|report| matures_at(report, params)))
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::{Generation, Network};
    use stakepool_core::reports::TicketReport;
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::testkit::samples::{NOW, ended, report};

    use super::*;

    #[tokio::test]
    async fn the_next_maturity_is_that_of_the_oldest_immature_ticket_that_counts() {
        let params = Network::Simnet.params(Generation::Today);
        let ledger = MemoryStore::default();
        let immature = |n| TicketReport { state: TicketState::Immature, ..report(n, 1) };
        let read = async || Holdings::read(&ledger, UserId(1), &params, None).await.unwrap();
        assert_eq!(read().await.next_maturity, None);
        let others =
            [report(1, 1), ended(2, 1, TicketState::Voted, 30), TicketReport { user: Some(UserId(2)), ..immature(3) }];
        ledger.put_tickets("a", &[&[immature(9), immature(7)], &others[..]].concat(), NOW).await.unwrap();
        let holdings = read().await;
        assert_eq!(holdings.next_maturity, Some(matures_at(&immature(7), &params)));
        assert_eq!((holdings.tally().immature, holdings.tally().live, holdings.tally().voted), (2, 1, 1));
    }
}

//! What a user has at the pool, in numbers. They are added up once for all pages that show them.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Amount, BlockHeight, Params};
use stakepool_core::ports::{LedgerStore, StoreError, TicketOrder, TicketQuery};
use stakepool_core::reports::TicketState;

use super::life::matures_at;
use super::reward::Earnings;
use super::tally::Tally;

/// What a user has at the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// How many tickets are in each state, ignored ones apart (`true`).
    pub counts: Vec<(TicketState, bool, u64)>,
    /// When the next immature ticket can be drawn.
    pub next_maturity: Option<BlockHeight>,
    /// What tickets cost that have not ended.
    pub locked: Amount,
    /// What votes earned; `None` while it is not known which block is the last.
    pub earnings: Option<Earnings>,
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
    /// Adds up what a user has when the best block is `tip`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn read(
        ledger: &dyn LedgerStore,
        user: UserId,
        params: &Params,
        tip: Option<BlockHeight>,
    ) -> Result<Self, StoreError> {
        let earnings = async {
            match tip {
                Some(tip) => Earnings::of(ledger, user, params, tip).await.map(Some),
                None => Ok(None),
            }
        };
        let (counts, locked, earnings) =
            tokio::try_join!(ledger.ticket_counts(Some(user)), ledger.locked(user), earnings)?;
        let immature = Tally::of(&counts).immature;
        let next_maturity = if immature == 0 { None } else { next_maturity(ledger, user, params, immature).await? };
        Ok(Self { counts, next_maturity, locked, earnings })
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
        let read = async |tip| Holdings::read(&ledger, UserId(1), &params, tip).await.unwrap();
        assert_eq!(read(Some(BlockHeight(50))).await.next_maturity, None);
        let others =
            [report(1, 1), ended(2, 1, TicketState::Voted, 30), TicketReport { user: Some(UserId(2)), ..immature(3) }];
        ledger.put_tickets("a", &[&[immature(9), immature(7)], &others[..]].concat(), NOW).await.unwrap();
        let holdings = read(Some(BlockHeight(50))).await;
        assert_eq!(holdings.next_maturity, Some(matures_at(&immature(7), &params)));
        assert_eq!((holdings.tally().immature, holdings.tally().live, holdings.tally().voted), (2, 1, 1));
        assert!(holdings.earnings.is_some() && read(None).await.earnings.is_none());
    }
}

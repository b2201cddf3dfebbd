//! The life of one ticket: what happened to it, and what is still to come.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Params, TicketHash};
use stakepool_core::ports::{LedgerStore, StoreError, StoredVote};
use stakepool_core::reports::{TicketReport, TicketState};

use super::missed::{ALL_RECORDS, Cause};
use super::reward::Reward;

/// Whose tickets somebody may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A user's own.
    User(UserId),
    /// Everybody's.
    Administrator,
}

/// What is known of a ticket.
#[derive(Clone, Debug)]
pub struct TicketLife {
    /// What the daemons report.
    pub report: TicketReport,
    /// The daemons' votes with it, the first first.
    pub votes: Vec<StoredVote>,
    /// Why a missed ticket did not vote.
    pub cause: Option<Cause>,
    /// What its vote paid beyond the price.
    pub reward: Option<Reward>,
    /// When it can be drawn.
    pub matures_at: BlockHeight,
    /// When it ends without having been drawn.
    pub expires_at: BlockHeight,
    /// When what its vote paid can be spent.
    pub spendable_at: Option<BlockHeight>,
}

impl TicketLife {
    /// Finds a ticket, where there is one that the viewer may see.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(
        ledger: &dyn LedgerStore,
        params: &Params,
        ticket: &TicketHash,
        viewer: Viewer,
    ) -> Result<Option<Self>, StoreError> {
        let is_visible = |report: &TicketReport| match viewer {
            Viewer::User(user) => report.user == Some(user),
            Viewer::Administrator => true,
        };
        let Some(report) = ledger.ticket(ticket).await?.filter(is_visible) else { return Ok(None) };
        let mut votes = ledger.votes(Some(ticket), ALL_RECORDS).await?;
        let cause = (report.state == TicketState::Missed).then(|| Cause::of(&report, &votes));
        votes.sort_by_key(|vote| vote.record.at);
        Ok(Some(Self {
            votes,
            cause,
            reward: Reward::of(&report, params),
            matures_at: matures_at(&report, params),
            expires_at: expires_at(&report, params),
            spendable_at: spendable_at(&report, params),
            report,
        }))
    }
}

/// When a ticket can be drawn.
pub fn matures_at(report: &TicketReport, params: &Params) -> BlockHeight {
    report.facts.mined_at.plus(params.ticket_maturity)
}

/// When a ticket ends that was not drawn.
pub fn expires_at(report: &TicketReport, params: &Params) -> BlockHeight {
    matures_at(report, params).plus(params.ticket_expiry)
}

/// When what a vote paid can be spent, which is as late as with a block's own reward.
pub fn spendable_at(report: &TicketReport, params: &Params) -> Option<BlockHeight> {
    let ended = report.ended_at.filter(|_| report.state == TicketState::Voted)?;
    Some(ended.plus(params.coinbase_maturity))
}

/// The chance that a live ticket is drawn within a number of blocks, from 0 to 1, if the network keeps as many live tickets.
pub fn chance(params: &Params, live_tickets: u64, blocks: u32) -> f64 {
    let drawn = f64::from(params.tickets_per_block) / (live_tickets.max(1) as f64);
    1.0 - (1.0 - drawn.min(1.0)).powf(f64::from(blocks))
}

#[cfg(test)]
mod tests {
    use stakepool_core::chain::{Amount, Generation, Network};
    use stakepool_core::testkit::MemoryStore;
    use stakepool_core::testkit::samples::{NOW, ended, report, ticket};

    use super::*;

    #[tokio::test]
    async fn a_user_sees_his_own_tickets_alone_and_an_administrator_all() {
        let params = Network::Mainnet.params(Generation::Today);
        let ledger = MemoryStore::default();
        ledger.put_tickets("a", &[ended(1, 7, TicketState::Voted, 90_000)], NOW).await.unwrap();
        let seen = async |n, viewer| TicketLife::find(&ledger, &params, &ticket(n), viewer).await.unwrap();
        assert!(seen(1, Viewer::User(UserId(8))).await.is_none());
        assert!(seen(2, Viewer::Administrator).await.is_none(), "there is none");
        let life = seen(1, Viewer::User(UserId(7))).await.unwrap();
        assert!(seen(1, Viewer::Administrator).await.is_some());
        assert!(life.reward.is_some_and(|reward| reward.whole > Amount::ZERO) && life.cause.is_none());
        assert_eq!(life.spendable_at, Some(BlockHeight(90_000).plus(params.coinbase_maturity)));
    }

    #[test]
    fn most_tickets_are_drawn_before_they_expire() {
        let params = Network::Mainnet.params(Generation::Today);
        let live = u64::from(params.ticket_pool_size) * u64::from(params.tickets_per_block);
        let whole = chance(&params, live, params.ticket_expiry);
        assert!((0.99..1.0).contains(&whole), "{whole}");
        assert!(chance(&params, live, 0) == 0.0 && chance(&params, 0, 1) == 1.0);
        assert_eq!(matures_at(&report(1, 1), &params).0, report(1, 1).facts.mined_at.0 + params.ticket_maturity);
    }
}

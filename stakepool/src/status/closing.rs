//! How far the end of the pool has come.

use std::collections::BTreeMap;

use serde::Serialize;
use stakepool_core::chain::{BlockHeight, Generation, TicketHash};
use stakepool_core::ports::{RegisteredWhere, StoreError, TicketOrder, TicketQuery};
use stakepool_core::reports::TicketState;
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::FeeStatus;

use crate::notice_notes::NoticeKind;
use crate::pool::Pool;

/// How far the end of the pool has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClosingReport {
    /// The day on which the pool closes, or closed.
    pub on: UnixTime,
    /// Whether that day has come.
    pub closed: bool,
    /// How many tickets are still to be voted, immature ones included.
    pub tickets: u64,
    /// The block in which the last of them expires, where it is not drawn before.
    pub last_block: Option<u32>,
    /// About when that is.
    pub last_about: Option<UnixTime>,
}

impl Pool {
    /// How far the end of the pool has come, by its ledger; `None` where no closing is announced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn closing(&self) -> Result<Option<ClosingReport>, StoreError> {
        let notices = self.notices.get();
        let Some(notice) = notices.iter().find(|notice| notice.kind == NoticeKind::Closing) else { return Ok(None) };
        let query = TicketQuery {
            states: vec![TicketState::Immature, TicketState::Live],
            ignored: Some(false),
            by_own_key: Some(false),
            order: TicketOrder::Newest,
            limit: 1,
            ..TicketQuery::default()
        };
        let page = self.parts.ledger.tickets(&query).await?;
        // The same in both generations.
        let params = self.terms.network.params(Generation::Today);
        let lives = params.ticket_maturity + params.ticket_expiry;
        let registered = self.registered_to_come().await?;
        let mined = page.tickets.first().map(|ticket| ticket.facts.mined_at);
        // One that is not mined yet, or not for long, is as young as can be.
        let tip = self.terms.over_time.get().tip;
        let registered_mined = registered.values().filter_map(|mined| mined.or(tip));
        let last = mined.into_iter().chain(registered_mined).max().map(|mined| mined.plus(lives));
        let about = last.zip(tip).map(|(last, tip)| {
            self.now().plus(params.target_time_per_block.saturating_mul(last.0.saturating_sub(tip.0)))
        });
        Ok(Some(ClosingReport {
            on: notice.from,
            closed: notice.from <= self.now(),
            tickets: page.total + registered.len() as u64,
            last_block: last.map(|last| last.0),
            last_about: about,
        }))
    }

    /// The tickets that were registered without an account and have not ended, paid for or not, with where each was mined.
    async fn registered_to_come(&self) -> Result<BTreeMap<TicketHash, Option<BlockHeight>>, StoreError> {
        let mut tickets = BTreeMap::new();
        let paid = RegisteredWhere::Fee(FeeStatus::Received);
        for wanted in [RegisteredWhere::Unconfirmed, paid, RegisteredWhere::ToBeVoted] {
            let found = self.parts.vsp_tickets.registered_where(wanted).await?;
            let open = found.into_iter().map(|ticket| ticket.registration).filter(|it| it.outcome.is_none());
            tickets.extend(open.map(|registration| (registration.ticket, registration.confirmed_at)));
        }
        Ok(tickets)
    }
}

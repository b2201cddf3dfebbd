//! Which tickets are ignored, taken back, or known to daemons only: the lists of the web and of the command line.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{
    Clock, DaemonError, LedgerStore, Listed, LowFeeEntry, LowFeeStore, LowFeeTicket, Slice, StoreError, TicketQuery,
    UserStore, VotingDaemon,
};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::ticket::Verdict;
use tokio::time::timeout;

use crate::tickets::low_fee::known::known_to_daemons_only;

/// The lists of low-fee tickets.
pub struct LowFeeLists<'a> {
    /// What is known of tickets.
    pub ledger: &'a dyn LedgerStore,
    /// What is added.
    pub low_fee: &'a dyn LowFeeStore,
    /// Whose the addresses are.
    pub users: &'a dyn UserStore,
    /// The voting daemons.
    pub daemons: Vec<&'a dyn VotingDaemon>,
    /// The time.
    pub clock: &'a dyn Clock,
}

/// Tickets of which only daemons know, each with its user, and the daemons that did not answer.
#[derive(Debug)]
pub struct DaemonOnly {
    /// The tickets, by hash.
    pub tickets: Vec<(LowFeeEntry, Option<UserId>)>,
    /// Why others did not answer.
    pub unanswered: Vec<DaemonError>,
}

impl LowFeeLists<'_> {
    /// The tickets that are added and may still vote.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn added(&self) -> Result<HashSet<TicketHash>, StoreError> {
        let active = self.low_fee.active(self.clock.now()).await?;
        Ok(active.into_iter().map(|ticket| ticket.ticket).collect())
    }

    /// The same tickets, each with what the ledger knows of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn added_with_reports(&self) -> Result<Vec<(LowFeeTicket, Option<TicketReport>)>, StoreError> {
        let mut tickets = Vec::new();
        for added in self.low_fee.active(self.clock.now()).await? {
            let report = self.ledger.ticket(&added.ticket).await?;
            tickets.push((added, report));
        }
        Ok(tickets)
    }

    /// A part of the tickets that the daemons report as ignored and that may still vote.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ignored(&self, slice: Slice) -> Result<Listed<TicketReport>, StoreError> {
        let query = TicketQuery { ignored: Some(true), ..open_tickets(slice.offset, slice.limit) };
        let found = self.ledger.tickets(&query).await?;
        Ok(Listed { total: found.total, rows: found.tickets })
    }

    /// The tickets that are no longer `added`, as the daemons have not reported yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taken_back(&self, added: &HashSet<TicketHash>) -> Result<Vec<TicketReport>, StoreError> {
        let query = TicketQuery { added: Some(true), ..open_tickets(0, u64::MAX) };
        let mut reports = self.ledger.tickets(&query).await?.tickets;
        reports.retain(|report| report.facts.verdict != Verdict::Accepted && !added.contains(&report.ticket));
        Ok(reports)
    }

    /// All tickets that are left to their owners: those that may still vote, whatever was reported of what was added or
    /// taken back a moment ago, and, where `ended` says so, those that were ignored to their end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn left_to_owners(
        &self,
        added: &HashSet<TicketHash>,
        ended: bool,
    ) -> Result<Vec<TicketReport>, StoreError> {
        let mut reports = self.ledger.tickets(&open_tickets(0, u64::MAX)).await?.tickets;
        reports.retain(|report| report.facts.verdict != Verdict::Accepted && !added.contains(&report.ticket));
        if ended {
            let states = vec![TicketState::Voted, TicketState::Missed, TicketState::Expired];
            let query = TicketQuery { ignored: Some(true), ..users_tickets(states, 0, u64::MAX) };
            reports.extend(self.ledger.tickets(&query).await?.tickets);
        }
        Ok(reports)
    }

    /// The tickets that only daemons know of: those of the predecessor report nothing by themselves, and are asked. Those of
    /// `daemons` are asked for which `asks` says so, each for at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known_to_daemons_only(
        &self,
        added: &HashSet<TicketHash>,
        asks: impl Fn(&str) -> bool,
        limit: Duration,
    ) -> Result<DaemonOnly, StoreError> {
        let asked = self.daemons.iter().filter(|daemon| asks(daemon.name()));
        let questions: Vec<BoxFuture<'_, _>> = asked.map(|daemon| ignored_by(*daemon, limit)).collect();
        let (mut entries, mut unanswered) = (Vec::new(), Vec::new());
        for answer in join_all(questions).await {
            match answer {
                Ok(list) => entries.extend(list),
                Err(error) => unanswered.push(error),
            }
        }
        entries.retain(|entry: &LowFeeEntry| !added.contains(&entry.ticket));
        Ok(DaemonOnly { tickets: known_to_daemons_only(entries, self.ledger, self.users).await?, unanswered })
    }
}

fn ignored_by(daemon: &dyn VotingDaemon, limit: Duration) -> BoxFuture<'_, Result<Vec<LowFeeEntry>, DaemonError>> {
    Box::pin(async move {
        let silent = |_| DaemonError::Unreachable {
            daemon: daemon.name().to_owned(),
            reason: format!("it did not answer within {limit:?}"),
        };
        timeout(limit, daemon.ignored_tickets()).await.map_err(silent)?
    })
}

/// Users' tickets that have not come to their end.
fn open_tickets(offset: u64, limit: u64) -> TicketQuery {
    users_tickets(vec![TicketState::Immature, TicketState::Live], offset, limit)
}

/// Those that vote by keys of their own are paid for apart, and cannot be added.
fn users_tickets(states: Vec<TicketState>, offset: u64, limit: u64) -> TicketQuery {
    TicketQuery { states, by_own_key: Some(false), offset, limit, ..TicketQuery::default() }
}

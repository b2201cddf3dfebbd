//! The ledger of tickets and votes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{Tables, part};
use crate::accounts::UserId;
use crate::chain::{Amount, ScriptAddress, TicketHash};
use crate::ports::{
    EventCursor, LedgerStore, LostAddress, Slice, StoreError, StoredVote, TicketOrder, TicketPage, TicketQuery,
};
use crate::reports::{TicketReport, TicketState, VoteRecord};
use crate::store_rules::{merge_ticket, replaces_vote};
use crate::time::UnixTime;

/// In the order of a ticket's life.
const STATES: [TicketState; 5] =
    [TicketState::Immature, TicketState::Live, TicketState::Voted, TicketState::Missed, TicketState::Expired];

impl Tables {
    /// All votes, the latest first.
    pub(super) fn latest_votes(&self) -> Vec<StoredVote> {
        let mut votes: Vec<_> = self.votes.values().cloned().collect();
        votes.sort_by_key(|vote| Reverse(vote.record.at));
        votes
    }
}

/// Whether a ticket votes by a key of its own: no user of the pool has it, but for one who claims it.
fn is_by_own_key(report: &TicketReport) -> bool {
    ScriptAddress::try_from(report.address).is_err()
}

fn fits(query: &TicketQuery, report: &TicketReport) -> bool {
    query.user.is_none_or(|user| report.user == Some(user))
        && query.by_own_key.is_none_or(|by_own_key| is_by_own_key(report) == by_own_key)
        && (query.states.is_empty() || query.states.contains(&report.state))
        && query.ignored.is_none_or(|ignored| report.is_ignored() == ignored)
        && query.added.is_none_or(|added| report.added == added)
        && (query.prefix.is_empty() || report.ticket.to_string().starts_with(&query.prefix))
        && query.ended_from.is_none_or(|from| report.ended_at.is_some_and(|height| height >= from))
}

/// Sorts tickets that are in the order of their hashes, which stays where they are alike.
fn sort(tickets: &mut [&TicketReport], order: TicketOrder) {
    let mined = |report: &&TicketReport| report.facts.mined_at;
    match order {
        TicketOrder::Newest => tickets.sort_by_key(|report| Reverse(mined(report))),
        TicketOrder::Oldest => tickets.sort_by_key(mined),
        TicketOrder::EndedLast => tickets.sort_by_key(|report| Reverse(report.ended_at)),
        TicketOrder::EndedFirst => tickets.sort_by_key(|report| report.ended_at),
        TicketOrder::OpenFirst => {
            tickets.sort_by_key(|report| (report.ended_at.is_some(), Reverse(report.ended_at), Reverse(mined(report))))
        }
        TicketOrder::Dearest => tickets.sort_by_key(|report| Reverse(report.facts.price)),
        TicketOrder::Cheapest => tickets.sort_by_key(|report| report.facts.price),
    }
}

#[async_trait]
impl LedgerStore for MemoryStore {
    async fn put_tickets(&self, daemon: &str, reports: &[TicketReport], now: UnixTime) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for report in reports {
            let key = report.ticket.to_string();
            let report = &TicketReport { user: report.user.or(tables.claimant(&report.ticket)), ..report.clone() };
            if let Some(next) = merge_ticket(tables.tickets.get(&key), daemon, report) {
                tables.user_changes.insert(next.report.user, now);
                tables.tickets.insert(key, next);
            }
        }
        tables.ledger_changes += 1;
        Ok(())
    }

    async fn put_votes(&self, daemon: &str, votes: &[VoteRecord]) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for record in votes {
            let key = (record.ticket.to_string(), record.block.to_string(), daemon.to_owned());
            if tables.votes.get(&key).is_none_or(|stored| replaces_vote(&stored.record, record)) {
                tables.votes.insert(key, StoredVote { daemon: daemon.to_owned(), record: record.clone() });
            }
        }
        tables.ledger_changes += 1;
        Ok(())
    }

    async fn changes(&self) -> Result<u64, StoreError> {
        Ok(self.tables().ledger_changes)
    }

    async fn tickets(&self, query: &TicketQuery) -> Result<TicketPage, StoreError> {
        let tables = self.tables();
        let reports = tables.tickets.values().map(|ticket| &ticket.report);
        let mut found: Vec<_> = reports.filter(|report| fits(query, report)).collect();
        sort(&mut found, query.order);
        let (total, tickets) = part(found, Slice { offset: query.offset, limit: query.limit });
        let total = query.known_total.unwrap_or(total);
        Ok(TicketPage { total, tickets: tickets.into_iter().cloned().collect() })
    }

    async fn ticket(&self, ticket: &TicketHash) -> Result<Option<TicketReport>, StoreError> {
        Ok(self.tables().report(ticket).cloned())
    }

    async fn votes(&self, ticket: Option<&TicketHash>, limit: u64) -> Result<Vec<StoredVote>, StoreError> {
        let mut votes = self.tables().latest_votes();
        votes.retain(|vote| ticket.is_none_or(|ticket| vote.record.ticket == *ticket));
        Ok(part(votes, Slice { offset: 0, limit }).1)
    }

    async fn ticket_counts(&self, user: Option<UserId>) -> Result<Vec<(TicketState, bool, u64)>, StoreError> {
        let tables = self.tables();
        let mut counts = Vec::new();
        for (state, ignored) in STATES.into_iter().flat_map(|state| [(state, false), (state, true)]) {
            let counted = tables.tickets.values().map(|ticket| &ticket.report).filter(|report| {
                report.state == state
                    && report.is_ignored() == ignored
                    && user.is_none_or(|user| report.user == Some(user))
            });
            match counted.count() {
                0 => {}
                count => counts.push((state, ignored, count as u64)),
            }
        }
        Ok(counts)
    }

    async fn locked(&self, user: UserId) -> Result<Amount, StoreError> {
        let tables = self.tables();
        let reports = tables.tickets.values().map(|ticket| &ticket.report);
        let open = reports.filter(|report| {
            report.user == Some(user) && matches!(report.state, TicketState::Immature | TicketState::Live)
        });
        Ok(Amount::from_atoms(open.map(|report| report.facts.price.atoms()).fold(0, i64::saturating_add)))
    }

    async fn lost_addresses(&self) -> Result<Vec<LostAddress>, StoreError> {
        let tables = self.tables();
        let users = tables.users.values().filter_map(|user| user.registration.as_ref());
        let known: HashSet<_> = users.map(|registration| registration.address).collect();
        let tickets = tables.tickets.values().map(|ticket| (&ticket.report, &ticket.told_by));
        let lost = tickets.filter_map(|(report, daemon)| {
            let (address, user) = (ScriptAddress::try_from(report.address).ok()?, report.user?);
            let lost = LostAddress { address, user, daemon: daemon.clone() };
            (!known.contains(&address)).then_some(((address.to_string(), user.0, daemon), lost))
        });
        Ok(BTreeMap::from_iter(lost).into_values().collect())
    }

    async fn cursor(&self, daemon: &str) -> Result<Option<EventCursor>, StoreError> {
        Ok(self.tables().cursors.get(daemon).copied())
    }

    async fn set_cursor(&self, daemon: &str, cursor: EventCursor) -> Result<(), StoreError> {
        self.tables().cursors.insert(daemon.to_owned(), cursor);
        Ok(())
    }
}

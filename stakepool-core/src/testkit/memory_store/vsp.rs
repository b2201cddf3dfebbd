//! Registered tickets of wallets of today, and what belongs to them.

use std::cmp::Reverse;

use async_trait::async_trait;

use super::MemoryStore;
use super::tables::{Tables, part};
use crate::chain::{Address, Amount, ExtendedPubKey, TicketHash};
use crate::ports::{
    FeeIncome, FeeKeyStore, KeyChanges, Listed, RecordChange, RegisteredFigures, RegisteredQuery, RegisteredTicket,
    RegisteredWhere, SealedRecord, SealedSecret, SealedStore, Slice, StoreError, TicketKey, VspTicketStore,
};
use crate::time::UnixTime;
use crate::vsp::{FeeKey, FeeStatus, Outcome, RegisteredCounts, RegisteredState, TicketRegistration};

impl Tables {
    fn note_change(&mut self, ticket: &TicketHash) {
        let latest = self.changes.values().copied().max().unwrap_or_default();
        self.changes.insert(*ticket, latest + 1);
    }
}

#[async_trait]
impl VspTicketStore for MemoryStore {
    async fn registered_ticket(&self, ticket: &TicketHash) -> Result<Option<RegisteredTicket>, StoreError> {
        Ok(self.tables().registered.get(&ticket.to_string()).cloned())
    }

    async fn registered_among(&self, tickets: &[TicketHash]) -> Result<Vec<RegisteredTicket>, StoreError> {
        let tables = self.tables();
        let wanted = |found: &&RegisteredTicket| tickets.contains(&found.registration.ticket);
        Ok(tables.registered.values().filter(wanted).cloned().collect())
    }

    async fn add_registered_with(
        &self,
        ticket: &RegisteredTicket,
        records: &[SealedRecord],
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let new = &ticket.registration;
        let is_taken = |known: &RegisteredTicket| {
            let known = &known.registration;
            known.ticket == new.ticket || known.fee_address.address == new.fee_address.address
        };
        if tables.registered.values().any(is_taken) {
            return Ok(false);
        }
        tables.registered.insert(new.ticket.to_string(), ticket.clone());
        tables.note_change(&new.ticket);
        tables.records.extend(records.iter().map(|record| ((new.ticket, record.number), record.clone())));
        Ok(true)
    }

    async fn change_registered(&self, ticket: &RegisteredTicket, records: &RecordChange) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let hash = ticket.registration.ticket;
        let Some(known) = tables.registered.get_mut(&hash.to_string()) else { return Ok(false) };
        if known.revision != ticket.revision {
            return Ok(false);
        }
        *known = RegisteredTicket { revision: ticket.revision.saturating_add(1), ..ticket.clone() };
        tables.note_change(&hash);
        if let Some(number) = records.forgotten {
            tables.records.remove(&(hash, number));
        }
        if let Some(record) = &records.added {
            tables.records.insert((hash, record.number), record.clone());
        }
        Ok(true)
    }

    async fn forget_registered(&self, ticket: &TicketHash, revision: u64) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let hash = ticket.to_string();
        if tables.registered.get(&hash).is_none_or(|known| known.revision != revision) {
            return Ok(false);
        }
        tables.registered.remove(&hash);
        tables.note_change(ticket);
        tables.records.retain(|(of, _), _| of != ticket);
        Ok(true)
    }

    async fn registered_where(&self, wanted: RegisteredWhere) -> Result<Vec<RegisteredTicket>, StoreError> {
        let tables = self.tables();
        let fits = |ticket: &&RegisteredTicket| {
            let registration = &ticket.registration;
            let is_open = registration.outcome.is_none();
            match wanted {
                RegisteredWhere::Unconfirmed => is_open && registration.confirmed_at.is_none(),
                RegisteredWhere::Fee(status) => registration.fee == status,
                RegisteredWhere::ToBeVoted => registration.is_to_be_voted(),
                RegisteredWhere::SettledAbove(above) => {
                    let heights = [registration.confirmed_at, ticket.fee_mined_at, ticket.ended_at];
                    heights.into_iter().flatten().any(|height| height > above)
                }
                RegisteredWhere::KeyKept { above, until } => {
                    let ended_there = ticket.ended_at.is_some_and(|ended| ended > above && ended <= until);
                    ticket.voting_key.is_some() && ended_there
                }
            }
        };
        Ok(tables.registered.values().filter(fits).cloned().collect())
    }

    async fn key_changes(&self, since: Option<u64>) -> Result<KeyChanges, StoreError> {
        let tables = self.tables();
        let latest = tables.changes.values().copied().max().unwrap_or_default();
        let last_end = tables.registered.values().filter_map(|ticket| ticket.ended_at).max();
        let Some(since) = since.filter(|since| *since <= latest) else {
            let matters =
                |ticket: &&RegisteredTicket| ticket.registration.outcome.is_none() || ticket.voting_key.is_some();
            let tickets = tables.registered.values().filter(matters).map(TicketKey::from).collect();
            return Ok(KeyChanges { latest, is_all: true, tickets, forgotten: Vec::new(), last_end });
        };
        let mut changes = KeyChanges { latest, last_end, ..KeyChanges::default() };
        for (ticket, _) in tables.changes.iter().filter(|(_, number)| **number > since) {
            match tables.registered.get(&ticket.to_string()) {
                Some(known) => changes.tickets.push(known.into()),
                None => changes.forgotten.push(*ticket),
            }
        }
        Ok(changes)
    }

    async fn records(&self, ticket: &TicketHash) -> Result<Vec<SealedRecord>, StoreError> {
        let tables = self.tables();
        let records = tables.records.iter().filter(|((of, _), _)| of == ticket);
        Ok(records.map(|(_, record)| record.clone()).collect())
    }

    async fn registered_counts(&self) -> Result<RegisteredCounts, StoreError> {
        let mut counts = RegisteredCounts::default();
        for ticket in self.tables().registered.values().map(|ticket| &ticket.registration) {
            let count = match ticket.outcome {
                None if ticket.fee.is_sent() => &mut counts.voting,
                None => continue,
                Some(Outcome::Voted) => &mut counts.voted,
                Some(Outcome::Missed) => &mut counts.missed,
                Some(Outcome::Expired) => &mut counts.expired,
                Some(Outcome::Revoked) => &mut counts.revoked,
            };
            *count += 1;
        }
        Ok(counts)
    }
    async fn find_registered(
        &self,
        query: &RegisteredQuery,
        slice: Slice,
    ) -> Result<Listed<RegisteredTicket>, StoreError> {
        let tables = self.tables();
        let mut found: Vec<_> =
            tables.registered.values().filter(|ticket| fits(query, &ticket.registration)).cloned().collect();
        found.sort_by_key(|ticket| (Reverse(ticket.registered), ticket.registration.ticket.to_string()));
        let (total, rows) = part(found, slice);
        Ok(Listed { total, rows })
    }

    async fn registered_figures(&self) -> Result<RegisteredFigures, StoreError> {
        let tables = self.tables();
        let state = |ticket: &RegisteredTicket| RegisteredState::from(&ticket.registration);
        let count = |of: RegisteredState| {
            let number = tables.registered.values().filter(|ticket| state(ticket) == of).count() as u64;
            (number > 0).then_some((of, number))
        };
        let is_unsent = |ticket: &&RegisteredTicket| state(ticket) == RegisteredState::Open(FeeStatus::Received);
        let oldest_unsent = tables.registered.values().filter(is_unsent).map(|ticket| ticket.fee_since).min();
        Ok(RegisteredFigures { states: RegisteredState::ALL.into_iter().filter_map(count).collect(), oldest_unsent })
    }

    async fn fee_income(&self, since: UnixTime) -> Result<FeeIncome, StoreError> {
        let mut income = FeeIncome::default();
        for ticket in self.tables().registered.values() {
            if ticket.registration.fee == FeeStatus::Confirmed && ticket.fee_since >= since {
                income.fees += 1;
                let amount = income.amount.atoms().saturating_add(ticket.registration.quote.amount.atoms());
                income.amount = Amount::from_atoms(amount);
            }
        }
        Ok(income)
    }
}

fn fits(query: &RegisteredQuery, registration: &TicketRegistration) -> bool {
    let text = query.text.trim();
    let begins = |hash: String| hash.starts_with(&text.to_lowercase());
    let is_it = |address: Address| address.to_string() == text;
    (query.states.is_empty() || query.states.contains(&registration.into()))
        && (text.is_empty()
            || begins(registration.ticket.to_string())
            || registration.fee_transaction.is_some_and(|hash| begins(hash.to_string()))
            || is_it(registration.owner)
            || registration.alternate.is_some_and(is_it)
            || is_it(registration.fee_address.address))
}

#[async_trait]
impl FeeKeyStore for MemoryStore {
    async fn fee_keys(&self) -> Result<Vec<FeeKey>, StoreError> {
        Ok(self.tables().fee_keys.clone())
    }

    async fn fee_key(&self, key: &ExtendedPubKey) -> Result<Option<FeeKey>, StoreError> {
        Ok(self.tables().fee_keys.iter().find(|known| known.key() == key).copied())
    }

    async fn add_fee_key(&self, key: &FeeKey, _: UnixTime) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let is_new = tables.fee_keys.iter().all(|known| known.key() != key.key());
        if is_new {
            tables.fee_keys.push(*key);
        }
        Ok(is_new)
    }

    async fn change_fee_key(&self, before: &FeeKey, after: &FeeKey) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let Some(known) = tables.fee_keys.iter_mut().find(|known| *known == before) else { return Ok(false) };
        *known = *after;
        Ok(true)
    }
}

#[async_trait]
impl SealedStore for MemoryStore {
    async fn sealed(&self, name: &str) -> Result<Option<SealedSecret>, StoreError> {
        Ok(self.tables().sealed.get(name).cloned())
    }

    async fn add_sealed(&self, name: &str, secret: &SealedSecret) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let is_new = !tables.sealed.contains_key(name);
        if is_new {
            tables.sealed.insert(name.to_owned(), secret.clone());
        }
        Ok(is_new)
    }

    async fn change_sealed(&self, name: &str, before: &SealedSecret, after: &SealedSecret) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let Some(kept) = tables.sealed.get_mut(name).filter(|kept| *kept == before) else { return Ok(false) };
        *kept = after.clone();
        Ok(true)
    }
}

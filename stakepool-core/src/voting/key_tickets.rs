//! Tickets that vote by keys, as the lottery follows them: those whose owners handed a key over, and users' where the daemon has the
//! voting wallets' key.

use std::collections::HashSet;
use std::sync::Arc;

use super::lottery::{Lottery, Tracked};
use crate::chain::{BlockHeight, OutputScript, TicketHash};
use crate::desired::{DesiredState, FeeIndexes, KeyTicket};
use crate::reports::{TicketReport, TicketState};
use crate::ticket::{TicketFacts, Verdict};

/// Blocks on a ticket's end after which its key is forgotten, whatever the web says: no reorganisation goes as deep.
const DEEP: u32 = 256;

impl Lottery {
    /// Takes the keys and scripts of a new desired state. A ticket that it withdraws is a stranger's at once. One that it does
    /// not name at all is voted as before: the state comes from a wrong database, or one that is older than the ticket.
    pub(super) fn take_keys(&mut self, desired: &DesiredState) {
        for entry in desired.key_tickets() {
            if self.key_ticket(&entry.ticket).is_none_or(|known| known.key != entry.key) {
                self.signer.add_key(entry.ticket, Arc::clone(&entry.key));
            }
            self.foreign.remove(&entry.ticket);
        }
        let before = Arc::clone(&self.desired);
        let unnamed = before.key_tickets().filter(|entry| desired.key_ticket(&entry.ticket).is_none());
        self.kept_keys.retain(|hash, _| desired.key_ticket(hash).is_none());
        self.kept_keys.extend(unnamed.map(|entry| (entry.ticket, entry.clone())));
        let gone: Vec<_> = self.kept_keys.keys().filter(|hash| desired.is_withdrawn(hash)).copied().collect();
        for hash in gone {
            self.drop_key(&hash);
            self.kept_keys.remove(&hash);
        }
        self.fee_indexes.raise(desired.fee_indexes());
        self.foreign_scripts = self.signer.set_scripts(desired.scripts());
    }

    /// Forgets keys that were kept, and whose tickets' ends are too deep to come back, or which no ticket can have any more.
    pub(super) fn forget_kept_keys(&mut self) {
        self.forget_unseen_keys();
        let limit = self.tip.minus(DEEP);
        let ended_at = |hash| self.tickets.get(hash).and_then(|ticket| ticket.end).map(|(_, height)| height);
        let deep = self.kept_keys.keys().filter(|hash| ended_at(*hash).is_some_and(|height| height < limit));
        for hash in deep.copied().collect::<Vec<_>>() {
            self.drop_key(&hash);
            self.kept_keys.remove(&hash);
        }
    }

    /// Forgets keys that were kept, and whose tickets were not seen for longer than a ticket lasts.
    fn forget_unseen_keys(&mut self) {
        let params = self.evaluator.params();
        let lasts = params.ticket_maturity.saturating_add(params.ticket_expiry).saturating_add(DEEP);
        let (tip, tickets, kept) = (self.tip, &self.tickets, &self.kept_keys);
        self.unseen_since.retain(|hash, _| kept.contains_key(hash) && !tickets.contains_key(hash));
        for hash in kept.keys().filter(|hash| !tickets.contains_key(*hash)) {
            self.unseen_since.entry(*hash).or_insert(tip);
        }
        let limit = tip.minus(lasts);
        let gone: Vec<_> =
            self.unseen_since.iter().filter(|(_, since)| **since < limit).map(|(hash, _)| *hash).collect();
        for hash in gone {
            self.drop_key(&hash);
            self.kept_keys.remove(&hash);
            self.unseen_since.remove(&hash);
        }
    }

    /// Tickets in the lottery, or on their way into it, that are voted by their keys although the desired state does not name them.
    pub fn missing_keys(&self) -> Vec<TicketHash> {
        let is_open = |hash: &&TicketHash| self.tickets.get(*hash).is_some_and(|ticket| ticket.end.is_none());
        self.kept_keys.keys().filter(is_open).copied().collect()
    }

    /// All tickets with keys: those desired, and those kept all the same.
    pub(super) fn key_tickets(&self) -> impl Iterator<Item = &KeyTicket> {
        self.desired.key_tickets().chain(self.kept_keys.values())
    }

    /// A ticket with its key.
    pub(super) fn key_ticket(&self, hash: &TicketHash) -> Option<&KeyTicket> {
        self.desired.key_ticket(hash).or_else(|| self.kept_keys.get(hash))
    }

    /// How far the addresses of fee keys were given, as far as was ever said.
    pub const fn fee_indexes(&self) -> &FeeIndexes {
        &self.fee_indexes
    }

    fn drop_key(&mut self, hash: &TicketHash) {
        self.signer.remove_ticket(hash);
        let last = self.report(hash).filter(|report| !report.state.is_over() && report.user.is_none());
        self.uncertain.remove(hash);
        if self.tickets.get(hash).is_none_or(|ticket| self.is_pools(&ticket.script)) {
            return;
        }
        if let Some(Tracked { end: None, .. }) = self.tickets.remove(hash) {
            self.foreign.insert(*hash);
            let lost = |report: TicketReport| TicketReport {
                facts: TicketFacts { verdict: Verdict::FeeLost, ..report.facts },
                ..report
            };
            self.last_reports.extend(last.map(lost));
        }
        self.revision += 1;
    }

    /// Whether a key came with a ticket.
    pub(super) fn has_key(&self, hash: &TicketHash) -> bool {
        self.key_ticket(hash).is_some()
    }

    /// Whether a ticket that is followed votes by a key of its own.
    pub(super) fn is_by_key(&self, hash: &TicketHash) -> bool {
        self.has_key(hash) && self.tickets.get(hash).is_some_and(|ticket| !self.is_pools(&ticket.script))
    }

    /// Tickets with keys that were not seen yet: mined before their keys came, or not mined.
    pub(super) fn unseen_key_tickets(&self) -> Vec<TicketHash> {
        let hashes = self.key_tickets().map(|entry| entry.ticket);
        hashes.filter(|hash| !self.tickets.contains_key(hash)).collect()
    }

    /// Tickets that can win and would be signed for by key, if only what they say were known.
    pub(super) fn lacking_outputs(&self) -> Vec<TicketHash> {
        let open = self.tickets.iter().filter(|(_, ticket)| ticket.end.is_none());
        self.signer.lacking(open.map(|(hash, ticket)| (*hash, self.voting_of(hash, ticket))))
    }

    fn voting_of(&self, hash: &TicketHash, ticket: &Tracked) -> OutputScript {
        if self.has_key(hash) && !self.is_pools(&ticket.script) {
            OutputScript::PubKeyHash(ticket.script)
        } else {
            OutputScript::ScriptHash(ticket.script)
        }
    }

    /// Whether it is not known for certain if and how a ticket with a key of its own has ended.
    pub(super) fn is_uncertain(&self, hash: &TicketHash) -> bool {
        self.uncertain.contains(hash)
    }

    /// The tickets of which it is not known for certain if and how they have ended, in the order of their hashes.
    pub(super) fn uncertain_to_save(&self) -> Vec<TicketHash> {
        let mut uncertain: Vec<_> = self.uncertain.iter().copied().collect();
        uncertain.sort_unstable();
        uncertain
    }

    /// Takes them from a saved state: what is not known here is not followed.
    pub(super) fn restore_uncertain(&mut self, uncertain: Vec<TicketHash>) {
        let (known, tickets) = (&mut self.uncertain, &self.tickets);
        known.extend(uncertain.into_iter().filter(|hash| tickets.contains_key(hash)));
    }

    /// A node calls these tickets live.
    pub(super) fn seen_live(&mut self, live: &HashSet<TicketHash>) {
        let certain: Vec<_> = self.uncertain.iter().filter(|hash| live.contains(*hash)).copied().collect();
        for hash in certain {
            self.uncertain.remove(&hash);
            self.changed.insert(hash);
        }
    }

    /// Notes how a ticket ended that left the lottery while nobody looked. No wallet can say how one with a key of its own did:
    /// nobody is told of a miss.
    pub(super) fn settle(&mut self, hash: TicketHash, how: TicketState, height: BlockHeight) {
        let is_by_key = self.is_by_key(&hash);
        self.end(hash, how, height);
        if is_by_key {
            self.missed.retain(|(missed, _)| *missed != hash);
            self.uncertain.insert(hash);
        }
    }

    /// Whether a ticket's vote was mined.
    pub(super) fn was_voted(&self, hash: &TicketHash) -> bool {
        self.tickets.get(hash).is_some_and(|ticket| matches!(ticket.end, Some((TicketState::Voted, _))))
    }
}

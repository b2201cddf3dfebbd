//! Tickets that vote by keys, as the lottery follows them: those whose owners handed a key over, and users' where the daemon has the
//! voting wallets' key.

use std::collections::HashSet;
use std::sync::Arc;

use super::lottery::{Lottery, Tracked};
use crate::chain::{BlockHeight, OutputScript, TicketHash};
use crate::desired::DesiredState;
use crate::reports::TicketState;

impl Lottery {
    /// Takes the keys and scripts of a new desired state. A ticket that is not among them any more is a stranger's at once.
    pub(super) fn take_keys(&mut self, desired: &DesiredState) {
        let before = Arc::clone(&self.desired);
        for gone in before.key_tickets().filter(|entry| desired.key_ticket(&entry.ticket).is_none()) {
            self.drop_key(&gone.ticket);
        }
        for entry in desired.key_tickets() {
            if before.key_ticket(&entry.ticket).is_none_or(|known| known.key != entry.key) {
                self.signer.add_key(entry.ticket, Arc::clone(&entry.key));
            }
            self.foreign.remove(&entry.ticket);
        }
        self.foreign_scripts = self.signer.set_scripts(desired.scripts());
    }

    fn drop_key(&mut self, hash: &TicketHash) {
        self.signer.remove_ticket(hash);
        self.looked_up.remove(hash);
        if self.tickets.get(hash).is_none_or(|ticket| self.is_pools(&ticket.script)) {
            return;
        }
        if let Some(Tracked { end: None, .. }) = self.tickets.remove(hash) {
            self.foreign.insert(*hash);
        }
        self.revision += 1;
    }

    /// Whether a key came with a ticket.
    pub(super) fn has_key(&self, hash: &TicketHash) -> bool {
        self.desired.key_ticket(hash).is_some()
    }

    /// Whether a ticket that is followed votes by a key of its own.
    pub(super) fn is_by_key(&self, hash: &TicketHash) -> bool {
        self.has_key(hash) && self.tickets.get(hash).is_some_and(|ticket| !self.is_pools(&ticket.script))
    }

    /// Tickets with keys that were not seen yet: mined before their keys came, or not mined.
    pub(super) fn unseen_key_tickets(&self) -> Vec<TicketHash> {
        let hashes = self.desired.key_tickets().map(|entry| entry.ticket);
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

    /// A node calls these tickets live.
    pub(super) fn seen_live(&mut self, live: &HashSet<TicketHash>) {
        self.looked_up.retain(|hash| !live.contains(hash));
    }

    /// Notes how a ticket ended that left the lottery while nobody looked. Where it may have ended before this daemon heard of it,
    /// nobody is told of a miss.
    pub(super) fn settle(&mut self, hash: TicketHash, how: TicketState, height: BlockHeight) {
        self.end(hash, how, height);
        if self.looked_up.remove(&hash) {
            self.missed.retain(|(missed, _)| *missed != hash);
        }
    }

    /// Whether a ticket's vote was mined.
    pub(super) fn was_voted(&self, hash: &TicketHash) -> bool {
        self.tickets.get(hash).is_some_and(|ticket| matches!(ticket.end, Some((TicketState::Voted, _))))
    }
}

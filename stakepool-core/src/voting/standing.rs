//! Whose a ticket is: a user's, or that of an address that no user has although a wallet holds its script.

use foldhash::{HashMap, HashSet};

use super::lottery::{Lottery, Tracked};
use crate::chain::{BlockHeight, Hash160, ScriptAddress, TicketHash};
use crate::ports::{MissingUser, UnknownAddress};

/// A ticket that a wallet must have by now: one of the last blocks may still be on its way into it.
const SURELY_SEEN: u32 = 2;

impl Lottery {
    fn address_of(&self, script: Hash160) -> ScriptAddress {
        ScriptAddress::new(self.evaluator().network(), script)
    }

    /// Whether the pool votes for a script: for a user's, and for one that a wallet holds, whoever the users are.
    pub(super) fn is_pools(&self, script: &Hash160) -> bool {
        self.users.contains_key(script) || self.held.contains(script)
    }

    /// Whether an address is a user's or one whose script a wallet holds.
    pub fn is_pools_address(&self, address: &ScriptAddress) -> bool {
        self.is_pools(&address.hash())
    }

    /// Whether a wallet may hold the script of a ticket that is not the pool's as far as is known.
    pub(super) fn may_be_held(&self, ticket: &Tracked) -> bool {
        !self.is_pools(&ticket.script) && ticket.mined_at >= self.listed_at
    }

    /// A wallet watches these tickets, so that it holds the scripts of those that are known here.
    pub fn hold(&mut self, tickets: &[TicketHash]) {
        // One whose key was imported into a wallet, too, votes by the key that came with it.
        let scripts =
            tickets.iter().filter(|ticket| !self.has_key(ticket)).filter_map(|ticket| self.tickets.get(ticket));
        let scripts: Vec<_> = scripts.map(|known| known.script).collect();
        self.hold_scripts(scripts);
    }

    /// A wallet holds the script of an address.
    pub fn hold_address(&mut self, address: &ScriptAddress) {
        self.hold_scripts([address.hash()]);
    }

    fn hold_scripts(&mut self, scripts: impl IntoIterator<Item = Hash160>) {
        let mut strangers = HashSet::default();
        for script in scripts {
            if self.held.insert(script) && !self.users.contains_key(&script) {
                strangers.insert(script);
            }
        }
        self.revision += 1;
        if strangers.is_empty() {
            return;
        }
        // In one pass, however many: votes wait meanwhile.
        self.strangers_changed = true;
        let of_them = self.tickets.iter().filter(|(_, ticket)| strangers.contains(&ticket.script));
        self.changed.extend(of_them.map(|(hash, _)| *hash));
    }

    /// All wallets listed their tickets at a height: scripts of earlier tickets that they did not list are not theirs.
    pub(super) fn listed(&mut self, at: BlockHeight) {
        self.listed_at = at;
    }

    /// Users with tickets who are missing from the desired state, by number.
    pub fn missing_users(&self) -> Vec<MissingUser> {
        let mut missing: HashMap<Hash160, MissingUser> = HashMap::default();
        for ticket in self.tickets.values().filter(|ticket| ticket.end.is_none()) {
            if let Some(user) = self.users.get(&ticket.script).filter(|user| user.kept) {
                let address = self.address_of(ticket.script);
                missing.entry(ticket.script).or_insert(MissingUser { user: user.id, address, tickets: 0 }).tickets += 1;
            }
        }
        let mut missing: Vec<_> = missing.into_values().collect();
        missing.sort_by_key(|missing| missing.user);
        missing
    }

    /// Addresses with tickets whose scripts a wallet holds, but that are no user's; those with most tickets first.
    pub fn unknown_addresses(&self) -> Vec<UnknownAddress> {
        let mut unknown: HashMap<Hash160, UnknownAddress> = HashMap::default();
        for (hash, ticket) in self.tickets.iter().filter(|(_, ticket)| ticket.end.is_none()) {
            if self.users.contains_key(&ticket.script) || !self.held.contains(&ticket.script) {
                continue;
            }
            let address = self.address_of(ticket.script);
            let counts = unknown.entry(ticket.script).or_insert(UnknownAddress { address, voted: 0, ignored: 0 });
            if self.is_voted(hash, ticket) { counts.voted += 1 } else { counts.ignored += 1 }
        }
        let mut unknown: Vec<_> = unknown.into_values().collect();
        unknown.sort_by_key(|it| (std::cmp::Reverse(it.voted), std::cmp::Reverse(it.ignored), it.address.hash().0));
        unknown
    }

    /// Tickets to be voted that a wallet does not list although it must have seen them.
    pub(super) fn not_among(&self, listed: &std::collections::HashSet<TicketHash>) -> Vec<(TicketHash, ScriptAddress)> {
        let lacking = self.tickets.iter().filter(|(hash, ticket)| {
            ticket.end.is_none()
                && ticket.mined_at.plus(SURELY_SEEN) <= self.tip()
                && self.is_pools(&ticket.script)
                && self.is_voted(hash, ticket)
                && !listed.contains(*hash)
        });
        lacking.map(|(hash, ticket)| (*hash, self.address_of(ticket.script))).collect()
    }
}

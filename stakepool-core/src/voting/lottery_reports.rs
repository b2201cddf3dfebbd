//! What the lottery says of its tickets: reports for the web, and what people must hear of.

use super::lottery::{Lottery, Tracked};
use crate::chain::{Address, AddressKind, Amount, BlockHeight, OutputScript, ScriptAddress, TicketHash};
use crate::reports::{TicketReport, TicketState, TicketTimes};
use crate::ticket::{TicketFacts, Verdict};

/// A ticket of the pool that is not voted for its fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ignored {
    pub(super) ticket: TicketHash,
    pub(super) address: ScriptAddress,
    pub(super) facts: TicketFacts,
}

/// Why a missed ticket concerns the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissedAs {
    /// It was to be voted.
    Voted,
    /// It was to be voted by a key of its own.
    ByKey,
    /// It was ignored for its fee.
    Ignored { verdict: Verdict, committed: Amount, required: Amount },
    /// It is not the pool's as far as is known, but a wallet may hold its script.
    Stranger,
}

/// A ticket that was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) ticket: TicketHash,
    pub(super) address: ScriptAddress,
    pub(super) height: BlockHeight,
    pub(super) missed_as: MissedAs,
}

/// What changed since the last look.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Reports on tickets of users, and on those with keys of their own.
    pub(super) reports: Vec<TicketReport>,
    /// Tickets of the pool that are newly ignored.
    pub(super) ignored: Vec<Ignored>,
    /// Tickets that were missed.
    pub(super) missed: Vec<Missed>,
    /// Whether other users or keys are missing, or other addresses unknown.
    pub(super) strangers: bool,
}

impl Lottery {
    /// All that changed since the last call.
    pub(super) fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        let reports = std::mem::take(&mut self.last_reports);
        let strangers = std::mem::take(&mut self.strangers_changed);
        let mut changes = Changes { reports, strangers, ..Changes::default() };
        for hash in &changed {
            let Some(ticket) = self.tickets.get(hash) else { continue };
            changes.strangers |= self.kept_keys.contains_key(hash);
            if !self.is_pools(&ticket.script) {
                changes.reports.extend(self.report(hash));
                continue;
            }
            changes.strangers |= self.users.get(&ticket.script).is_none_or(|user| user.kept);
            if ticket.end.is_some() || self.is_voted(hash, ticket) {
                self.told_ignored.remove(hash);
            } else if self.told_ignored.insert(*hash) {
                let address = ScriptAddress::new(self.evaluator().network(), ticket.script);
                changes.ignored.extend(self.facts(hash).map(|facts| Ignored { ticket: *hash, address, facts }));
            }
            changes.reports.extend(self.report(hash));
        }
        let missed = std::mem::take(&mut self.missed);
        changes.missed = missed.into_iter().filter_map(|(hash, height)| self.missed(hash, height)).collect();
        changes
    }

    fn missed(&self, hash: TicketHash, height: BlockHeight) -> Option<Missed> {
        let ticket =
            self.tickets.get(&hash).filter(|ticket| ticket.end.is_some_and(|(how, _)| how == TicketState::Missed))?;
        let missed_as = if self.is_by_key(&hash) {
            MissedAs::ByKey
        } else if !self.is_pools(&ticket.script) {
            MissedAs::Stranger
        } else if self.is_voted(&hash, ticket) {
            MissedAs::Voted
        } else {
            MissedAs::Ignored { verdict: ticket.verdict, committed: ticket.committed, required: ticket.required }
        };
        let address = ScriptAddress::new(self.evaluator().network(), ticket.script);
        Some(Missed { ticket: hash, address, height, missed_as })
    }

    /// Reports on the tickets that changed since the last call, as far as they are users' or have keys of their own.
    pub fn take_reports(&mut self) -> Vec<TicketReport> {
        self.take_changes().reports
    }

    /// Reports on all tickets of users, and on those with keys of their own.
    pub fn all_reports(&self) -> Vec<TicketReport> {
        self.tickets.keys().filter_map(|hash| self.report(hash)).collect()
    }

    /// What the verdict on a ticket rests on.
    fn facts(&self, hash: &TicketHash) -> Option<TicketFacts> {
        let ticket = self.tickets.get(hash)?;
        let fee_kind = match ticket.fee_to {
            OutputScript::PubKeyHash(hash) => AddressKind::PubKeyHash(hash),
            OutputScript::ScriptHash(hash) => AddressKind::ScriptHash(hash),
        };
        Some(TicketFacts {
            verdict: ticket.verdict,
            price: ticket.price,
            fee_address: Address::new(self.evaluator().network(), fee_kind),
            committed_fee: ticket.committed,
            required_fee: ticket.required,
            mined_at: ticket.mined_at,
        })
    }

    /// The report on one ticket, where it is a user's, or has a key of its own and it is known for certain where it is in its life.
    pub fn report(&self, hash: &TicketHash) -> Option<TicketReport> {
        let ticket = self.tickets.get(hash)?;
        let (kind, user) = match self.users.get(&ticket.script) {
            Some(user) => (AddressKind::ScriptHash(ticket.script), Some(user.id)),
            None if self.is_by_key(hash) && !self.is_uncertain(hash) => (AddressKind::PubKeyHash(ticket.script), None),
            None => return None,
        };
        Some(TicketReport {
            ticket: *hash,
            address: Address::new(self.evaluator().network(), kind),
            user,
            state: self.state_of(ticket),
            facts: self.facts(hash)?,
            added: self.is_added(hash),
            ended_at: ticket.end.map(|(_, height)| height),
            revoked: ticket.revoked,
            times: self.times_of(ticket),
            spend: self.spends.get(hash).copied(),
        })
    }

    /// When things happened to a ticket, as far as the blocks are among the latest.
    fn times_of(&self, ticket: &Tracked) -> TicketTimes {
        let matured = self.matures_at(ticket.mined_at);
        let drawn = ticket.end.filter(|(state, _)| *state != TicketState::Expired);
        TicketTimes {
            mined: self.times.at(ticket.mined_at),
            matured: self.times.at(matured).filter(|_| matured <= self.tip),
            drawn: drawn.and_then(|(_, height)| self.times.at(height.minus(1))),
            ended: ticket.end.and_then(|(_, height)| self.times.at(height)),
        }
    }
}

//! What blocks bring: tickets begin and end with those that join the best chain, and what those that leave it brought is undone.

use super::lottery::Lottery;
use super::stake_transaction::{StakeTransaction, spend_of};
use crate::chain::{BlockHeight, TicketHash, Transaction};
use crate::ports::SpentOrMissed;
use crate::reports::TicketState;

/// How many blocks an ended ticket of a user is remembered, so that a web that was away still learns its end.
const REMEMBER_ENDED: u32 = 8640;
/// Reorganisations deeper than this many maturities are not undone ticket by ticket; the next check repairs them.
const REVIVE_MATURITIES: u32 = 2;

impl Lottery {
    /// Notes when a block was made that is about to join the best chain: seconds since 1970-01-01 UTC, as its header says.
    pub fn note_time(&mut self, height: BlockHeight, time: u32) {
        self.times.note(height, time);
    }

    /// A block joined the best chain: its tickets are learned; votes and revocations in it end theirs.
    pub fn connect(&mut self, height: BlockHeight, stake_transactions: &[Transaction]) {
        self.tip = height;
        for transaction in stake_transactions {
            match StakeTransaction::read(transaction) {
                StakeTransaction::Ticket(outputs) => self.learn_ticket(outputs, height),
                StakeTransaction::Vote(ticket) => {
                    self.end(ticket, TicketState::Voted, height);
                    self.note_spend(transaction, height);
                }
                StakeTransaction::Revocation(ticket) => {
                    self.revoke(ticket, height);
                    self.note_spend(transaction, height);
                }
                StakeTransaction::Other => {}
            }
        }
        let mined = BlockHeight(height.0.saturating_sub(self.evaluator.params().ticket_maturity));
        let still_immature = self.maturing.split_off(&mined.plus(1));
        for hashes in std::mem::replace(&mut self.maturing, still_immature).into_values() {
            self.changed.extend(hashes);
        }
        self.forget_old();
    }

    /// Notes what spent a ticket that is followed.
    fn note_spend(&mut self, transaction: &Transaction, height: BlockHeight) {
        let Some((ticket, spend)) = spend_of(transaction, height, self.times.at(height)) else { return };
        if self.tickets.contains_key(&ticket) && self.spends.insert(ticket, spend) != Some(spend) {
            self.changed.insert(ticket);
        }
    }

    /// A revocation was mined, which tells of the miss, too.
    fn revoke(&mut self, hash: TicketHash, height: BlockHeight) {
        self.miss(hash, height);
        if let Some(ticket) = self.tickets.get_mut(&hash)
            && !ticket.revoked
        {
            ticket.revoked = true;
            self.changed.insert(hash);
            self.revocations.entry(height).or_default().push(hash);
        }
    }

    /// A block left the best chain: its tickets are unmined, what it ended lives again, and what it revoked is to be
    /// revoked again.
    pub fn disconnect(&mut self, height: BlockHeight) {
        self.tip = height.minus(1);
        let tip = self.tip;
        self.times.forget_from(height);
        self.spends.retain(|_, spend| spend.mined_at <= tip);
        for hash in self.revocations.split_off(&height).into_values().flatten() {
            if let Some(ticket) = self.tickets.get_mut(&hash) {
                ticket.revoked = false;
                self.changed.insert(hash);
            }
        }
        self.tickets.retain(|_, ticket| ticket.mined_at <= tip);
        self.revision += 1;
        self.maturing.retain(|mined_at, _| *mined_at <= tip);
        let maturity = self.evaluator.params().ticket_maturity;
        for (hash, ticket) in &mut self.tickets {
            if ticket.end.is_some_and(|(_, ended_at)| ended_at > tip) {
                ticket.end = None;
                ticket.revoked = false;
                self.changed.insert(*hash);
            }
            if ticket.end.is_none() && ticket.mined_at.plus(maturity) == height {
                self.maturing.entry(ticket.mined_at).or_default().push(*hash);
                self.changed.insert(*hash);
            }
        }
    }

    /// Tickets left the lottery. What a block already announced is not counted again.
    pub fn spent_or_missed(&mut self, height: BlockHeight, tickets: &[(TicketHash, SpentOrMissed)]) {
        for (ticket, how) in tickets {
            match how {
                SpentOrMissed::Spent => self.end(*ticket, TicketState::Voted, height),
                SpentOrMissed::Missed => self.miss(*ticket, height),
            }
        }
    }

    fn miss(&mut self, hash: TicketHash, height: BlockHeight) {
        let Some(ticket) = self.tickets.get(&hash) else {
            self.foreign.remove(&hash);
            return;
        };
        if ticket.end.is_some() {
            return;
        }
        let expires = self.matures_at(ticket.mined_at).plus(self.evaluator.params().ticket_expiry);
        let how = if height >= expires { TicketState::Expired } else { TicketState::Missed };
        if how == TicketState::Missed && self.may_be_held(ticket) && !self.is_by_key(&hash) {
            self.missed.push((hash, height));
        }
        self.end(hash, how, height);
    }

    /// Notes how a ticket ended. Does nothing where that is known already.
    pub fn end(&mut self, hash: TicketHash, how: TicketState, height: BlockHeight) {
        match self.tickets.get_mut(&hash) {
            Some(ticket) if ticket.end.is_none() => {
                ticket.end = Some((how, height));
                self.revision += 1;
                self.uncertain.remove(&hash);
                self.changed.insert(hash);
                let script = ticket.script;
                if how == TicketState::Missed && (self.is_pools(&script) || self.is_by_key(&hash)) {
                    self.missed.push((hash, height));
                }
            }
            Some(_) => {}
            None => {
                self.foreign.remove(&hash);
            }
        }
    }

    fn forget_old(&mut self) {
        let maturity = self.evaluator.params().ticket_maturity;
        // A full sweep is only worth it now and then.
        if !self.tip.0.is_multiple_of(maturity.max(1)) {
            return;
        }
        self.forget_kept_keys();
        let foreign_limit = self.tip.minus(REVIVE_MATURITIES * maturity);
        self.revocations = self.revocations.split_off(&foreign_limit);
        let ours_limit = self.tip.minus(REMEMBER_ENDED.max(REVIVE_MATURITIES * maturity));
        let (users, held, desired, kept) = (&self.users, &self.held, &self.desired, &self.kept_keys);
        self.tickets.retain(|hash, ticket| {
            let ours = users.contains_key(&ticket.script) || held.contains(&ticket.script);
            let ours = ours || desired.key_ticket(hash).is_some() || kept.contains_key(hash);
            ticket.end.is_none_or(|(_, ended_at)| ended_at >= if ours { ours_limit } else { foreign_limit })
        });
        let tickets = &self.tickets;
        self.provisional.retain(|hash, _| tickets.contains_key(hash));
        self.spends.retain(|hash, _| tickets.contains_key(hash));
        self.told_ignored.retain(|hash| tickets.contains_key(hash));
        self.signer.retain_tickets(|hash| {
            tickets.get(hash).is_some_and(|ticket| ticket.end.is_none_or(|(_, ended_at)| ended_at >= foreign_limit))
        });
    }
}

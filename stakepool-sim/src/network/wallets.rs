//! What wallets know and do on the network's chain.

use stakepool_core::chain::{
    Amount, BlockHeight, Generation, OutputScript, ScriptAddress, TICKET_INPUT, TicketHash, Transaction, VoteChoice,
    vote_subsidy,
};
use stakepool_core::ports::{StakeInfo, WalletTicket, WalletTickets};
use stakepool_core::reports::TicketState;

use super::state::State;
use crate::chain::{Ticket, TxKind};
use crate::wallet::VoteFailure;

/// A legacy wallet does not do this while it is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locked;

/// What a wallet counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StakeFigures {
    pub info: StakeInfo,
    /// Tickets that nothing has spent: no vote and no revocation.
    pub unspent: u64,
    /// Those of them that expired.
    pub unspent_expired: u64,
}

impl State {
    /// The tickets that a wallet knows and that are mined.
    pub(crate) fn known_tickets(&self, wallet: usize) -> impl Iterator<Item = &Ticket> {
        self.wallets[wallet].tickets().keys().filter_map(|hash| self.chain.best.tickets.get(hash))
    }

    /// A wallet's tickets that wait to be mined.
    fn unmined_tickets(&self, wallet: usize) -> impl Iterator<Item = TicketHash> {
        let scripts = self.wallets[wallet].scripts();
        self.mempool.candidates().iter().filter_map(move |candidate| match &candidate.kind {
            TxKind::Ticket(ticket) if ticket.voting_script_hash().is_some_and(|hash| scripts.contains_key(&hash)) => {
                Some(ticket.hash)
            }
            _ => None,
        })
    }

    /// A wallet's tickets that nothing has spent; with `immature`, those too that cannot be drawn yet.
    pub(crate) fn unspent_tickets(&self, wallet: usize, immature: bool) -> Vec<TicketHash> {
        let tip = self.chain.tip().1;
        let mined = self
            .known_tickets(wallet)
            .filter(|ticket| ticket.voted.is_none() && ticket.revoked.is_none())
            .filter(|ticket| immature || ticket.state(tip, &self.chain.params) != TicketState::Immature)
            .map(|ticket| ticket.submission.hash);
        let mut hashes: Vec<TicketHash> = mined.collect();
        if immature {
            hashes.extend(self.unmined_tickets(wallet));
        }
        hashes
    }

    /// What a wallet counts.
    pub(crate) fn stake_figures(&self, wallet: usize) -> StakeFigures {
        let (chain, tip) = (&self.chain, self.chain.tip().1);
        let count = |wanted: TicketState, revoked: bool| {
            let tickets = self.known_tickets(wallet).filter(|ticket| ticket.revoked.is_some() == revoked);
            tickets.filter(|ticket| ticket.state(tip, &chain.params) == wanted).count() as u64
        };
        let (live, voted) = (count(TicketState::Live, false), count(TicketState::Voted, false));
        let (missed, missed_revoked) = (count(TicketState::Missed, false), count(TicketState::Missed, true));
        let (unspent_expired, expired_revoked) =
            (count(TicketState::Expired, false), count(TicketState::Expired, true));
        let votes = self.known_tickets(wallet).filter_map(|ticket| ticket.voted);
        let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        let pool_size = chain.best.live.len() as u64;
        let waiting = self.mempool.candidates().iter().filter(|one| matches!(one.kind, TxKind::Ticket(_)));
        let all_missed = missed + missed_revoked;
        let info = StakeInfo {
            height: tip,
            difficulty: chain.best.tip().map_or(Amount::ZERO, |tip| tip.header.stake_difficulty),
            pool_size,
            all_mempool: waiting.count() as u64,
            own_mempool: self.unmined_tickets(wallet).count() as u64,
            immature: count(TicketState::Immature, false),
            live,
            voted,
            missed: all_missed,
            revoked: missed_revoked + expired_revoked,
            expired: expired_revoked + unspent_expired,
            total_subsidy: votes.map(|(height, _)| vote_subsidy(&chain.params, height.minus(1))).sum(),
            proportion_live: share(live, pool_size),
            proportion_missed: share(all_missed, all_missed + voted),
        };
        StakeFigures { info, unspent: live + missed + unspent_expired, unspent_expired }
    }

    /// The tickets of an address as a wallet with the pool's features lists them.
    pub(crate) fn pool_tickets(&self, wallet: usize, script: OutputScript) -> WalletTickets {
        let mut listed = WalletTickets::default();
        for ticket in self.known_tickets(wallet).filter(|ticket| ticket.submission.voting == script) {
            if self.wallets[wallet].accepts(&ticket.submission.hash) {
                listed.tickets.push(self.pool_ticket(ticket));
            } else {
                listed.invalid.push(ticket.submission.hash);
            }
        }
        listed
    }

    /// A ticket as a wallet sees it: a miss shows only once the revocation is mined, and maturity a block late.
    fn pool_ticket(&self, ticket: &Ticket) -> WalletTicket {
        let consensus = &self.chain.params;
        let status = match (ticket.voted, ticket.revoked) {
            (Some(_), _) => "voted",
            (None, Some((at, _))) if at.0 - ticket.mined_at.0 >= consensus.ticket_expiry => "expired",
            (None, Some(_)) => "missed",
            (None, None) if self.chain.tip().1 > ticket.mined_at.plus(consensus.ticket_maturity) => "live",
            (None, None) => "immature",
        };
        WalletTicket {
            ticket: ticket.submission.hash,
            status: status.to_owned(),
            mined_at: ticket.mined_at,
            spent_at: ticket.spent_by().map(|(height, _)| height),
        }
    }

    /// Whether a wallet has an address's script.
    pub(crate) fn has_script(&self, wallet: usize, address: &ScriptAddress) -> bool {
        self.wallets[wallet].scripts().contains_key(&address.hash())
    }

    /// Has a wallet take in a script and, where it is asked to, look for its tickets from a height on.
    pub(crate) fn import_script(
        &mut self,
        wallet: usize,
        script: Vec<u8>,
        rescan_from: Option<BlockHeight>,
    ) -> Result<(), Locked> {
        let legacy = self.chain.generation == Generation::Legacy;
        if legacy && self.wallets[wallet].locked {
            return Err(Locked);
        }
        let fresh = self.wallets[wallet].import(script);
        // Today's wallet does not look again for a script that it has already.
        if let Some(from) = rescan_from.filter(|_| fresh || legacy) {
            self.rescan(wallet, from);
        }
        Ok(())
    }

    /// Has a wallet look for tickets from a height on.
    pub(crate) fn rescan(&mut self, wallet: usize, from: BlockHeight) {
        self.wallets[wallet].rescan(&self.chain.best, from);
    }

    /// Has a wallet sign a vote, as far as it can.
    pub(crate) fn generate_vote(
        &self,
        wallet: usize,
        ticket: &TicketHash,
        choice: &VoteChoice<'_>,
    ) -> Result<Transaction, VoteFailure> {
        let ticket = self.chain.best.tickets.get(ticket).ok_or(VoteFailure::UnknownTicket)?;
        self.wallets[wallet].vote(&self.chain, ticket, choice)
    }

    /// Signs a vote as far as a wallet can; says whether it is signed.
    pub(crate) fn sign_vote(&self, wallet: usize, mut unsigned: Transaction) -> (Transaction, bool) {
        let spent = unsigned.inputs.get(TICKET_INPUT).map(|input| input.previous.hash.into());
        let ticket = spent.and_then(|ticket: TicketHash| self.chain.best.tickets.get(&ticket));
        let voting = ticket.map(|ticket| ticket.submission.voting);
        let is_signed = voting.is_some_and(|voting| self.wallets[wallet].sign(&mut unsigned, TICKET_INPUT, voting));
        (unsigned, is_signed)
    }

    /// Has a wallet revoke its missed and expired tickets, which only legacy wallets do.
    pub(crate) fn revoke_tickets(&mut self, wallet: usize) -> Result<(), Locked> {
        if self.chain.generation == Generation::Legacy {
            if self.wallets[wallet].locked {
                return Err(Locked);
            }
            self.revoke(wallet);
        }
        Ok(())
    }
}

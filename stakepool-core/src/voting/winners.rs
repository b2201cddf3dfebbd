//! Who wins a block, and which of the winners the pool votes for.

use super::lottery::{Lottery, Tracked};
use crate::accounts::VotingPreference;
use crate::chain::{Address, AddressKind, ScriptAddress, TicketHash};

/// Who signs a ticket's vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The pool: its wallets, and their key where the daemon has it.
    Pool,
    /// The key that the ticket's owner handed over. No wallet can.
    OwnKey,
}

/// A winner that the pool votes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Winner {
    /// The ticket.
    pub ticket: TicketHash,
    /// The multisig address that may vote with it, or that of its own key.
    pub address: Address,
    /// Who signs.
    pub signed_by: SignedBy,
    /// What its user wants; `None` where the user is unknown, but a wallet holds the script.
    pub voting: Option<VotingPreference>,
}

/// The winners of a block, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Winners {
    /// Those that the pool votes for.
    pub ours: Vec<Winner>,
    /// Those that are not known at all: they must be looked up.
    pub unknown: Vec<TicketHash>,
    /// Those of addresses that are no user's, mined since the wallets last listed their tickets: a wallet must be asked
    /// whether it holds the script.
    pub strangers: Vec<(TicketHash, ScriptAddress)>,
}

impl Lottery {
    /// Which winners the pool votes for, and which it must look up.
    ///
    /// The node's word counts: a ticket that has won is voted even where this state believes that it has ended.
    pub fn winners(&self, tickets: &[TicketHash]) -> Winners {
        let mut winners = Winners::default();
        // In two rounds: in a large pool each look-up waits for memory, and these do so together.
        let found: Vec<_> = tickets.iter().map(|hash| (hash, self.tickets.get(hash))).collect();
        for (hash, ticket) in found {
            match ticket {
                Some(ticket) => match self.ballot(hash, ticket) {
                    Some(winner) => winners.ours.push(winner),
                    None if self.may_be_held(ticket) && self.is_voted(hash, ticket) => {
                        let address = ScriptAddress::new(self.evaluator.network(), ticket.script);
                        winners.strangers.push((*hash, address));
                    }
                    None => {}
                },
                None if self.foreign.contains(hash) => {}
                None => winners.unknown.push(*hash),
            }
        }
        winners
    }

    fn ballot(&self, hash: &TicketHash, ticket: &Tracked) -> Option<Winner> {
        let address = |kind| Address::new(self.evaluator.network(), kind);
        if let Some(entry) = self.key_ticket(hash).filter(|_| !self.is_pools(&ticket.script)) {
            let address = address(AddressKind::PubKeyHash(ticket.script));
            let (ticket, voting) = (*hash, Some(entry.voting));
            return Some(Winner { ticket, address, signed_by: SignedBy::OwnKey, voting });
        }
        let voting = match self.users.get(&ticket.script) {
            Some(user) => Some(user.voting),
            None if self.held.contains(&ticket.script) => None,
            None => return None,
        };
        let (address, signed_by) = (address(AddressKind::ScriptHash(ticket.script)), SignedBy::Pool);
        self.is_voted(hash, ticket).then_some(Winner { ticket: *hash, address, signed_by, voting })
    }
}

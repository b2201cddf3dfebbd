//! The transaction that buys a ticket.

use crate::chain::{Amount, Commitment, Hash160, NotATicket, OutputScript, TicketHash, TicketOutputs, Transaction};

/// What a ticket says, as far as the pool must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketSubmission {
    /// The ticket's hash.
    pub hash: TicketHash,
    /// Who may vote.
    pub voting: OutputScript,
    /// The ticket price.
    pub price: Amount,
    /// What the first commitment, the one for the pool's fee, says.
    pub fee_commitment: Commitment,
    /// The transaction fee: what the commitments say that came in, less what goes out.
    pub relay_fee: Amount,
}

impl TicketSubmission {
    /// Reads a ticket from a transaction.
    ///
    /// # Errors
    /// [`NotATicket`] names the consensus rule that the transaction does not meet.
    pub fn from_transaction(transaction: &Transaction) -> Result<Self, NotATicket> {
        TicketOutputs::from_transaction(transaction).map(|outputs| Self::from(&outputs))
    }

    /// The hash of the script that may vote, where it is a script.
    pub const fn voting_script_hash(&self) -> Option<Hash160> {
        match self.voting {
            OutputScript::ScriptHash(hash) => Some(hash),
            OutputScript::PubKeyHash(_) => None,
        }
    }
}

impl From<&TicketOutputs> for TicketSubmission {
    fn from(outputs: &TicketOutputs) -> Self {
        Self {
            hash: outputs.ticket,
            voting: outputs.voting,
            price: outputs.price,
            fee_commitment: outputs.commitments[0],
            relay_fee: outputs.relay_fee,
        }
    }
}

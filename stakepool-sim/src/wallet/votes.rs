//! Votes and revocations that a wallet signs.

use stakepool_core::chain::{
    BuildVoteError, Generation, OutputScript, Spends, TICKET_INPUT, TicketOutputs, Transaction, VoteChoice,
    sign_multisig, sign_pubkey_hash, unsigned_vote,
};

use super::state::Wallet;
use crate::chain::{Chain, Ticket, revocation};

/// Why a wallet makes no vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VoteFailure {
    /// It does not know the ticket.
    UnknownTicket,
    /// It is locked.
    Locked,
    /// There is no such vote.
    Impossible(BuildVoteError),
}

impl Wallet {
    /// Votes with a ticket, without asking whether that makes sense, as real wallets do.
    pub(crate) fn vote(
        &self,
        chain: &Chain,
        ticket: &Ticket,
        choice: &VoteChoice<'_>,
    ) -> Result<Transaction, VoteFailure> {
        if !self.tickets().contains_key(&ticket.submission.hash) {
            return Err(VoteFailure::UnknownTicket);
        }
        if self.locked && chain.generation == Generation::Legacy {
            return Err(VoteFailure::Locked);
        }
        let outputs = TicketOutputs::from_transaction(&ticket.transaction).map_err(|_| VoteFailure::UnknownTicket)?;
        let mut made =
            unsigned_vote(&chain.params, chain.generation, &outputs, choice).map_err(VoteFailure::Impossible)?;
        self.sign(&mut made, TICKET_INPUT, ticket.submission.voting);
        Ok(made)
    }

    /// Revokes a ticket; `None` where the wallet cannot.
    pub(crate) fn revoke(&self, generation: Generation, ticket: &Ticket) -> Option<Transaction> {
        if self.locked || !self.tickets().contains_key(&ticket.submission.hash) {
            return None;
        }
        let mut made = revocation(&ticket.transaction, generation)?;
        self.sign(&mut made, 0, ticket.submission.voting).then_some(made)
    }

    /// Unlocks an input as far as the wallet can; returns whether it signed.
    pub(crate) fn sign(&self, transaction: &mut Transaction, input: usize, locked: OutputScript) -> bool {
        match locked {
            OutputScript::ScriptHash(hash) => {
                let Some(redeem) = self.redeem_script(hash) else { return false };
                let key = [redeem.pool_key().0, redeem.user_key().0]
                    .into_iter()
                    .find_map(|key| self.secret_of(&key))
                    .filter(|_| !self.locked);
                sign_multisig(transaction, input, &redeem, key.as_ref());
                key.is_some()
            }
            OutputScript::PubKeyHash(hash) => {
                let key = self.own_key(hash).and_then(|(index, _)| self.keys().secret(index).ok());
                let Some(key) = key.filter(|_| !self.locked) else { return false };
                sign_pubkey_hash(transaction, input, Spends::Ticket, &key);
                true
            }
        }
    }
}

//! Votes and revocations that a wallet signs.

use stakepool_core::chain::{Generation, OutputScript, Transaction, vote_subsidy};

use super::state::Wallet;
use crate::chain::{Chain, Ticket, VoteChoice, revocation, vote};
use crate::sign::{sign_pubkey_hash, sign_script};

/// Why a wallet makes no vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VoteFailure {
    /// It does not know the ticket.
    UnknownTicket,
    /// It is locked.
    Locked,
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
        let subsidy = vote_subsidy(&chain.params, choice.height);
        let mut made = vote(&ticket.transaction, subsidy, chain.generation, choice);
        self.sign(&mut made, 1, ticket.submission.voting);
        Ok(made)
    }

    /// Revokes a ticket; `None` where the wallet cannot.
    pub(crate) fn revoke(&self, generation: Generation, ticket: &Ticket) -> Option<Transaction> {
        if self.locked || !self.tickets().contains_key(&ticket.submission.hash) {
            return None;
        }
        let mut made = revocation(&ticket.transaction, generation);
        self.sign(&mut made, 0, ticket.submission.voting).then_some(made)
    }

    /// Unlocks an input as far as the wallet can; returns whether it signed.
    fn sign(&self, transaction: &mut Transaction, input: usize, locked: OutputScript) -> bool {
        match locked {
            OutputScript::ScriptHash(hash) => {
                let Some(redeem) = self.redeem_script(hash) else { return false };
                let key = [redeem.pool_key().0, redeem.user_key().0]
                    .into_iter()
                    .find_map(|key| self.secret_of(&key))
                    .filter(|_| !self.locked);
                sign_script(transaction, input, &redeem.to_bytes(), key.as_ref());
                key.is_some()
            }
            OutputScript::PubKeyHash(hash) => {
                let key = self.own_key(hash).and_then(|(index, _)| self.keys().secret(index).ok());
                let Some(key) = key.filter(|_| !self.locked) else { return false };
                sign_pubkey_hash(transaction, input, &key);
                true
            }
        }
    }
}

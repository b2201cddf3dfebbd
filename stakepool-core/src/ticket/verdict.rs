//! The verdict on a ticket: whether it pays the pool's fee, to an address of the pool.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fee::{PoolFee, required_fee};
use super::submission::TicketSubmission;
use super::terms::{Terms, TermsHistory};
use crate::chain::{
    Address, AddressKind, Amount, BlockHeight, ExtendedPubKey, ExternalBranch, Hash160, HdKeyError, KeyIndex, Network,
    OutputScript, Params, hash160,
};
use crate::spread;

/// The addresses of the cold wallet to which fees may go.
#[derive(Clone, Debug)]
pub struct FeeAddresses {
    indexes: HashMap<Hash160, KeyIndex>,
}

impl FeeAddresses {
    /// The P2PKH addresses 0 to `last` of the cold wallet's external branch, derived on all cores where the feature
    /// `parallel` is on.
    ///
    /// # Errors
    /// As [`ExternalBranch::addresses`].
    pub fn derive(branch: &ExternalBranch, last: KeyIndex) -> Result<Self, HdKeyError> {
        let addresses = branch.addresses(last)?;
        let hashes = spread::over_items(&addresses, |address| hash160(&address.public_key().serialize()));
        let indexes = hashes.into_iter().zip((0..).map(KeyIndex)).collect();
        Ok(Self { indexes })
    }

    /// With those of another branch, too, as of a cold wallet that was the pool's before. Both have the same indexes.
    ///
    /// # Errors
    /// As [`ExternalBranch::addresses`].
    pub fn with_old(mut self, branch: &ExternalBranch, last: KeyIndex) -> Result<Self, HdKeyError> {
        let Self { indexes } = Self::derive(branch, last)?;
        self.indexes.extend(indexes);
        Ok(self)
    }

    /// The index of an address, or `None` where it is not the pool's.
    pub fn index_of(&self, hash: Hash160) -> Option<KeyIndex> {
        self.indexes.get(&hash).copied()
    }
}

/// What the pool decides about a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The fee suffices: the pool votes.
    Accepted,
    /// The fee goes to the pool, but is too small. One that is paid apart (wallets of today) is refused by
    /// [`FeePayment::parse`](crate::vsp::FeePayment::parse) instead.
    LowFee,
    /// The first commitment pays no address of the pool.
    UnknownFeeAddress,
    /// Its fee is paid apart, and is not with the node any more: another transaction has spent its coins.
    FeeLost,
}

/// What the verdict on a ticket rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketFacts {
    /// The verdict.
    pub verdict: Verdict,
    /// The ticket price, in atoms.
    pub price: Amount,
    /// Who the fee commitment pays, where that is an address.
    pub fee_address: Address,
    /// The fee that the ticket commits, in atoms.
    pub committed_fee: Amount,
    /// The fee that the pool requires, in atoms.
    pub required_fee: Amount,
    /// The height at which the ticket was mined.
    pub mined_at: BlockHeight,
}

/// Judges tickets by a pool's fee and cold wallet, as they held when the ticket was mined. An example stands on the
/// [front page](crate).
#[derive(Clone, Debug)]
pub struct Evaluator {
    network: Network,
    params: Params,
    /// What is configured: the fee where no history is known, and addresses that are accepted at any height.
    fee: PoolFee,
    addresses: Arc<FeeAddresses>,
    history: TermsHistory,
    /// The addresses of those keys of the history that are not among the configured ones.
    others: Vec<(ExtendedPubKey, Arc<FeeAddresses>)>,
}

impl Evaluator {
    /// A judge for tickets of `network` under the consensus parameters `params`.
    pub fn new(network: Network, params: Params, fee: PoolFee, addresses: FeeAddresses) -> Self {
        let (addresses, history) = (Arc::new(addresses), TermsHistory::default());
        Self { network, params, fee, addresses, history, others: Vec::new() }
    }

    /// The same, judging by a history from now on. Keys that it does not know yet are derived, on all cores where the feature
    /// `parallel` is on: as many addresses of each as of the present cold wallet, which takes up to a second.
    ///
    /// # Errors
    /// As [`ExtendedPubKey::external_branch`].
    pub fn with_history(mut self, history: TermsHistory) -> Result<Self, HdKeyError> {
        let last = KeyIndex(u32::try_from(self.fee_addresses()).unwrap_or(u32::MAX).saturating_sub(1));
        let mut others = Vec::new();
        for Terms { cold_wallet: key, .. } in history.iter() {
            if others.iter().any(|(other, _)| other == key) {
                continue;
            }
            if let Some(known) = self.others.iter().find(|(other, _)| other == key) {
                others.push(known.clone());
                continue;
            }
            let branch = key.external_branch()?;
            if !self.has(&branch)? {
                others.push((*key, Arc::new(FeeAddresses::derive(&branch, last)?)));
            }
        }
        (self.history, self.others) = (history, others);
        Ok(self)
    }

    /// Whether the addresses of a branch are among the configured ones.
    fn has(&self, branch: &ExternalBranch) -> Result<bool, HdKeyError> {
        let first = branch.public_key(KeyIndex(0))?;
        Ok(self.addresses.index_of(hash160(&first.serialize())) == Some(KeyIndex(0)))
    }

    /// The network whose tickets are judged.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The consensus parameters.
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The fee that is configured. It counts where no history is known.
    pub const fn fee(&self) -> PoolFee {
        self.fee
    }

    /// The history by which tickets are judged; empty where none is known.
    pub const fn history(&self) -> &TermsHistory {
        &self.history
    }

    /// How many blocks after a change what held before it still suffices: as many as a ticket takes to mature.
    pub const fn grace(params: &Params) -> u32 {
        params.ticket_maturity
    }

    /// How many addresses of the present cold wallet there are for fees: one for each user that there may be. Those of
    /// [old ones](FeeAddresses::with_old) have the same indexes, and do not count.
    pub fn fee_addresses(&self) -> usize {
        let highest = self.addresses.indexes.values().max();
        highest.map_or(0, |highest| highest.0 as usize + 1)
    }

    /// Judges whether a ticket that was mined at `mined_at` pays the pool's fee ([`required_fee`]).
    pub fn judge(&self, ticket: &TicketSubmission, mined_at: BlockHeight) -> TicketFacts {
        let commitment = ticket.fee_commitment;
        let kind = match commitment.to {
            OutputScript::PubKeyHash(hash) => AddressKind::PubKeyHash(hash),
            OutputScript::ScriptHash(hash) => AddressKind::ScriptHash(hash),
        };
        let required = self.required(ticket.price, ticket.relay_fee, mined_at);
        TicketFacts {
            verdict: self.verdict(commitment.to, commitment.amount, required, mined_at),
            price: ticket.price,
            fee_address: Address::new(self.network, kind),
            committed_fee: commitment.amount,
            required_fee: required,
            mined_at,
        }
    }

    /// The least fee that suffices at a height.
    pub(crate) fn required(&self, price: Amount, relay_fee: Amount, mined_at: BlockHeight) -> Amount {
        let ask = |fee| required_fee(&self.params, price, relay_fee, mined_at, fee);
        self.judging(mined_at).map(|terms| ask(terms.fee)).min().unwrap_or_else(|| ask(self.fee))
    }

    /// The verdict on a ticket that commits an amount to somebody, where so much is required.
    pub(crate) fn verdict(
        &self,
        to: OutputScript,
        committed: Amount,
        required: Amount,
        mined_at: BlockHeight,
    ) -> Verdict {
        let OutputScript::PubKeyHash(hash) = to else { return Verdict::UnknownFeeAddress };
        match (self.is_ours(hash, mined_at), committed >= required) {
            (false, _) => Verdict::UnknownFeeAddress,
            (true, false) => Verdict::LowFee,
            (true, true) => Verdict::Accepted,
        }
    }

    fn is_ours(&self, hash: Hash160, mined_at: BlockHeight) -> bool {
        let of_key = |key| self.others.iter().find(|(other, _)| other == key).map(|(_, addresses)| addresses);
        self.addresses.index_of(hash).is_some()
            || self
                .judging(mined_at)
                .filter_map(|terms| of_key(&terms.cold_wallet))
                .any(|addresses| addresses.index_of(hash).is_some())
    }

    fn judging(&self, mined_at: BlockHeight) -> impl Iterator<Item = &Terms> {
        self.history.judging(mined_at, Self::grace(&self.params))
    }
}

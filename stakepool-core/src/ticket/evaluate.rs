//! The verdict on a ticket.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::fee::{PoolFee, required_fee};
use super::submission::TicketSubmission;
use crate::chain::{
    Address, AddressKind, Amount, BlockHeight, ExternalBranch, Hash160, HdKeyError, KeyIndex, Network, OutputScript,
    Params, hash160,
};
use crate::spread;

/// The addresses of the cold wallet to which fees may go.
#[derive(Clone, Debug)]
pub struct FeeAddresses {
    indexes: HashMap<Hash160, KeyIndex>,
}

impl FeeAddresses {
    /// The P2PKH addresses 0 to `last` of the cold wallet's external branch, derived on all cores where the feature `parallel` is on.
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
    /// The fee goes to the pool, but is too small.
    LowFee,
    /// The first commitment pays no address of the pool.
    UnknownFeeAddress,
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

/// Judges tickets by a pool's fee and cold wallet. An example stands on the [front page](crate).
#[derive(Clone, Debug)]
pub struct Evaluator {
    network: Network,
    params: Params,
    fee: PoolFee,
    addresses: FeeAddresses,
}

impl Evaluator {
    /// A judge for tickets of `network` under the consensus parameters `params`.
    pub const fn new(network: Network, params: Params, fee: PoolFee, addresses: FeeAddresses) -> Self {
        Self { network, params, fee, addresses }
    }

    /// The network whose tickets are judged.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The consensus parameters.
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The fee that is asked.
    pub const fn fee(&self) -> PoolFee {
        self.fee
    }

    /// How many addresses of the present cold wallet there are for fees: one for each user that there may be. Those of
    /// [old ones](FeeAddresses::with_old) have the same indexes, and do not count.
    pub fn fee_addresses(&self) -> usize {
        let highest = self.addresses.indexes.values().max();
        highest.map_or(0, |highest| highest.0 as usize + 1)
    }

    /// The verdict on a ticket that was mined at `mined_at`.
    pub fn judge(&self, ticket: &TicketSubmission, mined_at: BlockHeight) -> TicketFacts {
        let commitment = ticket.fee_commitment;
        let (ours, kind) = match commitment.to {
            OutputScript::PubKeyHash(hash) => (self.addresses.index_of(hash).is_some(), AddressKind::PubKeyHash(hash)),
            OutputScript::ScriptHash(hash) => (false, AddressKind::ScriptHash(hash)),
        };
        let required = required_fee(&self.params, ticket.price, ticket.relay_fee, mined_at, self.fee);
        let verdict = match (ours, commitment.amount >= required) {
            (false, _) => Verdict::UnknownFeeAddress,
            (true, false) => Verdict::LowFee,
            (true, true) => Verdict::Accepted,
        };
        TicketFacts {
            verdict,
            price: ticket.price,
            fee_address: Address::new(self.network, kind),
            committed_fee: commitment.amount,
            required_fee: required,
            mined_at,
        }
    }
}

//! What the service for wallets of today is held to, and what it works with.

use std::fmt;
use std::sync::Arc;

use stakepool_core::chain::{ExtendedPubKey, Generation, Network, Params, VoteVersion};
use stakepool_core::ports::{Clock, VspNode};
use stakepool_core::vsp::FeeTerms;

use crate::closed::Closed;
use crate::stores::Stores;

/// What the service is held to.
#[derive(Debug)]
pub struct VspTerms {
    /// The network.
    pub network: Network,
    /// What is asked for a ticket.
    pub fee: FeeTerms,
    /// The account whose addresses take the fees.
    pub fee_key: ExtendedPubKey,
    /// What wallets read where the operator takes no tickets; `None` where they are taken.
    pub closed: Closed,
    /// How many blocks nodes may lag before no ticket is taken.
    pub max_lag: u32,
    /// The version that wallets are told, as [`stakepool_core::vsp::server_version`] makes it.
    pub version: String,
}

impl VspTerms {
    /// The network's parameters. Only nodes of today serve wallets of today.
    pub const fn params(&self) -> Params {
        self.network.params(Generation::Today)
    }

    /// The version that the tickets' votes are of: daemons sign them themselves, and ask no wallet for it.
    pub const fn vote_version(&self) -> VoteVersion {
        self.network.vote_version(Generation::Today)
    }
}

/// What the service works with.
#[derive(Clone)]
pub struct VspParts {
    /// The stores of the pool.
    pub stores: Stores,
    /// The node.
    pub node: Arc<dyn VspNode>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for VspParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VspParts").field("node", &self.node.name()).finish_non_exhaustive()
    }
}

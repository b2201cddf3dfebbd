//! Low-fee tickets, as an administrator adds them and takes them back.

use stakepool_core::accounts::Actor;
use stakepool_core::chain::Generation;
use stakepool_core::ports::VotingDaemon;

use crate::pool::Pool;
use crate::tickets::low_fee::{LowFeeAdditions, LowFeeLists};

impl Pool {
    /// Adds low-fee tickets and takes them back, on behalf of `actor`, and wakes the daemons.
    pub fn low_fee(&self, actor: Actor) -> LowFeeAdditions<'_> {
        let parts = &self.parts;
        LowFeeAdditions {
            actor,
            note: String::new(),
            // Expiry and block time are the same for both generations.
            params: self.terms.network.params(Generation::Today),
            ledger: parts.ledger.as_ref(),
            low_fee: parts.low_fee.as_ref(),
            audit: parts.audit.as_ref(),
            daemons: parts.daemons.iter().map(|daemon| daemon.as_ref() as &dyn VotingDaemon).collect(),
            clock: parts.clock.as_ref(),
            changed: self.reconciler.signal(),
            lookups: Default::default(),
        }
    }

    /// What the administrator sees of low-fee tickets.
    pub fn low_fee_lists(&self) -> LowFeeLists<'_> {
        LowFeeLists {
            ledger: self.parts.ledger.as_ref(),
            low_fee: self.parts.low_fee.as_ref(),
            users: self.parts.users.as_ref(),
            daemons: self.parts.daemons.iter().map(|daemon| daemon.as_ref() as &dyn VotingDaemon).collect(),
            clock: self.parts.clock.as_ref(),
        }
    }
}

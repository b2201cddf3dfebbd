//! How the service stands, for those who look at it and are no wallets.

use data_encoding::BASE64;
use stakepool_core::chain::Amount;
use stakepool_core::ports::StoreError;
use stakepool_core::vsp::{BestBlock, FeeKey};

use super::service::Vsp;

/// How the service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The server's public key as wallets have it configured, in base64.
    pub public_key: String,
    /// What the operator says, where no new tickets are taken.
    pub closed: Option<String>,
    /// Why no new ticket can be taken now, whatever the operator wants.
    pub hindrance: Option<&'static str>,
    /// The block that the web's node had last, and its ticket price.
    pub best: Option<BestBlock>,
    /// What a ticket bought at that price is asked.
    pub fee: Option<Amount>,
}

impl Standing {
    /// Whether new tickets are taken.
    pub const fn is_open(&self) -> bool {
        self.closed.is_none() && self.hindrance.is_none()
    }
}

impl Vsp {
    /// How the service stood when it last looked.
    pub fn standing(&self) -> Standing {
        let (best, hindrance) = self.last_seen();
        let terms = self.terms();
        let quote = |best: BestBlock| terms.fee.quote(&terms.params(), best, best.stake_difficulty, self.now()).amount;
        let (public_key, closed) = (BASE64.encode(&self.public_key()), (*terms.closed.get()).clone());
        Standing { public_key, closed, hindrance, best, fee: best.map(quote) }
    }

    /// The keys whose addresses take fees, with what was given of them, the latest last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fee_keys(&self) -> Result<Vec<FeeKey>, StoreError> {
        self.parts.stores.fee_keys.fee_keys().await
    }
}

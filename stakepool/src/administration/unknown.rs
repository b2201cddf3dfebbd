//! What the operator decides about voting addresses that are no user's.

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::{Network, ScriptAddress};
use stakepool_core::ports::{AuditEntry, StoreError};

use crate::pool::Pool;
use crate::status::UnknownAddressReport;
use crate::unknown_notes::{Acknowledgement, read_acknowledged, set_acknowledged};

/// Why nothing was decided about an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownAddressError {
    /// It is of another network.
    #[error("{address} is an address of {}, but the pool runs on {ours}", .address.network())]
    OtherNetwork {
        /// The address.
        address: ScriptAddress,
        /// The pool's network.
        ours: Network,
    },
    /// Nobody reports it.
    #[error(
        "no wallet and no voting daemon that answers reports {0} as an address without a user: `stakepoolctl unknown list` shows \
         those that they report"
    )]
    NotReported(ScriptAddress),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Notes that the operator knows and wants an address that is no user's: it is voted for as before, and no problem any more,
    /// neither here nor in the daemons. `reported` is what wallets and daemons report, as [`Pool::look`] gives it. False where
    /// it was noted before.
    ///
    /// # Errors
    /// [`UnknownAddressError`].
    pub async fn acknowledge(
        &self,
        by: Actor,
        address: ScriptAddress,
        reported: &[UnknownAddressReport],
    ) -> Result<bool, UnknownAddressError> {
        let ours = self.terms.network;
        if address.network() != ours {
            return Err(UnknownAddressError::OtherNetwork { address, ours });
        }
        let report = reported.iter().find(|report| report.address == address);
        let report = report.ok_or(UnknownAddressError::NotReported(address))?;
        let upkeep = self.parts.upkeep.as_ref();
        let newly = !read_acknowledged(upkeep).await?.contains_key(&address);
        if newly {
            let acknowledgement = Acknowledgement { at: self.now(), by: by.to_string() };
            set_acknowledged(upkeep, &address, Some(&acknowledgement)).await?;
            let index = report.key_index.map(|index| format!(", key index {index}")).unwrap_or_default();
            let detail = format!("{} live and {} ignored tickets{index}", report.live_tickets, report.ignored_tickets);
            self.note_decision(by, AuditAction::UnknownAcknowledge, &address, detail).await?;
        }
        self.reconciler.changed();
        Ok(newly)
    }

    /// Takes an acknowledgement back: the address is a problem again for as long as it is reported. False where there was none.
    ///
    /// # Errors
    /// [`UnknownAddressError::Store`].
    pub async fn alarm_again(&self, by: Actor, address: ScriptAddress) -> Result<bool, UnknownAddressError> {
        let upkeep = self.parts.upkeep.as_ref();
        let was_noted = read_acknowledged(upkeep).await?.contains_key(&address);
        if was_noted {
            set_acknowledged(upkeep, &address, None).await?;
            self.note_decision(by, AuditAction::UnknownAlarm, &address, String::new()).await?;
        }
        self.reconciler.changed();
        Ok(was_noted)
    }

    async fn note_decision(
        &self,
        by: Actor,
        action: AuditAction,
        address: &ScriptAddress,
        detail: String,
    ) -> Result<(), StoreError> {
        self.parts.audit.append(&AuditEntry::new(self.now(), by, action, address, detail)).await
    }
}

//! What the operator decides about voting addresses that are no user's.

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::{Network, ScriptAddress};
use stakepool_core::ports::{AuditEntry, StoreError};

use crate::pool::Pool;
use crate::status::UnknownAddressReport;
use crate::unknown_notes::{
    Acknowledgement, Withheld, WithheldIndexes, read_acknowledged, read_withheld, release_guess, set_acknowledged,
};

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
    /// No key index was guessed for it.
    #[error("no key index is withheld by guess for {0}: `stakepoolctl unknown withheld` shows those that are")]
    NotGuessed(ScriptAddress),
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

    /// The key indexes that were ever withheld for addresses that are no user's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withheld_indexes(&self) -> Result<Vec<WithheldIndexes>, StoreError> {
        read_withheld(self.parts.upkeep.as_ref()).await
    }

    /// Lets users have the key indexes that were guessed for an address, for which no others are guessed from then on.
    ///
    /// # Errors
    /// [`UnknownAddressError::NotGuessed`] also where they were released before, [`UnknownAddressError::Store`].
    pub async fn release_guessed(
        &self,
        by: Actor,
        address: ScriptAddress,
    ) -> Result<WithheldIndexes, UnknownAddressError> {
        let withheld = self.withheld_indexes().await?.into_iter();
        let guessed = withheld.filter(|withheld| withheld.why == Withheld::Guessed).find(|it| it.address == address);
        let guessed = guessed.ok_or(UnknownAddressError::NotGuessed(address))?;
        let released = WithheldIndexes { why: Withheld::Released, ..guessed };
        release_guess(self.parts.users.as_ref(), &released).await?;
        let indexes: Vec<_> = released.indexes.iter().map(ToString::to_string).collect();
        let detail = format!("key indexes {}", indexes.join(", "));
        self.note_decision(by, AuditAction::UnknownRelease, &address, detail).await?;
        Ok(released)
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

//! The service for wallets of today: closed and opened, and its fee keys retired.

use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::ExtendedPubKey;
use stakepool_core::ports::{AuditEntry, StoreError};
use stakepool_core::vsp::FeeKey;

use crate::pool::Pool;
use crate::vsp::{ClosedByCommand, forget_closed, note_closed, read_closed};

/// Most characters of a message to wallets.
const LONGEST: usize = 500;
/// How often a key is retired again that gave an address meanwhile.
const TRIES: usize = 50;

/// Why the service was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VspAdministrationError {
    /// What wallets are to read.
    #[error("a message to wallets has 1 to {LONGEST} characters, without control characters")]
    Message,
    /// It is not closed by a command.
    #[error("the service was not closed by `stakepoolctl vsp close`")]
    NotClosed,
    /// There is no such key.
    #[error(
        "the pool has never given an address of this fee key: `stakepoolctl vsp xpub show` shows those that it has"
    )]
    UnknownKey,
    /// It is retired already.
    #[error("this fee key is retired already")]
    RetiredAlready,
    /// Addresses are given all the time.
    #[error("the key gave an address each time that it was to be retired: try again")]
    Busy,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Pool {
    /// Takes no new tickets of wallets of today from now on: each instance knows within seconds, whatever its configuration says.
    /// `message` is what wallets read.
    ///
    /// # Errors
    /// [`VspAdministrationError`].
    pub async fn close_vsp(&self, actor: Actor, message: &str) -> Result<ClosedByCommand, VspAdministrationError> {
        let message = message.trim();
        let is_long = message.chars().count() > LONGEST;
        if message.is_empty() || is_long || message.chars().any(char::is_control) {
            return Err(VspAdministrationError::Message);
        }
        let closed = ClosedByCommand { message: message.to_owned(), at: self.now() };
        note_closed(self.parts.upkeep.as_ref(), &closed).await?;
        self.note_vsp(actor, AuditAction::VspClose, message).await?;
        Ok(closed)
    }

    /// Takes back [`Pool::close_vsp`]. What the configuration or a closing day says still holds.
    ///
    /// # Errors
    /// [`VspAdministrationError::NotClosed`], or the database's.
    pub async fn open_vsp(&self, actor: Actor) -> Result<ClosedByCommand, VspAdministrationError> {
        let store = self.parts.upkeep.as_ref();
        let closed = read_closed(store).await?.ok_or(VspAdministrationError::NotClosed)?;
        forget_closed(store).await?;
        self.note_vsp(actor, AuditAction::VspOpen, "").await?;
        Ok(closed)
    }

    /// Has a fee key give no more addresses. The addresses that it gave stay known, and fees to them are taken.
    ///
    /// # Errors
    /// [`VspAdministrationError`].
    pub async fn retire_fee_key(&self, actor: Actor, key: &ExtendedPubKey) -> Result<FeeKey, VspAdministrationError> {
        let store = self.parts.fee_keys.as_ref();
        for _ in 0..TRIES {
            let before = store.fee_key(key).await?.ok_or(VspAdministrationError::UnknownKey)?;
            if before.is_retired() {
                return Err(VspAdministrationError::RetiredAlready);
            }
            let mut after = before;
            after.retire();
            if store.change_fee_key(&before, &after).await? {
                self.note_vsp(actor, AuditAction::VspKeyRetire, &key.to_string()).await?;
                return Ok(after);
            }
        }
        Err(VspAdministrationError::Busy)
    }

    async fn note_vsp(&self, by: Actor, action: AuditAction, detail: &str) -> Result<(), StoreError> {
        self.parts.audit.append(&AuditEntry::new(self.now(), by, action, &"vsp", detail)).await
    }
}

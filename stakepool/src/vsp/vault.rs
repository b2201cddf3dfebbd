//! What lies sealed in the database: the server's key, voting keys, and records.

use std::sync::Arc;

use stakepool_core::chain::{PrivateKey, TicketHash};
use stakepool_core::ports::{SealedRecord, SealedSecret, SealedStore, StoreError};
use stakepool_core::vsp::Record;
use zeroize::Zeroizing;

use super::server_key::{ServerKey, ServerKeyError};
use crate::sealed::{SealError, SealingKey};

/// The name of the server's key in the store.
const SERVER_KEY: &str = "vsp server key";

/// Why something that lies sealed cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key file is another one.
    #[error(
        "what lies in the database cannot be opened with the key in vspkeyfile ({0}): put back the key file that belongs to \
         this database, from the copy that was kept apart"
    )]
    Sealed(#[from] SealError),
    /// The server's key.
    #[error(transparent)]
    ServerKey(#[from] ServerKeyError),
    /// What was opened makes no sense.
    #[error("the database holds a sealed {0} that cannot be read: restore it from a backup")]
    Content(&'static str),
}

/// Checks that a key file is the one that belongs to a database: it opens what lies there, if anything does.
///
/// # Errors
/// [`VaultError`] where it does not.
pub async fn check_key(key: SealingKey, store: &dyn SealedStore) -> Result<(), VaultError> {
    Vault::new(key).kept_server_key(store).await.map(drop)
}

/// Whether a database holds secrets that the key file alone opens, so that a missing one must not be made anew.
///
/// # Errors
/// [`StoreError`].
pub async fn holds_secrets(store: &dyn SealedStore) -> Result<bool, StoreError> {
    Ok(store.sealed(SERVER_KEY).await?.is_some())
}

/// Seals and opens.
#[derive(Clone, Debug)]
pub(super) struct Vault(Arc<SealingKey>);

impl Vault {
    /// With the key of the key file.
    pub(super) fn new(key: SealingKey) -> Self {
        Self(Arc::new(key))
    }

    /// The server's key, made where there is none. Of several instances at their first start, one makes it.
    pub(super) async fn server_key(&self, store: &dyn SealedStore) -> Result<ServerKey, VaultError> {
        if let Some(kept) = self.kept_server_key(store).await? {
            return Ok(kept);
        }
        self.add_server_key(store, &*ServerKey::new_seed()?).await?;
        let kept = self.kept_server_key(store).await?;
        kept.ok_or_else(|| StoreError::NotFound("server key").into())
    }

    /// The server's key, where there is one.
    pub(super) async fn kept_server_key(&self, store: &dyn SealedStore) -> Result<Option<ServerKey>, VaultError> {
        let Some(kept) = store.sealed(SERVER_KEY).await? else { return Ok(None) };
        let seed = self.0.open(&kept.0, SERVER_KEY.as_bytes())?;
        let seed = Zeroizing::new(<[u8; 32]>::try_from(&seed[..]).map_err(|_| VaultError::Content("server key"))?);
        Ok(Some(ServerKey::from_seed(&seed)?))
    }

    /// Keeps the seed of the server's key. False where there is a key.
    pub(super) async fn add_server_key(&self, store: &dyn SealedStore, seed: &[u8; 32]) -> Result<bool, VaultError> {
        Ok(store.add_sealed(SERVER_KEY, &self.sealed_seed(seed)?).await?)
    }

    /// Puts another seed in the place of the one that is kept. False where that was replaced meanwhile.
    pub(super) async fn replace_server_key(
        &self,
        store: &dyn SealedStore,
        seed: &[u8; 32],
    ) -> Result<bool, VaultError> {
        let Some(before) = store.sealed(SERVER_KEY).await? else { return Ok(false) };
        Ok(store.change_sealed(SERVER_KEY, &before, &self.sealed_seed(seed)?).await?)
    }

    fn sealed_seed(&self, seed: &[u8; 32]) -> Result<SealedSecret, VaultError> {
        Ok(SealedSecret(self.0.seal(seed, SERVER_KEY.as_bytes())?))
    }

    /// Seals the key that votes with a ticket. It opens for that ticket alone.
    pub(super) fn seal_voting_key(&self, ticket: &TicketHash, key: &PrivateKey) -> Result<SealedSecret, VaultError> {
        Ok(SealedSecret(self.0.seal(&*key.to_bytes(), voting_key_place(ticket).as_bytes())?))
    }

    /// The key that votes with a ticket.
    ///
    /// # Errors
    /// [`VaultError`] where it was sealed by another key or for another ticket.
    pub(super) fn voting_key(&self, ticket: &TicketHash, sealed: &SealedSecret) -> Result<PrivateKey, VaultError> {
        let bytes = self.0.open(&sealed.0, voting_key_place(ticket).as_bytes())?;
        let bytes = Zeroizing::new(<[u8; 32]>::try_from(&bytes[..]).map_err(|_| VaultError::Content("voting key"))?);
        PrivateKey::from_bytes(&bytes).map_err(|_| VaultError::Content("voting key"))
    }

    /// Seals a record under its number.
    pub(super) fn seal_record(
        &self,
        ticket: &TicketHash,
        number: u32,
        record: &Record,
    ) -> Result<SealedRecord, VaultError> {
        let plain = Zeroizing::new(serde_json::to_vec(record).map_err(|_| VaultError::Content("record"))?);
        let sealed = SealedSecret(self.0.seal(&plain, record_place(ticket, number).as_bytes())?);
        Ok(SealedRecord { number, kind: record.kind, timestamp: record.timestamp, sealed })
    }

    /// A record of a ticket.
    ///
    /// # Errors
    /// [`VaultError`] where it was sealed by another key or for another ticket.
    pub(super) fn record(&self, ticket: &TicketHash, record: &SealedRecord) -> Result<Record, VaultError> {
        let plain = self.0.open(&record.sealed.0, record_place(ticket, record.number).as_bytes())?;
        serde_json::from_slice(&plain).map_err(|_| VaultError::Content("record"))
    }
}

fn voting_key_place(ticket: &TicketHash) -> String {
    format!("voting key of ticket {ticket}")
}

fn record_place(ticket: &TicketHash, number: u32) -> String {
    format!("record {number} of ticket {ticket}")
}

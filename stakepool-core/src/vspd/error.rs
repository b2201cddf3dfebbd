//! Why a database cannot be taken over at all.

use crate::bolt::BoltError;
use crate::chain::Network;

/// Why a database cannot be read as a whole. Single rows that cannot be read are [`Unreadable`](super::Unreadable).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VspdError {
    /// The file.
    #[error(transparent)]
    File(#[from] BoltError),
    /// A file of another program.
    #[error("the file is no database of vspd: it has no bucket {0}")]
    NoBucket(&'static str),
    /// Something that must be there.
    #[error("the database has no {0}, or a damaged one: take the copy whose name ends in -backup")]
    Missing(&'static str),
    /// A version that did not exist when this was written.
    #[error("the database is of version {0}, of which 1 to 5 are known: a later stakepoolctl may know it")]
    Version(u32),
    /// A fee key.
    #[error(
        "the database's fee key {id} cannot be used on {network}: {reason}; is the configuration for the right network?"
    )]
    FeeKey {
        /// Its number.
        id: u32,
        /// The network that is configured.
        network: Network,
        /// Why.
        reason: String,
    },
}

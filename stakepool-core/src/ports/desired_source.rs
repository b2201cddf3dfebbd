//! Where a daemon looks up users and added tickets by itself.

use std::fmt;

use async_trait::async_trait;

use crate::chain::RedeemScript;
use crate::desired::{AddedTicket, DesiredUser};

/// Why a source cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} cannot be read: {reason}")]
pub struct DesiredSourceError {
    /// What was to be read.
    pub place: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// What a source has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredFound {
    /// Users with an address.
    pub users: Vec<DesiredUser>,
    /// Low-fee tickets that an administrator added.
    pub added: Vec<AddedTicket>,
    /// The users' scripts, for a daemon that signs by the voting wallets' key. Without them the wallets alone vote.
    pub scripts: Vec<RedeemScript>,
    /// Entries that cannot be used, each with where it is and what is wrong, without personal data.
    pub left_out: Vec<String>,
}

/// Knows the pool's users and added tickets, where nobody sends them: the pool's database, or whatever an embedder has.
/// It is only read.
///
/// ```
/// use stakepool_core::ports::{DesiredFound, DesiredSource, DesiredSourceError};
///
/// /// Users who never change.
/// struct Fixed(DesiredFound);
///
/// #[async_trait::async_trait]
/// impl DesiredSource for Fixed {
///     fn place(&self) -> String {
///         "this program".into()
///     }
///
///     async fn read(&self) -> Result<DesiredFound, DesiredSourceError> {
///         Ok(self.0.clone())
///     }
/// }
/// ```
#[async_trait]
pub trait DesiredSource: Send + Sync {
    /// What it is called for people.
    fn place(&self) -> String;

    /// All that it has now.
    ///
    /// # Errors
    /// [`DesiredSourceError`].
    async fn read(&self) -> Result<DesiredFound, DesiredSourceError>;
}

impl fmt::Debug for dyn DesiredSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DesiredSource").field(&self.place()).finish()
    }
}

//! How a wallet of today reaches a pool.

use async_trait::async_trait;
use stakepool_core::vsp::SignedAnswer;

use super::error::VspClientError;

/// A pool, as a wallet of today reaches it: over HTTP, or within the process.
#[async_trait]
pub trait VspServer: Send + Sync {
    /// `vspinfo`.
    ///
    /// # Errors
    /// [`VspClientError::Unreachable`].
    async fn info(&self) -> Result<SignedAnswer, VspClientError>;

    /// Any other command, with the body and its signature by the ticket's owner.
    ///
    /// # Errors
    /// [`VspClientError::Unreachable`].
    async fn post(&self, command: &'static str, body: &[u8], signature: &str) -> Result<SignedAnswer, VspClientError>;
}

//! Where agendas are known.

use async_trait::async_trait;

use super::WalletError;
use crate::agenda::Agenda;
use crate::chain::VoteVersion;

/// Knows the agendas of the network.
#[async_trait]
pub trait AgendaSource: Send + Sync {
    /// The agendas of a vote version; none where the version has none or is not known.
    async fn agendas(&self, version: VoteVersion) -> Result<Vec<Agenda>, WalletError>;
}

//! A wallet of one's own: all that voting needs of one.

use async_trait::async_trait;
use stakepool_core::chain::{ScriptAddress, TicketHash, VoteTransaction};
use stakepool_core::ports::{TicketWallet, VoteRequest, VoteSigner, WalletError, WalletInfo, WalletTickets};
use stakepool_core::testkit::tickets::{VERSION, vote};

/// A wallet that watches some tickets.
pub struct OwnWallet {
    /// The tickets.
    pub tickets: Vec<TicketHash>,
}

#[async_trait]
impl VoteSigner for OwnWallet {
    fn name(&self) -> &str {
        "my wallet"
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        Ok(WalletInfo::ready(VERSION))
    }

    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        // Here a wallet with keys signs. The engine sends no vote whose ticket's input carries no signature.
        let signed = vote(request.ticket, request.block, request.height, request.bits, true);
        VoteTransaction::from_transaction(signed).map_err(|error| WalletError::Unexpected {
            wallet: self.name().to_owned(),
            method: "generate_vote".to_owned(),
            reason: error.to_string(),
        })
    }
}

#[async_trait]
impl TicketWallet for OwnWallet {
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
        Ok(self.tickets.clone())
    }

    async fn user_tickets(&self, _: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        // A cross-check of pools; voting does not ask for it.
        Ok(WalletTickets::default())
    }
}

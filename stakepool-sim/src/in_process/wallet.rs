//! A wallet within this process: its votes, tickets and figures.

use std::sync::Arc;

use async_trait::async_trait;
use stakepool_core::chain::{
    Address, BlockHash, BlockHeight, Generation, ScriptAddress, TicketHash, VoteBits, VoteChoice, VoteTransaction,
};
use stakepool_core::ports::{
    ChainWallet, StakeInfo, TicketCounts, TicketWallet, VoteRequest, VoteSigner, WalletError, WalletInfo,
    WalletTickets, count_tickets,
};

use super::call::reach;
use crate::network::{Locked, State};
use crate::program::Program;
use crate::rpc::{RpcError, described};
use crate::wallet::VoteFailure;

/// A wallet of the simulated network in this process, with the states and faults of its server: a
/// [`PoolWallet`](stakepool_core::ports::PoolWallet), a [`TransactionSource`](stakepool_core::ports::TransactionSource)
/// and an [`AgendaSource`](stakepool_core::ports::AgendaSource). Had from
/// [`WalletServer::in_process`](crate::WalletServer::in_process).
///
/// Each call is a connection of its own: a wallet that was stopped is unreachable at once. Calls under way end where
/// the connections are dropped, and after 10 s (a rescan: an hour). A failure that a test has put in
/// ([`Server::fail`](crate::Server::fail)) comes as [`WalletError::Rpc`], whatever its words; to have a locked wallet,
/// [lock](crate::WalletServer::lock) it.
pub struct SimWallet {
    program: Arc<Program>,
    number: usize,
}

impl SimWallet {
    pub(crate) const fn new(program: Arc<Program>, number: usize) -> Self {
        Self { program, number }
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    pub(super) const fn number(&self) -> usize {
        self.number
    }

    /// Waits until the wallet has taken a call and comes to answer it.
    pub(super) async fn reach(&self, method: &str) -> Result<(), WalletError> {
        let reached = reach(&self.program, method).await;
        reached.map_err(|unanswered| unanswered.of_wallet(self.program.name(), method))
    }

    /// Has the wallet answer a call; the answer is given the wallet's number.
    pub(super) async fn ask<T>(
        &self,
        method: &str,
        answer: impl FnOnce(&mut State, usize) -> Result<T, Refusal> + Send,
    ) -> Result<T, WalletError> {
        self.reach(method).await?;
        let answered = self.program.shared.write(|state| answer(state, self.number));
        answered.map_err(|refusal| refusal.of_wallet(self.program.name(), method))
    }
}

/// Why a wallet does not do what it was asked.
pub(super) enum Refusal {
    Locked,
    NoPoolFeatures,
    UnknownTicket(TicketHash),
    Unexpected(String),
    Rpc(RpcError),
}

impl Refusal {
    pub(super) fn of_wallet(self, wallet: &str, method: &str) -> WalletError {
        let (wallet, method) = (wallet.to_owned(), method.to_owned());
        match self {
            Self::Locked => WalletError::Locked { wallet },
            Self::UnknownTicket(ticket) => {
                WalletError::UnknownTicket { wallet, message: format!("item does not exist: tx {ticket} not found") }
            }
            Self::NoPoolFeatures => WalletError::PoolFeaturesDisabled { wallet },
            Self::Unexpected(reason) => WalletError::Unexpected { wallet, method, reason },
            Self::Rpc(RpcError { code, message }) => WalletError::Rpc { wallet, method, code, message },
        }
    }

    pub(super) fn rpc(code: i64, message: String) -> Self {
        Self::Rpc(RpcError { code, message })
    }
}

impl From<Locked> for Refusal {
    fn from(_: Locked) -> Self {
        Self::Locked
    }
}

#[async_trait]
impl VoteSigner for SimWallet {
    fn name(&self) -> &str {
        self.program.name()
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        let role = self.program.role;
        self.ask("walletinfo", |state, number| {
            let (wallet, vote_version) = (&state.wallets[number], state.vote_version());
            Ok(WalletInfo {
                generation: state.chain.generation,
                version: described(role, state.chain.generation),
                unlocked: !wallet.locked,
                connected: wallet.connected,
                votes_itself: wallet.votes_itself,
                vote_bits: VoteBits::APPROVE,
                vote_bits_extended: hex::encode(vote_version.0.to_le_bytes()),
                vote_version,
                spv: false,
            })
        })
        .await
    }

    fn connections(&self) -> u64 {
        self.program.connections()
    }

    async fn connected_again(&self, known: u64) {
        self.program.connected_again(known).await;
    }

    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        let VoteRequest { block, height, ticket, bits, bits_extended } = request;
        self.ask("generatevote", |state, number| {
            let extended = hex::decode(bits_extended)
                .map_err(|error| Refusal::rpc(-22, format!("the extended vote bits are not hexadecimal: {error}")))?;
            let choice = VoteChoice { block: *block, height: *height, bits: *bits, extended_bits: &extended };
            let vote = state.generate_vote(number, ticket, &choice).map_err(|failure| match failure {
                VoteFailure::Locked => Refusal::Locked,
                VoteFailure::UnknownTicket => Refusal::UnknownTicket(*ticket),
                VoteFailure::Impossible(error) => Refusal::rpc(-8, error.to_string()),
            })?;
            VoteTransaction::from_transaction(vote).map_err(|error| Refusal::Unexpected(error.to_string()))
        })
        .await
    }
}

#[async_trait]
impl TicketWallet for SimWallet {
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
        self.ask("gettickets", |state, number| Ok(state.unspent_tickets(number, true))).await
    }

    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        let script = Address::from(*address).output_script();
        self.ask("stakepooluserinfo", |state, number| {
            if state.wallets[number].pool_features {
                Ok(state.pool_tickets(number, script))
            } else if state.chain.generation == Generation::Legacy {
                Ok(WalletTickets::default())
            } else {
                Err(Refusal::NoPoolFeatures)
            }
        })
        .await
    }

    async fn holds_script(&self, address: &ScriptAddress) -> Result<bool, WalletError> {
        let script = address.hash();
        self.ask("validateaddress", |state, number| Ok(state.wallets[number].scripts().contains_key(&script))).await
    }

    async fn ticket_counts(&self) -> Result<Option<TicketCounts>, WalletError> {
        count_tickets(self).await
    }

    async fn revoke_tickets(&self) -> Result<(), WalletError> {
        self.ask("revoketickets", |state, number| Ok(state.revoke_tickets(number)?)).await
    }
}

#[async_trait]
impl ChainWallet for SimWallet {
    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), WalletError> {
        self.ask("getbestblock", |state, _| Ok(state.chain.tip())).await
    }

    async fn stake_info(&self) -> Result<StakeInfo, WalletError> {
        self.ask("getstakeinfo", |state, number| Ok(state.stake_figures(number).info)).await
    }
}

impl std::fmt::Debug for SimWallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimWallet").field("name", &self.program.name()).finish_non_exhaustive()
    }
}

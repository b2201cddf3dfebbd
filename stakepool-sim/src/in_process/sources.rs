//! A wallet within this process: what it asks its node for.

use async_trait::async_trait;
use stakepool_core::chain::{TxHash, VoteVersion};
use stakepool_core::ports::{Agenda, AgendaSource, MinedTransaction, TransactionSource, WalletError};

use super::chain;
use super::wallet::{Refusal, SimWallet};

#[async_trait]
impl TransactionSource for SimWallet {
    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, WalletError> {
        self.ask("getrawtransaction", |state, _| {
            let missing = || Refusal::rpc(-5, format!("No information available about transaction {hash}"));
            chain::transaction(state, hash).ok_or_else(missing)
        })
        .await
    }
}

#[async_trait]
impl AgendaSource for SimWallet {
    /// There are no agendas on the simulated network.
    async fn agendas(&self, _: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
        self.ask("getvoteinfo", |_, _| Ok(Vec::new())).await
    }
}

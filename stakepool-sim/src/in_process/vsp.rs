//! What a node is asked for wallets of today.

use async_trait::async_trait;
use stakepool_core::chain::{BlockHash, BlockHeader, OutPoint, OutputScript, TicketHash, Transaction};
use stakepool_core::ports::{NodeError, TransactionSubmission, UnspentOutput, VspNode};

use super::node::{Refusal, SimNode};
use crate::network::Rejection;
use crate::rpc::rejected;

#[async_trait]
impl VspNode for SimNode {
    async fn has_transaction_index(&self) -> Result<bool, NodeError> {
        self.ask("getinfo", |_| Ok(true)).await
    }

    async fn best_header(&self) -> Result<BlockHeader, NodeError> {
        self.ask("getblockheader", |state| {
            let tip = state.chain.best.tip();
            tip.map(|block| block.facts()).ok_or_else(|| Refusal::NotFound("a block".to_owned()))
        })
        .await
    }

    async fn raw_block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError> {
        self.ask("getblock", |state| {
            let block = state.chain.block(hash).ok_or_else(|| Refusal::NotFound(format!("block {hash}")))?;
            Ok(block.encode())
        })
        .await
    }

    async fn send_transaction(&self, transaction: &Transaction) -> Result<TransactionSubmission, NodeError> {
        self.ask("sendrawtransaction", |state| {
            Ok(match state.submit(transaction.clone()) {
                Ok(_) => TransactionSubmission::Accepted,
                Err(Rejection::Duplicate | Rejection::Mined) => TransactionSubmission::AlreadyKnown,
                Err(Rejection::Orphan(_)) => TransactionSubmission::UnknownOutputs,
                Err(other) => {
                    let refusal = rejected(transaction.hash(), &other, state.chain.generation);
                    TransactionSubmission::Refused(refusal.message)
                }
            })
        })
        .await
    }

    async fn unspent_output(&self, output: &OutPoint) -> Result<Option<UnspentOutput>, NodeError> {
        self.ask("gettxout", |state| {
            let found = state.unspent_output(output);
            Ok(found.map(|(output, confirmations)| {
                let locked = OutputScript::parse(&output.script);
                UnspentOutput { value: output.value, confirmations, locked }
            }))
        })
        .await
    }

    async fn is_live(&self, ticket: &TicketHash) -> Result<bool, NodeError> {
        self.ask("existsliveticket", |state| Ok(state.chain.best.live.contains(ticket))).await
    }
}

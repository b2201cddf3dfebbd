//! What a node is asked for wallets of today.

use async_trait::async_trait;
use serde::Deserialize;
use stakepool_core::chain::{Amount, BlockHash, BlockHeader, OutPoint, OutputScript, TicketHash, Transaction};
use stakepool_core::ports::{NodeError, TransactionSubmission, UnspentOutput, VspNode};

use super::super::client::NO_PARAMS;
use super::super::error::{RpcError, SENT_BEFORE};
use super::NodeClient;

/// How nodes say that inputs are unknown or spent.
const UNKNOWN_OUTPUTS: [&str; 2] = ["unknown or fully-spent transaction", "orphan transaction"];

/// `gettxout`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    value: f64,
    confirmations: u32,
    script_pub_key: Script,
}

/// The script of an output.
#[derive(Deserialize)]
struct Script {
    hex: String,
}

/// `getinfo`, of which one field counts.
#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    txindex: bool,
}

#[async_trait]
impl VspNode for NodeClient {
    async fn has_transaction_index(&self) -> Result<bool, NodeError> {
        Ok(self.call::<Info>("getinfo", NO_PARAMS).await?.txindex)
    }

    async fn best_header(&self) -> Result<BlockHeader, NodeError> {
        let hash: BlockHash = self.call("getbestblockhash", NO_PARAMS).await?;
        let hex: String = self.call("getblockheader", (hash, false)).await?;
        let unexpected = |reason: String| self.named(RpcError::unexpected("getblockheader", reason));
        let header = BlockHeader::decode_hex(&hex).map_err(|error| unexpected(error.to_string()))?;
        if header.hash == hash {
            Ok(header)
        } else {
            Err(unexpected(format!("the header of {hash} was asked for, that of {} came", header.hash)))
        }
    }

    async fn raw_block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError> {
        let hex = self.block_hex(hash).await?;
        hex::decode(hex).map_err(|error| self.named(RpcError::unexpected("getblock", error.to_string())))
    }

    async fn send_transaction(&self, transaction: &Transaction) -> Result<TransactionSubmission, NodeError> {
        let hex = hex::encode(transaction.encode());
        match self.client.command("sendrawtransaction", (hex,)).await {
            Ok(()) => Ok(TransactionSubmission::Accepted),
            Err(RpcError::Rpc { message, .. }) => Ok(refused(message)),
            Err(error) => Err(self.named(error)),
        }
    }

    async fn unspent_output(&self, output: &OutPoint) -> Result<Option<UnspentOutput>, NodeError> {
        let answer: Option<Output> = self.call("gettxout", (output.hash, output.index, output.tree, true)).await?;
        let read = |output: Output| {
            let value = Amount::from_coins(output.value)
                .map_err(|error| self.named(RpcError::unexpected("gettxout", error.to_string())))?;
            let script = hex::decode(output.script_pub_key.hex)
                .map_err(|error| self.named(RpcError::unexpected("gettxout", error.to_string())))?;
            Ok(UnspentOutput { value, confirmations: output.confirmations, locked: OutputScript::parse(&script) })
        };
        answer.map(read).transpose()
    }

    async fn is_live(&self, ticket: &TicketHash) -> Result<bool, NodeError> {
        self.call("existsliveticket", (ticket,)).await
    }
}

/// What a refusal means. Only the words show it: the codes cover other cases, too.
fn refused(message: String) -> TransactionSubmission {
    let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
    if says(&SENT_BEFORE) {
        TransactionSubmission::AlreadyKnown
    } else if says(&UNKNOWN_OUTPUTS) {
        TransactionSubmission::UnknownOutputs
    } else {
        TransactionSubmission::Refused(message)
    }
}

//! What the web asks of a node for wallets of today: their transactions, and the best block.

use async_trait::async_trait;

use super::{Node, NodeError};
use crate::chain::{Amount, BlockHash, BlockHeader, BlockHeight, OutPoint, OutputScript, TicketHash, Transaction};

/// What a node said to a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionSubmission {
    /// It took it.
    Accepted,
    /// It had it before, mined or not.
    AlreadyKnown,
    /// It spends outputs that the node does not know, or that are spent.
    UnknownOutputs,
    /// It refuses it for another reason, in its own words.
    Refused(String),
}

/// An output that nothing has spent, neither mined nor waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnspentOutput {
    /// What is in it.
    pub value: Amount,
    /// How deep it is: 0 while it waits.
    pub confirmations: u32,
    /// What locks it; `None` for scripts of other kinds, such as those of votes.
    pub locked: Option<OutputScript>,
}

/// How a node is.
#[derive(Clone, Debug)]
pub struct NodeLook {
    /// Its name.
    pub name: String,
    /// The height of its best block, or why it is not known.
    pub best: Result<BlockHeight, NodeError>,
}

/// A node that takes transactions of wallets. It must have a transaction index (`txindex=1`).
#[async_trait]
pub trait VspNode: Node {
    /// Whether it keeps an index of transactions. Without one it does not know mined ones.
    async fn has_transaction_index(&self) -> Result<bool, NodeError>;

    /// How each of the nodes behind it is, where there are several; how it is itself where there is one.
    async fn look(&self) -> Vec<NodeLook> {
        let best = self.best_header().await.map(|header| header.height);
        vec![NodeLook { name: self.name().to_owned(), best }]
    }

    /// The header of the best block.
    async fn best_header(&self) -> Result<BlockHeader, NodeError>;

    /// A whole block as it is encoded. The caller checks what it needs of it.
    async fn raw_block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError>;

    /// Gives the node a transaction. A refusal is an answer and no error.
    async fn send_transaction(&self, transaction: &Transaction) -> Result<TransactionSubmission, NodeError>;

    /// An output, where nothing has spent it. `None` also where there is no such output.
    async fn unspent_output(&self, output: &OutPoint) -> Result<Option<UnspentOutput>, NodeError>;

    /// Whether a ticket is in the lottery.
    async fn is_live(&self, ticket: &TicketHash) -> Result<bool, NodeError>;
}

//! A node on a chain that a test extends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::tickets::{block, header};
use crate::chain::{BlockHash, BlockHeight, Generation, Network, TicketHash, Transaction, TxHash, VoteTransaction};
use crate::ports::{Block, MinedTransaction, Node, NodeError, NodeInfo, VoteSubmission};

/// A chain of blocks that a test extends.
#[derive(Debug, Default)]
pub struct FakeChain {
    /// Blocks by height: branch and stake transactions.
    blocks: HashMap<u32, (u8, Vec<Transaction>)>,
    transactions: HashMap<TxHash, (Transaction, u32)>,
    best: u32,
    /// The tickets in the lottery.
    pub live: Vec<TicketHash>,
    /// The votes that were sent, in order.
    pub sent: Vec<VoteTransaction>,
    /// Votes are answered with an error.
    pub refuse_votes: bool,
    /// Questions for transactions are answered with an error.
    pub refuse_transactions: bool,
    /// The height at which a node answers that has not caught up.
    pub lags_behind: Option<u32>,
    /// Branches of which it knows no block.
    pub unknown_branches: Vec<u8>,
    /// The network on which it is; simnet where nothing else is said.
    pub network: Option<Network>,
    /// Which generation it is.
    pub generation: Generation,
}

impl FakeChain {
    fn tip(&self) -> u32 {
        self.lags_behind.unwrap_or(self.best)
    }
}

/// A node of simnet on a chain that a test extends.
#[derive(Debug)]
pub struct FakeNode {
    /// The chain.
    pub chain: Mutex<FakeChain>,
    /// How often it was asked to name its winners again.
    pub rebroadcasts: AtomicUsize,
    /// How often it was asked for a transaction.
    pub questions: AtomicUsize,
    /// Whoever holds it keeps the node from saying which block is its best.
    pub busy: tokio::sync::Mutex<()>,
}

impl FakeNode {
    /// A node with empty blocks of branch 1 up to a height.
    pub fn at(height: u32) -> Arc<Self> {
        let node = Self {
            chain: Mutex::default(),
            rebroadcasts: AtomicUsize::new(0),
            questions: AtomicUsize::new(0),
            busy: tokio::sync::Mutex::default(),
        };
        for next in 0..=height {
            node.mine(next, 1, Vec::new());
        }
        Arc::new(node)
    }

    /// Puts a block on the best chain, in the place of any other of its height, which becomes the best.
    pub fn mine(&self, height: u32, branch: u8, transactions: Vec<Transaction>) {
        let mut chain = self.chain.lock().unwrap();
        for transaction in &transactions {
            chain.transactions.insert(transaction.hash(), (transaction.clone(), height));
        }
        chain.blocks.insert(height, (branch, transactions));
        chain.best = height;
    }

    /// The votes that were sent, in order.
    pub fn sent(&self) -> Vec<VoteTransaction> {
        self.chain.lock().unwrap().sent.clone()
    }

    /// How many votes were sent.
    pub fn sent_count(&self) -> usize {
        self.chain.lock().unwrap().sent.len()
    }

    /// Forgets the votes that were sent, as a restart does.
    pub fn forget_sent(&self) {
        self.chain.lock().unwrap().sent.clear();
    }

    fn not_found(&self, what: impl ToString) -> NodeError {
        NodeError::NotFound { node: "node".into(), what: what.to_string() }
    }
}

#[async_trait]
impl Node for FakeNode {
    fn name(&self) -> &str {
        "node"
    }

    async fn info(&self) -> Result<NodeInfo, NodeError> {
        let chain = self.chain.lock().unwrap();
        let network = chain.network.unwrap_or(Network::Simnet);
        Ok(NodeInfo { generation: chain.generation, version: "fake".into(), network })
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        let _free = self.busy.lock().await;
        let best = self.chain.lock().unwrap().tip();
        Ok((self.block_hash(BlockHeight(best)).await?, BlockHeight(best)))
    }

    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
        let chain = self.chain.lock().unwrap();
        if height.0 > chain.tip() {
            return Err(self.not_found(height));
        }
        let (branch, _) = chain.blocks.get(&height.0).ok_or_else(|| self.not_found(height))?;
        Ok(block(height.0, *branch))
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        let chain = self.chain.lock().unwrap();
        let mut height = [0; 4];
        height.copy_from_slice(&hash.as_bytes()[..4]);
        let (height, branch) = (u32::from_le_bytes(height), hash.as_bytes()[31]);
        let is_unknown = chain.unknown_branches.contains(&branch);
        if is_unknown || height > chain.tip() && chain.lags_behind.is_some() {
            return Err(self.not_found(hash));
        }
        let stake_transactions = match chain.blocks.get(&height) {
            Some((on_chain, transactions)) if *on_chain == branch => transactions.clone(),
            // Real nodes keep blocks that left the best chain, too.
            _ => Vec::new(),
        };
        Ok(Block { header: header(height, branch, 1), stake_transactions })
    }

    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        let chain = self.chain.lock().unwrap();
        if chain.refuse_transactions {
            return Err(NodeError::Unreachable { node: "node".into(), reason: "refused".into() });
        }
        let (transaction, height) = chain.transactions.get(hash).ok_or_else(|| self.not_found(hash))?;
        Ok(MinedTransaction { transaction: transaction.clone(), mined_at: Some(BlockHeight(*height)) })
    }

    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
        Ok(self.chain.lock().unwrap().live.clone())
    }

    async fn send_vote(&self, vote: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
        let mut chain = self.chain.lock().unwrap();
        if chain.refuse_votes {
            return Err(NodeError::Rpc {
                node: "node".into(),
                method: "sendrawtransaction".into(),
                code: -1,
                message: "no".into(),
            });
        }
        if chain.sent.iter().any(|sent| sent.ticket == vote.ticket && sent.block == vote.block) {
            return Ok(VoteSubmission::AlreadyKnown);
        }
        chain.sent.push(vote.clone());
        Ok(VoteSubmission::Accepted)
    }

    async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
        self.rebroadcasts.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

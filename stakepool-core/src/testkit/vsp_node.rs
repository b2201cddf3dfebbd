//! A node that takes transactions as a test tells it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::chain::{
    Amount, BlockHash, BlockHeader, BlockHeight, Generation, Network, OutPoint, OutputScript, TicketHash, Transaction,
    TxHash, VoteTransaction, merkle_root, put_var_int, sha256,
};
use crate::ports::{
    Block, MinedTransaction, Node, NodeError, NodeInfo, TransactionSubmission, UnspentOutput, VoteSubmission, VspNode,
};

/// What a [`FakeVspNode`] knows and does.
#[derive(Debug)]
pub struct VspChain {
    /// Whether calls fail.
    pub away: bool,
    /// What it says that it is.
    pub generation: Generation,
    /// Whether it says that it has an index of transactions.
    pub has_index: bool,
    /// The height of its best block.
    pub height: u32,
    /// The stake difficulty of its best block.
    pub stake_difficulty: Amount,
    /// Transactions, and the height of the block of those that are mined.
    pub transactions: HashMap<TxHash, (Transaction, Option<u32>)>,
    /// The stake transactions of blocks.
    pub blocks: BTreeMap<u32, Vec<Transaction>>,
    /// What is said to transactions that are not taken.
    pub refused: HashMap<TxHash, TransactionSubmission>,
    /// Outputs that are not there.
    pub spent: HashSet<OutPoint>,
    /// What locks every output.
    pub locked: Option<OutputScript>,
    /// Tickets that are in the lottery no more.
    pub gone: HashSet<TicketHash>,
    /// Transactions that were sent and taken, in order.
    pub sent: Vec<TxHash>,
    /// The heights from which on blocks were replaced, each time another one.
    pub reorganised: Vec<u32>,
}

/// A node of simnet that has any output which is not said to be spent, and takes any transaction which is not said to be refused.
///
/// ```
/// use stakepool_core::testkit::FakeVspNode;
///
/// let node = FakeVspNode::at(100);
/// node.chain().height += 1;
/// assert_eq!(node.chain().height, 101);
/// ```
#[derive(Debug)]
pub struct FakeVspNode(Mutex<VspChain>);

/// What is in every output.
const VALUE: Amount = Amount::from_atoms(1_000_000 * Amount::ATOMS_PER_COIN);

impl FakeVspNode {
    /// A node in good order at a height, without transactions.
    pub fn at(height: u32) -> Self {
        Self(Mutex::new(VspChain {
            away: false,
            generation: Generation::Today,
            has_index: true,
            height,
            stake_difficulty: Amount::from_atoms(44_543_551),
            transactions: HashMap::new(),
            blocks: BTreeMap::new(),
            refused: HashMap::new(),
            spent: HashSet::new(),
            locked: None,
            gone: HashSet::new(),
            sent: Vec::new(),
            reorganised: Vec::new(),
        }))
    }

    /// What it knows and does, to be looked at or changed.
    pub fn chain(&self) -> MutexGuard<'_, VspChain> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, where it answers.
    fn up(&self) -> Result<MutexGuard<'_, VspChain>, NodeError> {
        let chain = self.chain();
        if chain.away {
            return Err(NodeError::Unreachable { node: self.name().to_owned(), reason: "it is away".to_owned() });
        }
        Ok(chain)
    }

    fn not_found(&self, what: impl ToString) -> NodeError {
        NodeError::NotFound { node: self.name().to_owned(), what: what.to_string() }
    }
}

impl VspChain {
    /// Adds a transaction, mined at a height or waiting.
    pub fn add(&mut self, transaction: &Transaction, mined_at: Option<u32>) {
        self.transactions.insert(transaction.hash(), (transaction.clone(), mined_at));
    }

    /// Replaces the blocks from a height on; what was mined there waits again.
    pub fn reorganise(&mut self, from: u32) {
        self.reorganised.push(from);
        self.blocks.split_off(&from);
        for (_, mined_at) in self.transactions.values_mut() {
            *mined_at = mined_at.filter(|height| *height < from);
        }
    }

    fn hash(&self, height: u32) -> BlockHash {
        let mut hash = [0xbb; 32];
        let branch = self.reorganised.iter().filter(|from| **from <= height).count();
        hash[..4].copy_from_slice(&height.to_le_bytes());
        hash[4] = u8::try_from(branch).unwrap();
        BlockHash::from_bytes(hash)
    }

    fn header(&self, height: u32) -> BlockHeader {
        BlockHeader {
            hash: self.hash(height),
            previous: self.hash(height.saturating_sub(1)),
            voters: 5,
            stake_difficulty: self.stake_difficulty,
            height: BlockHeight(height),
            time: 1_795_000_000,
        }
    }

    fn known(&self, hash: &TxHash) -> Option<MinedTransaction> {
        let (transaction, mined_at) = self.transactions.get(hash)?;
        let mined_at = mined_at.filter(|height| *height <= self.height).map(BlockHeight);
        Some(MinedTransaction { transaction: transaction.clone(), mined_at })
    }
}

/// A block as it is encoded, without regular transactions. Its hash is that of these bytes, and not the header's.
fn encoded(header: &BlockHeader, stake_transactions: &[Transaction]) -> Vec<u8> {
    let mut block = 9_u32.to_le_bytes().to_vec();
    block.extend(header.previous.as_bytes());
    block.extend(sha256(&[[0; 32], merkle_root(stake_transactions)].concat()));
    block.resize(BlockHeader::LENGTH, 0);
    block[108..110].copy_from_slice(&header.voters.to_le_bytes());
    block[120..128].copy_from_slice(&header.stake_difficulty.atoms().to_le_bytes());
    block[128..132].copy_from_slice(&header.height.0.to_le_bytes());
    block[136..140].copy_from_slice(&header.time.to_le_bytes());
    put_var_int(&mut block, 0);
    put_var_int(&mut block, stake_transactions.len() as u64);
    block.extend(stake_transactions.iter().flat_map(Transaction::encode));
    block
}

#[async_trait]
impl Node for FakeVspNode {
    fn name(&self) -> &str {
        "node"
    }

    async fn info(&self) -> Result<NodeInfo, NodeError> {
        let generation = self.up()?.generation;
        Ok(NodeInfo { generation, version: "fake".to_owned(), network: Network::Simnet })
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        let chain = self.up()?;
        Ok((chain.hash(chain.height), BlockHeight(chain.height)))
    }

    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
        let chain = self.up()?;
        if height.0 > chain.height { Err(self.not_found(height)) } else { Ok(chain.hash(height.0)) }
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        let chain = self.up()?;
        let height = (0..=chain.height).rev().find(|height| chain.hash(*height) == *hash);
        let height = height.ok_or_else(|| self.not_found(hash))?;
        let stake_transactions = chain.blocks.get(&height).cloned().unwrap_or_default();
        Ok(Block { header: chain.header(height), stake_transactions })
    }

    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, NodeError> {
        self.up()?.known(hash).ok_or_else(|| self.not_found(hash))
    }

    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
        Ok(Vec::new())
    }

    async fn send_vote(&self, _: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
        Ok(VoteSubmission::Accepted)
    }

    async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
        Ok(())
    }
}

#[async_trait]
impl VspNode for FakeVspNode {
    async fn has_transaction_index(&self) -> Result<bool, NodeError> {
        Ok(self.up()?.has_index)
    }

    async fn best_header(&self) -> Result<BlockHeader, NodeError> {
        let chain = self.up()?;
        Ok(chain.header(chain.height))
    }

    async fn raw_block(&self, hash: &BlockHash) -> Result<Vec<u8>, NodeError> {
        let Block { header, stake_transactions } = self.block(hash).await?;
        Ok(encoded(&header, &stake_transactions))
    }

    async fn send_transaction(&self, transaction: &Transaction) -> Result<TransactionSubmission, NodeError> {
        let (mut chain, hash) = (self.up()?, transaction.hash());
        if let Some(refusal) = chain.refused.get(&hash) {
            return Ok(refusal.clone());
        }
        if chain.known(&hash).is_some() {
            return Ok(TransactionSubmission::AlreadyKnown);
        }
        chain.add(transaction, None);
        chain.sent.push(hash);
        Ok(TransactionSubmission::Accepted)
    }

    async fn unspent_output(&self, output: &OutPoint) -> Result<Option<UnspentOutput>, NodeError> {
        let chain = self.up()?;
        let unspent = !chain.spent.contains(output);
        Ok(unspent.then_some(UnspentOutput { value: VALUE, confirmations: 1, locked: chain.locked }))
    }

    async fn is_live(&self, ticket: &TicketHash) -> Result<bool, NodeError> {
        Ok(!self.up()?.gone.contains(ticket))
    }
}

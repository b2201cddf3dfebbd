//! Blocks that were missed, on a chain in memory that can fork.

use std::collections::HashMap;

use async_trait::async_trait;
use stakepool_core::chain::{Amount, BlockHash, BlockHeader, BlockHeight, TicketHash, TxHash, VoteTransaction};
use stakepool_core::ports::{Block, MinedTransaction, Node, NodeError, NodeInfo, VoteSubmission};
use stakepool_rpc::json::missed_blocks;

/// Blocks named by their branch and height.
#[derive(Default)]
struct Chain {
    blocks: HashMap<BlockHash, Block>,
    tip: Option<(BlockHash, BlockHeight)>,
}

fn name(branch: u8, height: u32) -> (BlockHash, BlockHeight) {
    let mut bytes = [branch; 32];
    bytes[..4].copy_from_slice(&height.to_le_bytes());
    (BlockHash::from_bytes(bytes), BlockHeight(height))
}

impl Chain {
    /// Adds the blocks of `branch` up to `to` behind block `from` of branch `parent` and makes them the best chain.
    fn extend(mut self, parent: u8, from: u32, branch: u8, to: u32) -> Self {
        let mut previous = name(parent, from).0;
        // Nothing comes before the genesis block.
        for height in if from == 0 { 0 } else { from + 1 }..=to {
            let (hash, height) = name(branch, height);
            let header =
                BlockHeader { hash, previous, voters: 5, stake_difficulty: Amount::ZERO, height, time: height.0 };
            self.blocks.insert(hash, Block { header, stake_transactions: Vec::new() });
            previous = hash;
        }
        self.tip = Some(name(branch, to));
        self
    }
}

fn not_asked<T>() -> Result<T, NodeError> {
    panic!("catching up needs nothing but blocks")
}

#[async_trait]
impl Node for Chain {
    fn name(&self) -> &str {
        "chain"
    }

    async fn info(&self) -> Result<NodeInfo, NodeError> {
        not_asked()
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        Ok(self.tip.unwrap())
    }

    async fn block_hash(&self, _: BlockHeight) -> Result<BlockHash, NodeError> {
        not_asked()
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        let missing = || NodeError::NotFound { node: "chain".to_owned(), what: hash.to_string() };
        self.blocks.get(hash).cloned().ok_or_else(missing)
    }

    async fn transaction(&self, _: &TxHash) -> Result<MinedTransaction, NodeError> {
        not_asked()
    }

    async fn live_tickets(&self) -> Result<Vec<TicketHash>, NodeError> {
        not_asked()
    }

    async fn send_vote(&self, _: &VoteTransaction) -> Result<VoteSubmission, NodeError> {
        not_asked()
    }

    async fn rebroadcast_winners(&self) -> Result<(), NodeError> {
        not_asked()
    }
}

/// The ancestor's height, how many blocks left, the heights that came.
async fn catch_up(chain: &Chain, last: (BlockHash, BlockHeight), limit: u32) -> (Option<u32>, u32, Vec<u32>) {
    let found = missed_blocks(chain, last, limit).await.unwrap();
    assert_eq!(Some(found.tip), chain.tip);
    let connected = found.connected.iter().map(|block| block.header.height.0).collect();
    (found.ancestor.map(|(_, height)| height.0), found.disconnected, connected)
}

#[tokio::test]
async fn nothing_is_missed_at_the_tip() {
    let chain = Chain::default().extend(0, 0, 0, 10);
    assert_eq!(catch_up(&chain, name(0, 10), 100).await, (Some(10), 0, vec![]));
    assert_eq!(catch_up(&chain, name(0, 10), 0).await, (Some(10), 0, vec![]));
}

#[tokio::test]
async fn missed_blocks_come_lowest_first() {
    let chain = Chain::default().extend(0, 0, 0, 10);
    assert_eq!(catch_up(&chain, name(0, 7), 100).await, (Some(7), 0, vec![8, 9, 10]));
    assert_eq!(catch_up(&chain, name(0, 7), 3).await, (Some(7), 0, vec![8, 9, 10]));
}

#[tokio::test]
async fn a_reorganisation_is_followed_down_to_the_fork_and_up_again() {
    let longer = Chain::default().extend(0, 0, 0, 10).extend(0, 6, 1, 12);
    assert_eq!(catch_up(&longer, name(0, 10), 100).await, (Some(6), 4, vec![7, 8, 9, 10, 11, 12]));
    let equal = Chain::default().extend(0, 0, 0, 10).extend(0, 8, 1, 10);
    assert_eq!(catch_up(&equal, name(0, 10), 100).await, (Some(8), 2, vec![9, 10]));
    let shorter = Chain::default().extend(0, 0, 0, 10).extend(0, 4, 1, 6);
    assert_eq!(catch_up(&shorter, name(0, 10), 100).await, (Some(4), 6, vec![5, 6]));
    let back = Chain { tip: Some(name(0, 7)), ..Chain::default().extend(0, 0, 0, 10) };
    assert_eq!(catch_up(&back, name(0, 10), 100).await, (Some(7), 3, vec![]));
}

#[tokio::test]
async fn beyond_the_limit_or_on_an_unknown_chain_there_is_no_ancestor() {
    let chain = Chain::default().extend(0, 0, 0, 100);
    assert_eq!(catch_up(&chain, name(0, 10), 5).await, (None, 0, vec![96, 97, 98, 99, 100]));
    let (ancestor, ..) = catch_up(&chain, name(9, 100), 50).await;
    assert_eq!(ancestor, None);
    // The genesis block has no parent to go on with.
    let (ancestor, disconnected, _) = catch_up(&Chain::default().extend(0, 0, 0, 3), name(9, 0), 50).await;
    assert_eq!((ancestor, disconnected), (None, 0));
}

#[tokio::test]
async fn a_block_at_another_height_than_its_place_is_an_error() {
    let mut chain = Chain::default().extend(0, 0, 0, 10);
    chain.blocks.get_mut(&name(0, 9).0).unwrap().header.height = BlockHeight(4);
    let error = missed_blocks(&chain, name(0, 5), 100).await.unwrap_err().to_string();
    assert!(error.contains("should have height 9, not 4"), "{error}");
}

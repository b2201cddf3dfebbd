//! A network in a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stakepool_core::chain::{Amount, BlockHeight, Generation, OutPoint, TicketHash, Transaction, TxHash};

use super::builder::SimNetworkBuilder;
use crate::chain::{Block, Header, Purse, Tx};
use crate::error::SimError;
use crate::network::State;
use crate::wallet::Memory;

/// The format of the file.
const VERSION: u32 = 1;

/// Everything from which a network can be continued: the blocks, from which the chain's state follows, the waiting
/// transactions, and what the wallets keep.
#[derive(Serialize, Deserialize)]
pub(super) struct Snapshot {
    version: u32,
    generation: Generation,
    seed: u64,
    nonce: u32,
    blocks: Vec<SavedBlock>,
    waiting: Vec<String>,
    wallets: Vec<Memory>,
    purse: Option<SavedPurse>,
    collected: BlockHeight,
}

#[derive(Serialize, Deserialize)]
struct SavedBlock {
    header: String,
    regular: Vec<String>,
    stake: Vec<String>,
    winners: Vec<TicketHash>,
}

#[derive(Serialize, Deserialize)]
struct SavedPurse {
    hash: TxHash,
    index: u32,
    value: Amount,
    height: BlockHeight,
}

fn encoded(transactions: &[Tx]) -> Vec<String> {
    transactions.iter().map(|transaction| hex::encode(transaction.body.encode())).collect()
}

fn decoded(transactions: &[String]) -> Result<Vec<Tx>, String> {
    let read = |text: &String| Transaction::decode_hex(text).map(Tx::from).map_err(|error| error.to_string());
    transactions.iter().map(read).collect()
}

impl SavedBlock {
    fn block(&self) -> Result<Block, String> {
        let header = hex::decode(&self.header).map_err(|error| error.to_string())?;
        let header = Header::decode(&header).map_err(|error| error.to_string())?;
        Ok(Block::seal(header, decoded(&self.regular)?, decoded(&self.stake)?))
    }
}

impl Snapshot {
    /// Takes a network down.
    pub(super) fn of(state: &State, seed: u64) -> Self {
        let (purse, collected) = state.crowd.purse();
        let blocks = state.chain.best.blocks().iter().map(|block| SavedBlock {
            header: hex::encode(block.header.encode()),
            regular: encoded(&block.regular),
            stake: encoded(&block.stake),
            winners: state.chain.winners(&block.hash).to_vec(),
        });
        Self {
            version: VERSION,
            generation: state.chain.generation,
            seed,
            nonce: state.nonce(),
            blocks: blocks.collect(),
            waiting: encoded(state.mempool.candidates()),
            wallets: state.wallets.iter().map(|wallet| wallet.memory()).collect(),
            purse: purse.map(|purse| SavedPurse {
                hash: purse.outpoint.hash,
                index: purse.outpoint.index,
                value: purse.value,
                height: purse.height,
            }),
            collected,
        }
    }

    /// Writes the file beside itself first, so that a crash leaves the old one.
    pub(super) async fn write(&self, path: &Path) -> Result<(), SimError> {
        let failed = |reason: String| SimError::Snapshot { path: path.to_owned(), reason };
        let text = serde_json::to_vec(self).map_err(|error| failed(error.to_string()))?;
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        tokio::fs::write(&fresh, text).await.map_err(|error| failed(error.to_string()))?;
        tokio::fs::rename(&fresh, path).await.map_err(|error| failed(error.to_string()))
    }

    /// The settings that the saved network needs.
    pub(super) const fn settings(&self, mut settings: SimNetworkBuilder) -> SimNetworkBuilder {
        settings.generation = self.generation;
        settings.seed = self.seed;
        settings
    }

    /// Puts the saved network on top of its genesis block.
    pub(super) fn restore(self, mut state: State, path: PathBuf) -> Result<State, SimError> {
        let failed = |reason: String| SimError::Snapshot { path: path.clone(), reason };
        for (saved, height) in self.blocks.iter().zip(0u32..) {
            let block = saved.block().map_err(failed)?;
            if height == 0 {
                if block.hash != state.chain.tip().0 {
                    return Err(failed("it was written with another seed".to_owned()));
                }
                continue;
            }
            if block.header.previous != state.chain.tip().0 {
                return Err(failed(format!("block {height} does not follow the one before it")));
            }
            state.chain.restore(&Arc::new(block), saved.winners.clone());
        }
        state.mempool.put_back(decoded(&self.waiting).map_err(failed)?);
        // The buyer's wallet is the last, however many voting wallets there are now.
        let mut memories = self.wallets;
        if let (Some(memory), Some(buyer)) = (memories.pop(), state.wallets.last_mut()) {
            buyer.remember(memory)?;
        }
        let voters = state.wallets.len() - 1;
        for (wallet, memory) in state.wallets[..voters].iter_mut().zip(memories) {
            wallet.remember(memory)?;
        }
        let purse = self.purse.map(|purse| Purse {
            outpoint: OutPoint { hash: purse.hash, index: purse.index, tree: 0 },
            value: purse.value,
            height: purse.height,
        });
        state.crowd.restore_purse(purse, self.collected);
        state.set_nonce(self.nonce);
        state.resume();
        Ok(state)
    }
}

/// Reads a saved network, where a path is given and the file exists.
pub(super) async fn read(path: Option<&Path>) -> Result<Option<(Snapshot, PathBuf)>, SimError> {
    let Some(path) = path else { return Ok(None) };
    let failed = |reason: String| SimError::Snapshot { path: path.to_owned(), reason };
    let text = match tokio::fs::read(path).await {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    let snapshot: Snapshot = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
    if snapshot.version != VERSION {
        return Err(failed(format!("its format is {}, not {VERSION}; delete it to begin anew", snapshot.version)));
    }
    Ok(Some((snapshot, path.to_owned())))
}

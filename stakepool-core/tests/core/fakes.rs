//! Wallets and nodes that do what a test tells them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use stakepool_core::chain::{
    Address, BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, PubKeyAddress, RedeemScript,
    ScriptAddress, TicketHash, Transaction, TxHash, VoteBits, VoteTransaction,
};
use stakepool_core::ports::{
    Block, ChainWallet, Clock, MinedTransaction, Node, NodeError, NodeInfo, ScriptWallet, StakeInfo, StateFile,
    StateFileError, TicketWallet, VoteRequest, VoteSigner, VoteSubmission, WalletError, WalletInfo, WalletTickets,
};
use stakepool_core::time::UnixMillis;

use crate::tickets::{COLD, VERSION, header, vote};

/// How a fake wallet behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Fine,
    /// Answers unsigned votes, as a locked wallet of today does.
    Unsigned,
    Away,
    Silent,
    /// Takes two seconds for everything.
    Slow,
}

/// What a fake wallet does wrong beside its mood.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// Rescans fail.
    pub rescan: bool,
    /// It makes other scripts.
    pub script: bool,
    /// It is locked, as far as scripts are concerned.
    pub locked: bool,
    /// Statistics are never answered.
    pub statistics: bool,
    /// It has the scripts, but not the pool's keys: unlocked as it is, its votes are unsigned.
    pub keyless: bool,
    /// It votes by itself.
    pub votes_itself: bool,
}

pub struct FakeWallet {
    pub name: String,
    pub mood: Mutex<Mood>,
    pub tickets: Mutex<Vec<TicketHash>>,
    pub scripts: Mutex<Vec<ScriptAddress>>,
    pub requests: Mutex<Vec<VoteRequest>>,
    pub rescans: Mutex<Vec<BlockHeight>>,
    pub key: Mutex<ExtendedPubKey>,
    pub faults: Mutex<Faults>,
    pub synced: Mutex<Vec<KeyIndex>>,
    pub best: Mutex<u32>,
    /// How often statistics were asked for.
    pub statistics: AtomicUsize,
    pub generation: Mutex<Generation>,
    /// How often it was asked to revoke.
    pub revocations: AtomicUsize,
}

impl FakeWallet {
    pub fn new(name: &str) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            mood: Mutex::new(Mood::Fine),
            tickets: Mutex::default(),
            scripts: Mutex::default(),
            requests: Mutex::default(),
            rescans: Mutex::default(),
            key: Mutex::new(COLD.parse().unwrap()),
            faults: Mutex::default(),
            synced: Mutex::default(),
            best: Mutex::new(321),
            statistics: AtomicUsize::new(0),
            generation: Mutex::new(Generation::Today),
            revocations: AtomicUsize::new(0),
        })
    }

    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    async fn reach(&self) -> Result<(), WalletError> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Fine | Mood::Unsigned => Ok(()),
            Mood::Away => Err(WalletError::Unreachable { wallet: self.name.clone(), reason: "refused".into() }),
            Mood::Silent => std::future::pending().await,
            Mood::Slow => {
                tokio::time::sleep(Duration::from_secs(2)).await;
                Ok(())
            }
        }
    }
}

#[async_trait]
impl VoteSigner for FakeWallet {
    fn name(&self) -> &str {
        &self.name
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        self.reach().await?;
        Ok(WalletInfo {
            generation: *self.generation.lock().unwrap(),
            version: "fake".into(),
            unlocked: *self.mood.lock().unwrap() != Mood::Unsigned,
            connected: true,
            votes_itself: self.faults.lock().unwrap().votes_itself,
            vote_bits: VoteBits(1),
            vote_bits_extended: "0b000000".into(),
            vote_version: VERSION,
        })
    }

    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        self.reach().await?;
        self.requests.lock().unwrap().push(request.clone());
        let signed = *self.mood.lock().unwrap() != Mood::Unsigned && !self.faults.lock().unwrap().keyless;
        let made = vote(request.ticket, request.block, request.height, request.bits, signed);
        Ok(VoteTransaction::from_transaction(made).unwrap())
    }
}

#[async_trait]
impl ScriptWallet for FakeWallet {
    async fn master_pubkey(&self) -> Result<ExtendedPubKey, WalletError> {
        self.reach().await?;
        Ok(*self.key.lock().unwrap())
    }

    async fn sync_address_index(&self, index: KeyIndex) -> Result<(), WalletError> {
        self.reach().await?;
        self.synced.lock().unwrap().push(index);
        Ok(())
    }

    async fn own_pubkey(&self, address: &Address) -> Result<Option<PubKeyAddress>, WalletError> {
        self.reach().await?;
        let keys = self.key.lock().unwrap().external_branch().unwrap().addresses(KeyIndex(20)).unwrap();
        Ok(keys.into_iter().find(|key| key.to_pubkey_hash() == *address))
    }

    async fn has_script(&self, address: &ScriptAddress) -> Result<bool, WalletError> {
        self.reach().await?;
        Ok(self.scripts.lock().unwrap().contains(address))
    }

    async fn create_multisig(
        &self,
        pool: &PubKeyAddress,
        user: &PubKeyAddress,
    ) -> Result<(ScriptAddress, RedeemScript), WalletError> {
        self.reach().await?;
        let faults = *self.faults.lock().unwrap();
        if faults.locked {
            return Err(WalletError::Locked { wallet: self.name.clone() });
        }
        let (first, second) = if faults.script { (user, pool) } else { (pool, user) };
        let script = RedeemScript::new(*first.public_key(), *second.public_key());
        Ok((script.address(Network::Simnet), script))
    }

    async fn import_script(&self, script: &RedeemScript) -> Result<(), WalletError> {
        self.reach().await?;
        self.scripts.lock().unwrap().push(script.address(Network::Simnet));
        Ok(())
    }

    async fn rescan(&self, from: BlockHeight) -> Result<(), WalletError> {
        self.rescans.lock().unwrap().push(from);
        if self.faults.lock().unwrap().rescan {
            return Err(WalletError::Unreachable { wallet: self.name.clone(), reason: "restarted".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl ChainWallet for FakeWallet {
    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), WalletError> {
        self.reach().await?;
        Ok((BlockHash::from_bytes([0; 32]), BlockHeight(*self.best.lock().unwrap())))
    }

    async fn stake_info(&self) -> Result<StakeInfo, WalletError> {
        self.statistics.fetch_add(1, Ordering::SeqCst);
        self.reach().await?;
        if self.faults.lock().unwrap().statistics {
            std::future::pending::<()>().await;
        }
        Ok(StakeInfo { height: BlockHeight(321), ..StakeInfo::default() })
    }
}

#[async_trait]
impl TicketWallet for FakeWallet {
    async fn tickets(&self) -> Result<Vec<TicketHash>, WalletError> {
        self.reach().await?;
        Ok(self.tickets.lock().unwrap().clone())
    }

    async fn user_tickets(&self, _: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        Ok(WalletTickets::default())
    }

    async fn revoke_tickets(&self) -> Result<(), WalletError> {
        self.revocations.fetch_add(1, Ordering::SeqCst);
        self.reach().await
    }
}

/// A chain of blocks that a test extends.
#[derive(Default)]
pub struct FakeChain {
    /// Blocks by height: branch and stake transactions.
    blocks: HashMap<u32, (u8, Vec<Transaction>)>,
    transactions: HashMap<TxHash, (Transaction, u32)>,
    best: u32,
    pub live: Vec<TicketHash>,
    pub sent: Vec<VoteTransaction>,
    pub refuse_votes: bool,
    pub refuse_transactions: bool,
    /// The height at which a node answers that has not caught up.
    pub lags_behind: Option<u32>,
}

impl FakeChain {
    fn tip(&self) -> u32 {
        self.lags_behind.unwrap_or(self.best)
    }
}

pub struct FakeNode {
    pub chain: Mutex<FakeChain>,
    pub rebroadcasts: AtomicUsize,
}

impl FakeNode {
    pub fn at(height: u32) -> Arc<Self> {
        let node = Self { chain: Mutex::default(), rebroadcasts: AtomicUsize::new(0) };
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

    pub fn sent(&self) -> Vec<VoteTransaction> {
        self.chain.lock().unwrap().sent.clone()
    }

    pub fn sent_count(&self) -> usize {
        self.chain.lock().unwrap().sent.len()
    }

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
        Ok(NodeInfo { generation: Generation::Today, version: "fake".into(), network: Network::Simnet })
    }

    async fn best_block(&self) -> Result<(BlockHash, BlockHeight), NodeError> {
        let best = self.chain.lock().unwrap().tip();
        Ok((self.block_hash(BlockHeight(best)).await?, BlockHeight(best)))
    }

    async fn block_hash(&self, height: BlockHeight) -> Result<BlockHash, NodeError> {
        let chain = self.chain.lock().unwrap();
        if height.0 > chain.tip() {
            return Err(self.not_found(height));
        }
        let (branch, _) = chain.blocks.get(&height.0).ok_or_else(|| self.not_found(height))?;
        Ok(crate::tickets::block(height.0, *branch))
    }

    async fn block(&self, hash: &BlockHash) -> Result<Block, NodeError> {
        let chain = self.chain.lock().unwrap();
        let mut height = [0; 4];
        height.copy_from_slice(&hash.as_bytes()[..4]);
        let (height, branch) = (u32::from_le_bytes(height), hash.as_bytes()[31]);
        if height > chain.tip() && chain.lags_behind.is_some() {
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

#[derive(Default)]
pub struct MemoryFile {
    pub bytes: Mutex<Option<Vec<u8>>>,
    pub aside: Mutex<Option<Vec<u8>>>,
}

impl StateFile for MemoryFile {
    fn load(&self) -> Result<Option<Vec<u8>>, StateFileError> {
        Ok(self.bytes.lock().unwrap().clone())
    }

    fn save(&self, bytes: &[u8]) -> Result<(), StateFileError> {
        *self.bytes.lock().unwrap() = Some(bytes.to_vec());
        Ok(())
    }

    fn set_aside(&self) -> Result<String, StateFileError> {
        *self.aside.lock().unwrap() = self.bytes.lock().unwrap().take();
        Ok("aside".into())
    }
}

pub struct FixedClock;

impl Clock for FixedClock {
    fn now_millis(&self) -> UnixMillis {
        UnixMillis(1_700_000_000_000)
    }
}

/// Lets everything that can run now run, under a paused clock.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

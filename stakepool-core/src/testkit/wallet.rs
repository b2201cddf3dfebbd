//! A wallet that does what a test tells it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::tickets::{COLD, VERSION, vote};
use crate::chain::{
    Address, BlockHash, BlockHeight, ExtendedPubKey, Generation, KeyIndex, Network, PoolKey, PubKeyAddress,
    RedeemScript, ScriptAddress, TicketHash, TxHash, UserKey, VoteBits, VoteTransaction, VoteVersion,
};
use crate::ports::{
    Agenda, AgendaSource, ChainWallet, MinedTransaction, ScriptWallet, StakeInfo, TicketCounts, TicketWallet,
    TransactionSource, VoteRequest, VoteSigner, WalletError, WalletInfo, WalletTickets,
};

/// How a fake wallet behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Answers at once.
    Fine,
    /// Answers unsigned votes, as a locked wallet of today does.
    Unsigned,
    /// Cannot be reached.
    Unreachable,
    /// Never answers.
    Silent,
    /// Takes two seconds for everything.
    Slow,
}

/// What a fake wallet does wrong beside its mood.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Rescans fail.
    pub rescan: bool,
    /// Rescans do not come to their end.
    pub endless_rescan: bool,
    /// It has no node.
    pub without_node: bool,
    /// It works without a node by itself (SPV).
    pub spv: bool,
    /// It makes other scripts.
    pub script: bool,
    /// It is locked, as far as scripts are concerned.
    pub locked: bool,
    /// Statistics are never answered, and tickets never counted.
    pub statistics: bool,
    /// It has the scripts, but not the pool's keys: unlocked as it is, its votes are unsigned.
    pub keyless: bool,
    /// It takes two seconds for a vote, and for nothing else.
    pub slow_votes: bool,
    /// It votes by itself.
    pub votes_itself: bool,
    /// It lost its tickets: it makes no vote, and lists none.
    pub forgetful: bool,
    /// It cannot say which tickets an address has.
    pub unlisted: bool,
    /// It is of a version with known faults.
    pub outdated: bool,
}

/// A wallet of simnet that does what a test tells it, and notes what it was asked.
#[derive(Debug)]
pub struct FakeWallet {
    /// Its name.
    pub name: String,
    /// How it behaves.
    pub mood: Mutex<Mood>,
    /// The tickets that it watches.
    pub tickets: Mutex<Vec<TicketHash>>,
    /// The addresses of the scripts that it has.
    pub scripts: Mutex<Vec<ScriptAddress>>,
    /// The votes that it was asked for, in order.
    pub requests: Mutex<Vec<VoteRequest>>,
    /// The heights from which it was asked to look through the chain, in order.
    pub rescans: Mutex<Vec<BlockHeight>>,
    /// Its account key.
    pub key: Mutex<ExtendedPubKey>,
    /// What it does wrong.
    pub faults: Mutex<Faults>,
    /// The indexes up to which it was asked to watch its keys, in order.
    pub synced: Mutex<Vec<KeyIndex>>,
    /// Its best height.
    pub best: Mutex<u32>,
    /// How often statistics were asked for.
    pub statistics: AtomicUsize,
    /// Which generation it is.
    pub generation: Mutex<Generation>,
    /// How often a connection to it was made.
    pub connections: AtomicU64,
    /// How often it was asked to revoke.
    pub revocations: AtomicUsize,
    /// The tickets of each address.
    pub user_tickets: Mutex<HashMap<ScriptAddress, WalletTickets>>,
    /// The transactions that its node knows.
    pub transactions: Mutex<HashMap<TxHash, MinedTransaction>>,
    /// What can be voted on under every vote version.
    pub agendas: Mutex<Vec<Agenda>>,
    /// The scripts behind those addresses, as far as they were imported.
    pub redeem_scripts: Mutex<HashMap<ScriptAddress, RedeemScript>>,
    /// Wakes those who wait for a new connection.
    pub reconnected: Notify,
    /// The bits of the agendas, where it says so to a daemon.
    pub agenda_bits: Mutex<Option<VoteBits>>,
    /// How many tickets it counts, where it says so to a daemon.
    pub counts: Mutex<Option<TicketCounts>>,
    /// How often it was asked to count them.
    pub counted: AtomicUsize,
}

impl FakeWallet {
    /// A wallet in good order that has the account key [`COLD`], no scripts and no tickets.
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
            connections: AtomicU64::new(1),
            revocations: AtomicUsize::new(0),
            user_tickets: Mutex::default(),
            transactions: Mutex::default(),
            agendas: Mutex::default(),
            redeem_scripts: Mutex::default(),
            reconnected: Notify::new(),
            agenda_bits: Mutex::default(),
            counts: Mutex::default(),
            counted: AtomicUsize::new(0),
        })
    }

    /// Changes its mood.
    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// Notes a new connection, as after a restart of the wallet so short that nobody missed it.
    pub fn reconnect(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        self.reconnected.notify_waiters();
    }

    async fn reach(&self) -> Result<(), WalletError> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Fine | Mood::Unsigned => Ok(()),
            Mood::Unreachable => Err(WalletError::Unreachable { wallet: self.name.clone(), reason: "refused".into() }),
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

    fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        self.reach().await?;
        let faults = *self.faults.lock().unwrap();
        Ok(WalletInfo {
            generation: *self.generation.lock().unwrap(),
            version: if faults.outdated { "exccwallet 2.8.3 (JSON-RPC 8.9.0)" } else { "fake" }.into(),
            unlocked: *self.mood.lock().unwrap() != Mood::Unsigned,
            votes_itself: faults.votes_itself,
            connected: !faults.without_node,
            spv: faults.spv,
            ..WalletInfo::ready(VERSION)
        })
    }

    async fn connected_again(&self, known: u64) {
        loop {
            let mut reconnected = std::pin::pin!(self.reconnected.notified());
            reconnected.as_mut().enable();
            if self.connections() > known {
                return;
            }
            reconnected.await;
        }
    }

    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        self.reach().await?;
        self.requests.lock().unwrap().push(request.clone());
        if self.faults.lock().unwrap().slow_votes {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        if self.faults.lock().unwrap().forgetful {
            let message = format!("item does not exist: tx {} not found", request.ticket);
            return Err(WalletError::UnknownTicket { wallet: self.name.clone(), message });
        }
        let signed = *self.mood.lock().unwrap() != Mood::Unsigned && !self.faults.lock().unwrap().keyless;
        let made = vote(request.ticket, request.block, request.height, request.bits, signed);
        Ok(VoteTransaction::from_transaction(made).unwrap())
    }

    async fn agenda_bits(&self, _: VoteVersion) -> Result<Option<VoteBits>, WalletError> {
        Ok(*self.agenda_bits.lock().unwrap())
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
        let script = RedeemScript::new(PoolKey(*first.public_key()), UserKey(*second.public_key()));
        Ok((script.address(Network::Simnet), script))
    }

    async fn import_script(&self, script: &RedeemScript) -> Result<(), WalletError> {
        self.reach().await?;
        let address = script.address(Network::Simnet);
        self.scripts.lock().unwrap().push(address);
        self.redeem_scripts.lock().unwrap().insert(address, *script);
        Ok(())
    }

    async fn script_addresses(&self) -> Result<Option<Vec<ScriptAddress>>, WalletError> {
        self.reach().await?;
        Ok(Some(self.scripts.lock().unwrap().clone()))
    }

    async fn script(&self, address: &ScriptAddress) -> Result<Option<RedeemScript>, WalletError> {
        self.reach().await?;
        Ok(self.redeem_scripts.lock().unwrap().get(address).copied())
    }

    async fn rescan(&self, from: BlockHeight) -> Result<(), WalletError> {
        self.rescans.lock().unwrap().push(from);
        if self.faults.lock().unwrap().endless_rescan {
            std::future::pending::<()>().await;
        }
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
        if self.faults.lock().unwrap().forgetful {
            return Ok(Vec::new());
        }
        Ok(self.tickets.lock().unwrap().clone())
    }

    async fn holds_script(&self, address: &ScriptAddress) -> Result<bool, WalletError> {
        self.has_script(address).await
    }

    async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, WalletError> {
        self.reach().await?;
        if self.faults.lock().unwrap().unlisted {
            let (method, message) = ("gettickets".into(), "database is closed".into());
            return Err(WalletError::Rpc { wallet: self.name.clone(), method, code: -1, message });
        }
        Ok(self.user_tickets.lock().unwrap().get(address).cloned().unwrap_or_default())
    }

    async fn ticket_counts(&self) -> Result<Option<TicketCounts>, WalletError> {
        self.counted.fetch_add(1, Ordering::SeqCst);
        self.reach().await?;
        if self.faults.lock().unwrap().statistics {
            std::future::pending::<()>().await;
        }
        Ok(*self.counts.lock().unwrap())
    }

    async fn revoke_tickets(&self) -> Result<(), WalletError> {
        self.revocations.fetch_add(1, Ordering::SeqCst);
        self.reach().await
    }
}

#[async_trait]
impl TransactionSource for FakeWallet {
    async fn transaction(&self, hash: &TxHash) -> Result<MinedTransaction, WalletError> {
        self.reach().await?;
        let found = self.transactions.lock().unwrap().get(hash).cloned();
        found.ok_or_else(|| WalletError::Rpc {
            wallet: self.name.clone(),
            method: "getrawtransaction".into(),
            code: -5,
            message: format!("no information about transaction {hash}"),
        })
    }
}

#[async_trait]
impl AgendaSource for FakeWallet {
    async fn agendas(&self, _: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
        self.reach().await?;
        Ok(self.agendas.lock().unwrap().clone())
    }
}

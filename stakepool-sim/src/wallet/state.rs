//! What a wallet has: keys, scripts, and the tickets that it knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use secp256k1::PublicKey;
use serde::{Deserialize, Serialize};
use stakepool_core::chain::{
    BlockHeight, ExtendedPubKey, Hash160, KeyIndex, OutputScript, PrivateKey, RedeemScript, TicketHash, hash160,
};
use stakepool_core::ticket::{Evaluator, TicketSubmission, Verdict};

use crate::chain::{Block, Branch, TxKind};
use crate::error::SimError;
use crate::keys::KeyRing;

/// Keys that a wallet watches beyond the last that it was told of.
const GAP: u32 = 20;

/// A ticket that a wallet knows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct KnownTicket {
    pub mined_at: BlockHeight,
    /// The verdict on its fee, given once when it was seen; `None` without the pool's features.
    pub accepted: Option<bool>,
}

/// What a wallet keeps on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Memory {
    last_index: KeyIndex,
    next_address: u32,
    scripts: Vec<String>,
    tickets: BTreeMap<TicketHash, KnownTicket>,
    added: BTreeSet<TicketHash>,
}

/// A wallet.
pub(crate) struct Wallet {
    /// Whether it can sign.
    pub locked: bool,
    /// Whether its keys are those of another seed.
    pub disagrees: bool,
    /// Whether it was started with the pool's cold key and fee.
    pub pool_features: bool,
    /// Whether it has a connection to its node.
    pub connected: bool,
    /// Whether it votes by its own.
    pub votes_itself: bool,
    keys: Arc<KeyRing>,
    strange_keys: Arc<KeyRing>,
    judge: Arc<Evaluator>,
    last_index: KeyIndex,
    next_address: u32,
    scripts: BTreeMap<Hash160, Vec<u8>>,
    tickets: BTreeMap<TicketHash, KnownTicket>,
    added: BTreeSet<TicketHash>,
}

impl Wallet {
    /// A wallet with the keys of `keys`; `strange_keys` are those that it has while it disagrees.
    pub(crate) fn new(keys: Arc<KeyRing>, strange_keys: Arc<KeyRing>, judge: Arc<Evaluator>) -> Result<Self, SimError> {
        keys.extend_to(KeyIndex(GAP))?;
        Ok(Self {
            locked: false,
            disagrees: false,
            pool_features: true,
            connected: true,
            votes_itself: false,
            keys,
            strange_keys,
            judge,
            last_index: KeyIndex(0),
            next_address: 1,
            scripts: BTreeMap::new(),
            tickets: BTreeMap::new(),
            added: BTreeSet::new(),
        })
    }

    /// The keys in use.
    pub(crate) fn keys(&self) -> &Arc<KeyRing> {
        if self.disagrees { &self.strange_keys } else { &self.keys }
    }

    /// The account's extended public key.
    pub(crate) fn xpub(&self) -> ExtendedPubKey {
        self.keys().xpub()
    }

    /// Watches the keys up to `last`, which must have been derived.
    pub(crate) fn watch_to(&mut self, last: KeyIndex) {
        self.last_index = self.last_index.max(last);
    }

    /// The next key that was never given out.
    pub(crate) fn take_address(&mut self) -> Result<(KeyIndex, PublicKey), SimError> {
        let index = KeyIndex(self.next_address);
        let key = self.keys().public_key(index)?;
        self.next_address += 1;
        self.watch_to(index);
        Ok((index, key))
    }

    /// What a wallet keeps on disk.
    pub(crate) fn memory(&self) -> Memory {
        Memory {
            last_index: self.last_index,
            next_address: self.next_address,
            scripts: self.scripts.values().map(hex::encode).collect(),
            tickets: self.tickets.clone(),
            added: self.added.clone(),
        }
    }

    /// Puts back what [`Wallet::memory`] gave. Scripts that are not hexadecimal are left out.
    pub(crate) fn remember(&mut self, memory: Memory) -> Result<(), SimError> {
        self.keys.extend_to(memory.last_index)?;
        self.last_index = memory.last_index;
        self.next_address = memory.next_address;
        for script in memory.scripts.iter().filter_map(|script| hex::decode(script).ok()) {
            self.import(script);
        }
        self.tickets = memory.tickets;
        self.added = memory.added;
        Ok(())
    }

    /// The number and public key of one of the wallet's own addresses.
    pub(crate) fn own_key(&self, hash: Hash160) -> Option<(KeyIndex, PublicKey)> {
        let index = self.keys().index_of(hash).filter(|index| index.0 <= self.last_index.0.saturating_add(GAP))?;
        Some((index, self.keys().public_key(index).ok()?))
    }

    pub(super) fn secret_of(&self, key: &PublicKey) -> Option<PrivateKey> {
        let (index, _) = self.own_key(hash160(&key.serialize()))?;
        self.keys().secret(index).ok()
    }

    /// All scripts that the wallet has.
    pub(crate) const fn scripts(&self) -> &BTreeMap<Hash160, Vec<u8>> {
        &self.scripts
    }

    /// Takes in a script. Returns whether it is new.
    pub(crate) fn import(&mut self, script: Vec<u8>) -> bool {
        self.scripts.insert(hash160(&script), script).is_none()
    }

    /// Forgets all scripts and tickets, as a wallet that was made anew from its seed.
    pub(crate) fn forget(&mut self) {
        self.scripts.clear();
        self.tickets.clear();
        self.added.clear();
        self.last_index = KeyIndex(0);
    }

    /// The tickets that the wallet knows.
    pub(crate) const fn tickets(&self) -> &BTreeMap<TicketHash, KnownTicket> {
        &self.tickets
    }

    /// Looks for tickets in a block.
    pub(crate) fn learn(&mut self, block: &Block) {
        for transaction in &block.stake {
            if let TxKind::Ticket(submission) = &transaction.kind {
                self.learn_ticket(submission, block.header.height);
            }
        }
    }

    /// Looks for tickets in a branch from a height on.
    pub(crate) fn rescan(&mut self, branch: &Branch, from: BlockHeight) {
        for ticket in branch.tickets.values().filter(|ticket| ticket.mined_at >= from) {
            self.learn_ticket(&ticket.submission, ticket.mined_at);
        }
    }

    fn learn_ticket(&mut self, submission: &TicketSubmission, mined_at: BlockHeight) {
        let watched = match submission.voting {
            OutputScript::ScriptHash(hash) => self.scripts.contains_key(&hash),
            OutputScript::PubKeyHash(hash) => self.own_key(hash).is_some(),
        };
        if !watched || self.tickets.contains_key(&submission.hash) {
            return;
        }
        let accepted = self.pool_features.then(|| self.judge.judge(submission, mined_at).verdict == Verdict::Accepted);
        self.tickets.insert(submission.hash, KnownTicket { mined_at, accepted });
    }

    /// Forgets what was mined above a height.
    pub(crate) fn unlearn_above(&mut self, height: BlockHeight) {
        self.tickets.retain(|_, ticket| ticket.mined_at <= height);
    }

    /// Moves a ticket to the valid ones, whatever its fee.
    pub(crate) fn add_ticket(&mut self, ticket: TicketHash) {
        self.added.insert(ticket);
    }

    /// Whether the wallet counts a ticket among the valid ones.
    pub(crate) fn accepts(&self, ticket: &TicketHash) -> bool {
        self.added.contains(ticket) || self.tickets.get(ticket).is_some_and(|known| known.accepted == Some(true))
    }

    /// The two-key script behind a script hash.
    pub(super) fn redeem_script(&self, hash: Hash160) -> Option<RedeemScript> {
        RedeemScript::from_bytes(self.scripts.get(&hash)?).ok()
    }
}

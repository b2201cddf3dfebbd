//! Votes signed by keys at hand, without a wallet: no call, no lock, and nothing that a wallet could lose.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use async_trait::async_trait;
use foldhash::{HashMap, HashMapExt as _};

use crate::chain::{
    ExtendedPrivKey, ExternalBranch, Generation, Hash160, HdKeyError, KeyIndex, Network, OutputScript, Params,
    PrivateKey, RedeemScript, Spends, TICKET_INPUT, TicketHash, TicketOutputs, Transaction, VoteChoice,
    VoteTransaction, VoteVersion, hash160, sign_multisig, sign_pubkey_hash, unsigned_vote,
};
use crate::ports::{VoteRequest, VoteSigner, WalletError, WalletInfo};

/// What the signer is called in messages.
const NAME: &str = "voting key";

/// Signs votes with keys of single tickets, whose owners handed them over, and, where it is given it, with the key of the voting
/// wallets: for users' scripts. Its votes are those of a wallet, byte by byte.
///
/// It must have been given a ticket's [outputs](Self::add_ticket), and the [script](Self::add_script) or
/// [key](Self::add_key) that votes, before it signs for it. It never prints a key.
pub struct KeySigner {
    params: Params,
    info: WalletInfo,
    branch: Option<Branch>,
    known: RwLock<Known>,
}

/// The external branch of the voting wallets' account.
struct Branch {
    key: ExtendedPrivKey,
    public: ExternalBranch,
    /// Its public keys by their hashes.
    indexes: HashMap<Hash160, KeyIndex>,
}

#[derive(Default)]
struct Known {
    scripts: HashMap<Hash160, (RedeemScript, KeyIndex)>,
    keys: HashMap<TicketHash, Arc<PrivateKey>>,
    tickets: HashMap<TicketHash, TicketOutputs>,
}

/// A script in which no key of the signer's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pool's key in this script is none of the voting key's: the key file belongs to another voting wallet")]
pub struct ForeignScript;

/// Why a vote is not signed by key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySignError {
    /// It was not given the ticket's outputs.
    #[error("the ticket's transaction is not known yet")]
    UnknownTicket,
    /// It was not given the script that votes, or has no key in it.
    #[error("the script that votes is not known, or of other voting wallets")]
    UnknownScript,
    /// It was not given the key that votes.
    #[error("nobody handed over the key that votes")]
    UnknownKey,
    /// The request, the key or the ticket cannot be right.
    #[error("{0}")]
    Refused(String),
}

impl KeySigner {
    /// A signer with the keys of single tickets alone. Votes are of `version` and look like those of a wallet of `generation`.
    pub fn new(network: Network, generation: Generation, version: VoteVersion) -> Self {
        Self {
            params: network.params(generation),
            info: WalletInfo { generation, version: NAME.to_owned(), ..WalletInfo::ready(version) },
            branch: None,
            known: RwLock::default(),
        }
    }

    /// A signer for a chain with these parameters, whose votes are of the version that its wallets vote.
    pub(super) fn of_chain(network: Network, params: &Params) -> Self {
        let is_legacy = network.params(Generation::Today) != *params;
        let generation = if is_legacy { Generation::Legacy } else { Generation::Today };
        Self::new(network, generation, network.vote_version(generation))
    }

    /// The same with the external branch of the voting wallets' account (child 0 of the account's key), whose keys 0 to `last`
    /// are users'.
    ///
    /// # Errors
    /// As [`ExternalBranch::addresses`](crate::chain::ExternalBranch::addresses).
    pub fn with_branch(self, network: Network, key: ExtendedPrivKey, last: KeyIndex) -> Result<Self, HdKeyError> {
        let public = ExternalBranch::of_branch_key(key.public(network));
        let hashes = public.addresses(last)?.into_iter().map(|address| hash160(&address.public_key().serialize()));
        let mut indexes = HashMap::with_capacity(last.0 as usize + 1);
        indexes.extend(hashes.zip((0..).map(KeyIndex)));
        Ok(Self { branch: Some(Branch { key, public, indexes }), ..self })
    }

    /// The branch of the voting wallets, where it has their key.
    pub fn branch(&self) -> Option<ExternalBranch> {
        self.branch.as_ref().map(|branch| branch.public)
    }

    /// Takes in a user's script.
    ///
    /// # Errors
    /// [`ForeignScript`] where the pool's key in it is of another wallet, or beyond the last index, or it has no wallet's key.
    pub fn add_script(&self, script: RedeemScript) -> Result<(), ForeignScript> {
        let index = self.index_of(&script).ok_or(ForeignScript)?;
        self.write(|known| known.scripts.insert(hash160(&script.to_bytes()), (script, index)));
        Ok(())
    }

    /// Takes in the scripts of users in the place of all before. Returns how many have none of its keys.
    pub(super) fn set_scripts<'a>(&self, scripts: impl Iterator<Item = &'a RedeemScript>) -> usize {
        if self.branch.is_none() {
            return 0;
        }
        let mut foreign = 0;
        let mut own = HashMap::new();
        for script in scripts {
            match self.index_of(script) {
                Some(index) => drop(own.insert(hash160(&script.to_bytes()), (*script, index))),
                None => foreign += 1,
            }
        }
        self.write(|known| known.scripts = own);
        foreign
    }

    fn index_of(&self, script: &RedeemScript) -> Option<KeyIndex> {
        self.branch.as_ref()?.indexes.get(&hash160(&script.pool_key().0.serialize())).copied()
    }

    /// Takes in the key that votes with a ticket, whose owner handed it over. Others with the same key are not signed for.
    pub fn add_key(&self, ticket: TicketHash, key: Arc<PrivateKey>) {
        self.write(|known| known.keys.insert(ticket, key));
    }

    /// Takes in what a ticket says.
    pub fn add_ticket(&self, ticket: TicketOutputs) {
        self.write(|known| known.tickets.insert(ticket.ticket, ticket));
    }

    /// Forgets a ticket, and its key.
    pub fn remove_ticket(&self, ticket: &TicketHash) {
        self.write(|known| {
            known.keys.remove(ticket);
            known.tickets.remove(ticket)
        });
    }

    /// Whether it signs votes that go to such a script or key, once it has the ticket's outputs.
    pub(super) fn signs_for(&self, ticket: &TicketHash, voting: OutputScript) -> bool {
        let known = self.read();
        match voting {
            OutputScript::ScriptHash(hash) => known.scripts.contains_key(&hash),
            OutputScript::PubKeyHash(_) => known.keys.contains_key(ticket),
        }
    }

    /// Those of the tickets that it would sign for, but whose outputs it has not.
    pub(super) fn lacking(&self, tickets: impl Iterator<Item = (TicketHash, OutputScript)>) -> Vec<TicketHash> {
        let known = self.read();
        let signs_for = |(ticket, voting): &(TicketHash, OutputScript)| match voting {
            OutputScript::ScriptHash(hash) => known.scripts.contains_key(hash),
            OutputScript::PubKeyHash(_) => known.keys.contains_key(ticket),
        };
        tickets.filter(signs_for).map(|(ticket, _)| ticket).filter(|hash| !known.tickets.contains_key(hash)).collect()
    }

    /// Whether it would sign for a ticket that votes by such a script or key, but has not its outputs.
    pub(super) fn lacks(&self, ticket: TicketHash, voting: OutputScript) -> bool {
        !self.lacking(std::iter::once((ticket, voting))).is_empty()
    }

    /// Forgets the outputs of tickets that are not wanted any more.
    pub(super) fn retain_tickets(&self, is_wanted: impl Fn(&TicketHash) -> bool) {
        self.write(|known| known.tickets.retain(|ticket, _| is_wanted(ticket)));
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(&self, change: impl FnOnce(&mut Known) -> T) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// What its votes look like, as a wallet says it of its own.
    pub(super) const fn votes_as(&self) -> &WalletInfo {
        &self.info
    }

    /// The signed vote.
    ///
    /// # Errors
    /// [`KeySignError`].
    pub fn sign(&self, request: &VoteRequest) -> Result<VoteTransaction, KeySignError> {
        let extended_bits = hex::decode(&request.bits_extended)
            .map_err(|error| refused(format!("the extended vote bits are not hexadecimal: {error}")))?;
        let VoteRequest { block, height, ticket, bits, .. } = *request;
        let choice = VoteChoice { block, height, bits, extended_bits: &extended_bits };
        let known = self.read();
        let outputs = known.tickets.get(&ticket).ok_or(KeySignError::UnknownTicket)?;
        let mut vote = unsigned_vote(&self.params, self.info.generation, outputs, &choice)
            .map_err(|error| refused(error.to_string()))?;
        self.unlock(&mut vote, outputs, &known)?;
        drop(known);
        VoteTransaction::from_transaction(vote).map_err(|error| refused(error.to_string()))
    }

    fn unlock(&self, vote: &mut Transaction, outputs: &TicketOutputs, known: &Known) -> Result<(), KeySignError> {
        match outputs.voting {
            OutputScript::ScriptHash(hash) => {
                let script = known.scripts.get(&hash).zip(self.branch.as_ref());
                let ((script, index), branch) = script.ok_or(KeySignError::UnknownScript)?;
                let key = branch.key.child(*index).map_err(|error| refused(error.to_string()))?;
                sign_multisig(vote, TICKET_INPUT, script, Some(key.private_key()));
            }
            OutputScript::PubKeyHash(hash) => {
                let key = known.keys.get(&outputs.ticket).ok_or(KeySignError::UnknownKey)?;
                if key.pubkey_hash() != hash {
                    return Err(refused("the key that was handed over is another one than the ticket's".to_owned()));
                }
                sign_pubkey_hash(vote, TICKET_INPUT, Spends::Ticket, key);
            }
        }
        Ok(())
    }
}

fn refused(message: String) -> KeySignError {
    KeySignError::Refused(message)
}

#[async_trait]
impl VoteSigner for KeySigner {
    fn name(&self) -> &str {
        NAME
    }

    async fn info(&self) -> Result<WalletInfo, WalletError> {
        Ok(self.info.clone())
    }

    async fn generate_vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        let wallet = NAME.to_owned();
        self.sign(request).map_err(|error| match error {
            KeySignError::Refused(message) => {
                WalletError::Rpc { wallet, method: "generatevote".to_owned(), code: -8, message }
            }
            unknown => WalletError::UnknownTicket { wallet, message: unknown.to_string() },
        })
    }
}

impl std::fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySigner").field("has_branch", &self.branch.is_some()).finish_non_exhaustive()
    }
}

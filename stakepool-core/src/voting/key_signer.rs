//! Votes signed by keys at hand, without a wallet: no call, no lock, and nothing that a wallet could lose.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use crate::chain::{
    ExtendedPrivKey, ExternalBranch, Generation, Hash160, HdKeyError, KeyIndex, Network, OutputScript, Params,
    PrivateKey, RedeemScript, Spends, TICKET_INPUT, TicketHash, TicketOutputs, Transaction, VoteChoice,
    VoteTransaction, VoteVersion, hash160, sign_multisig, sign_pubkey_hash, unsigned_vote,
};
use crate::ports::{VoteRequest, VoteSigner, WalletError, WalletInfo};

/// What the signer is called in messages.
const NAME: &str = "voting key";

/// Signs votes with the keys of the voting wallets' external branch (for users' scripts) and with single keys (for tickets
/// whose owners handed theirs over). Its votes are those of a wallet, byte by byte.
///
/// It must have been given a ticket's [outputs](Self::add_ticket), and the [script](Self::add_script) or
/// [key](Self::add_key) that votes, before it signs for it. It never prints a key.
pub struct KeySigner {
    params: Params,
    info: WalletInfo,
    branch: ExtendedPrivKey,
    /// The branch's public keys by their hashes.
    indexes: HashMap<Hash160, KeyIndex>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    scripts: HashMap<Hash160, (RedeemScript, KeyIndex)>,
    keys: HashMap<Hash160, PrivateKey>,
    tickets: HashMap<TicketHash, TicketOutputs>,
}

/// A script in which no key of the signer's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pool's key in this script is none of the voting key's: the key file belongs to another voting wallet")]
pub struct ForeignScript;

impl KeySigner {
    /// A signer with the external branch of the voting wallets' account (child 0 of the account's key), whose keys 0 to `last`
    /// are users'. Votes are of `version` and look like those of a wallet of `generation`.
    ///
    /// # Errors
    /// As [`ExternalBranch::addresses`](crate::chain::ExternalBranch::addresses).
    pub fn new(
        network: Network,
        generation: Generation,
        version: VoteVersion,
        branch: ExtendedPrivKey,
        last: KeyIndex,
    ) -> Result<Self, HdKeyError> {
        let public = ExternalBranch::of_branch_key(branch.public(network));
        let hashes = public.addresses(last)?.into_iter().map(|address| hash160(&address.public_key().serialize()));
        Ok(Self {
            params: network.params(generation),
            info: WalletInfo { generation, version: NAME.to_owned(), ..WalletInfo::ready(version) },
            branch,
            indexes: hashes.zip((0..).map(KeyIndex)).collect(),
            known: RwLock::default(),
        })
    }

    /// Takes in a user's script.
    ///
    /// # Errors
    /// [`ForeignScript`] where the pool's key in it is of another wallet, or beyond the last index.
    pub fn add_script(&self, script: RedeemScript) -> Result<(), ForeignScript> {
        let index = self.indexes.get(&hash160(&script.pool_key().0.serialize())).ok_or(ForeignScript)?;
        self.write(|known| known.scripts.insert(hash160(&script.to_bytes()), (script, *index)));
        Ok(())
    }

    /// Takes in the key of tickets that vote by a key alone.
    pub fn add_key(&self, key: PrivateKey) {
        self.write(|known| known.keys.insert(key.pubkey_hash(), key));
    }

    /// Forgets such a key.
    pub fn remove_key(&self, hash: Hash160) {
        self.write(|known| known.keys.remove(&hash));
    }

    /// Takes in what a ticket says.
    pub fn add_ticket(&self, ticket: TicketOutputs) {
        self.write(|known| known.tickets.insert(ticket.ticket, ticket));
    }

    /// Forgets a ticket.
    pub fn remove_ticket(&self, ticket: &TicketHash) {
        self.write(|known| known.tickets.remove(ticket));
    }

    fn write<T>(&self, change: impl FnOnce(&mut Known) -> T) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// The signed vote.
    ///
    /// # Errors
    /// [`WalletError::UnknownTicket`] for a ticket that it was not given, or whose script or key it was not;
    /// [`WalletError::Rpc`] for bits that do not fit.
    pub fn sign(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        let extended_bits = hex::decode(&request.bits_extended)
            .map_err(|error| refused(format!("the extended vote bits are not hexadecimal: {error}")))?;
        let VoteRequest { block, height, ticket, bits, .. } = *request;
        let choice = VoteChoice { block, height, bits, extended_bits: &extended_bits };
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let outputs = known.tickets.get(&ticket).ok_or_else(|| unknown("its transaction is not known"))?;
        let mut vote = unsigned_vote(&self.params, self.info.generation, outputs, &choice)
            .map_err(|error| refused(error.to_string()))?;
        self.unlock(&mut vote, outputs.voting, &known)?;
        drop(known);
        VoteTransaction::from_transaction(vote).map_err(|error| refused(error.to_string()))
    }

    fn unlock(&self, vote: &mut Transaction, voting: OutputScript, known: &Known) -> Result<(), WalletError> {
        match voting {
            OutputScript::ScriptHash(hash) => {
                let (script, index) =
                    known.scripts.get(&hash).ok_or_else(|| unknown("the script that votes is not known"))?;
                let key = self.branch.child(*index).map_err(|error| refused(error.to_string()))?;
                sign_multisig(vote, TICKET_INPUT, script, Some(key.private_key()));
            }
            OutputScript::PubKeyHash(hash) => {
                let key = known.keys.get(&hash).ok_or_else(|| unknown("the key that votes is not known"))?;
                sign_pubkey_hash(vote, TICKET_INPUT, Spends::Ticket, key);
            }
        }
        Ok(())
    }
}

fn unknown(message: &str) -> WalletError {
    WalletError::UnknownTicket { wallet: NAME.to_owned(), message: message.to_owned() }
}

fn refused(message: String) -> WalletError {
    WalletError::Rpc { wallet: NAME.to_owned(), method: "generatevote".to_owned(), code: -8, message }
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
        self.sign(request)
    }
}

impl std::fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySigner").field("users", &self.indexes.len()).finish_non_exhaustive()
    }
}

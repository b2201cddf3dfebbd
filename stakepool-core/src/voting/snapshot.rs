//! What a daemon keeps on disk: enough to vote while the web and the database are away.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::saved_keys::{SavedKeys, SavedScripts};
use crate::accounts::{UserId, VotingPreference};
use crate::chain::{
    Address, AddressKind, Amount, BlockHash, BlockHeight, Hash160, Network, OutputScript, ScriptAddress, TicketHash,
    VoteBits,
};
use crate::desired::{AddedTicket, DesiredState, DesiredUser, FeeIndexes};
use crate::reports::{VoteOutcome, VoteRecord, VoteTimings};
use crate::ticket::TermsHistory;
use crate::time::UnixMillis;
use crate::voting::lottery::{Lottery, Tracked};

/// First bytes of a state file; the last is the version of its format.
const MAGIC: &[u8; 8] = b"EXCCPOL\x02";
/// Length of the checksum at the end.
const CHECKSUM: usize = 32;

/// Why a saved state cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SavedStateError {
    /// Not a state file, or one of another version.
    #[error("it is not a state file of this version of stakepoold")]
    Foreign,
    /// Its checksum does not match.
    #[error("its checksum does not match: the file was cut or changed")]
    Checksum,
    /// Its contents cannot be read.
    #[error("its contents cannot be read: {0}")]
    Contents(String),
    /// It belongs to another network.
    #[error("it belongs to {found}, but this daemon runs on {expected}")]
    WrongNetwork {
        /// The file's network.
        found: Network,
        /// The daemon's network.
        expected: Network,
    },
}

/// The last block that a daemon worked through.
pub type SyncPoint = (BlockHash, BlockHeight);

#[derive(Serialize, Deserialize)]
struct Saved {
    network: Network,
    epoch: u64,
    /// Whether users were ever set; without them, tickets alone are worth keeping.
    users: Option<Vec<(Hash160, UserId, VotingPreference)>>,
    added: Vec<(TicketHash, Hash160)>,
    synced: Option<SyncPoint>,
    tickets: Vec<(TicketHash, Tracked)>,
    foreign: Vec<TicketHash>,
    votes: Vec<SavedVote>,
}

/// Acknowledged addresses, behind the rest: earlier versions neither wrote them nor look for them.
type Acknowledged = Vec<Hash160>;

/// What stands behind these, for the same reason.
#[derive(Default, Serialize, Deserialize)]
struct Judging {
    terms: TermsHistory,
    /// Tickets that were judged before any terms were known, with their transaction fees.
    provisional: Vec<(TicketHash, Amount)>,
}

impl Judging {
    fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.provisional.is_empty()
    }
}

/// A vote as it lies on disk.
#[derive(Serialize, Deserialize)]
struct SavedVote {
    ticket: TicketHash,
    /// The hash of the script that voted, or of the key.
    script: Hash160,
    block: BlockHash,
    height: BlockHeight,
    bits: VoteBits,
    outcome: SavedOutcome,
    attempts: u32,
    timings: VoteTimings,
    at: UnixMillis,
}

/// [`VoteOutcome`], whose own encoding is made for readers of JSON.
#[derive(Serialize, Deserialize)]
enum SavedOutcome {
    Sent,
    AlreadyKnown,
    RivalVote,
    Failed(String),
}

impl SavedVote {
    fn of(vote: &VoteRecord, script: Hash160) -> Self {
        let outcome = match &vote.outcome {
            VoteOutcome::Sent => SavedOutcome::Sent,
            VoteOutcome::AlreadyKnown => SavedOutcome::AlreadyKnown,
            VoteOutcome::RivalVote => SavedOutcome::RivalVote,
            VoteOutcome::Failed(reason) => SavedOutcome::Failed(reason.clone()),
        };
        Self {
            ticket: vote.ticket,
            script,
            block: vote.block,
            height: vote.height,
            bits: vote.bits,
            outcome,
            attempts: vote.attempts,
            timings: vote.timings,
            at: vote.at,
        }
    }

    fn restore(self, network: Network, kind: fn(Hash160) -> AddressKind) -> VoteRecord {
        let outcome = match self.outcome {
            SavedOutcome::Sent => VoteOutcome::Sent,
            SavedOutcome::AlreadyKnown => VoteOutcome::AlreadyKnown,
            SavedOutcome::RivalVote => VoteOutcome::RivalVote,
            SavedOutcome::Failed(reason) => VoteOutcome::Failed(reason),
        };
        VoteRecord {
            ticket: self.ticket,
            address: Address::new(network, kind(self.script)),
            block: self.block,
            height: self.height,
            bits: self.bits,
            outcome,
            attempts: self.attempts,
            timings: self.timings,
            at: self.at,
        }
    }
}

/// What was read from disk.
#[derive(Debug, Default)]
pub struct Restored {
    /// The epoch of the run that wrote it.
    pub epoch: u64,
    /// Where to go on following the chain.
    pub synced: Option<SyncPoint>,
    /// Whether users are known.
    pub has_users: bool,
    /// The latest votes, oldest first.
    pub votes: Vec<VoteRecord>,
}

/// A copy of all that is kept, taken under the state's lock; encoding it may take its time.
pub struct Snapshot {
    saved: Saved,
    acknowledged: Acknowledged,
    scripts: SavedScripts,
    keys: SavedKeys,
    judging: Judging,
    /// Votes of tickets with keys of their own.
    key_votes: Vec<SavedVote>,
    fee_indexes: FeeIndexes,
    /// Tickets of which it is not known for certain whether or how they ended.
    uncertain: Vec<TicketHash>,
}

impl Snapshot {
    /// Copies the state.
    pub fn of<'a>(
        pool: &Lottery,
        epoch: u64,
        has_users: bool,
        synced: Option<SyncPoint>,
        votes: impl IntoIterator<Item = &'a VoteRecord>,
    ) -> Self {
        let (mut users_votes, mut key_votes) = (Vec::new(), Vec::new());
        for vote in votes {
            match vote.address.output_script() {
                OutputScript::ScriptHash(script) => users_votes.push(SavedVote::of(vote, script)),
                OutputScript::PubKeyHash(key) => key_votes.push(SavedVote::of(vote, key)),
            }
        }
        let saved = Saved {
            network: pool.evaluator().network(),
            epoch,
            users: has_users.then(|| pool.users_to_save().map(|(script, id, voting)| (*script, id, voting)).collect()),
            added: pool.added_to_save().collect(),
            synced,
            tickets: pool.tickets_to_save().map(|(hash, ticket)| (*hash, *ticket)).collect(),
            foreign: pool.foreign_to_save().copied().collect(),
            votes: users_votes,
        };
        let desired = pool.desired();
        Self {
            saved,
            acknowledged: desired.acknowledged().map(|address| address.hash()).collect(),
            scripts: SavedScripts::of(desired),
            keys: SavedKeys::of(pool.key_tickets()),
            judging: Judging {
                terms: pool.evaluator().history().clone(),
                provisional: pool.provisional_to_save().collect(),
            },
            key_votes,
            fee_indexes: pool.fee_indexes().clone(),
            uncertain: pool.uncertain_to_save(),
        }
    }

    /// Encodes it for the disk, with a checksum at the end. The bytes have keys in them, and are overwritten when they are dropped.
    ///
    /// # Errors
    /// [`SavedStateError::Contents`] where it cannot be encoded.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, SavedStateError> {
        let mut bytes = postcard::to_extend(&self.saved, MAGIC.to_vec()).map_err(contents)?;
        // Each part stands behind all that earlier versions know, which do not look further.
        let parts = [
            !self.acknowledged.is_empty(),
            !self.scripts.is_empty(),
            !self.keys.is_empty(),
            !self.judging.is_empty(),
            !self.key_votes.is_empty(),
            !self.fee_indexes.is_empty(),
            !self.uncertain.is_empty(),
        ];
        let last = parts.iter().rposition(|is_there| *is_there);
        let mut rest = Vec::new();
        if last >= Some(3) {
            rest = postcard::to_extend(&self.judging, rest).map_err(contents)?;
        }
        if last >= Some(4) {
            rest = postcard::to_extend(&self.key_votes, rest).map_err(contents)?;
        }
        if last >= Some(5) {
            rest = postcard::to_extend(&self.fee_indexes, rest).map_err(contents)?;
        }
        if last >= Some(6) {
            rest = postcard::to_extend(&self.uncertain, rest).map_err(contents)?;
        }
        if last >= Some(0) {
            bytes = postcard::to_extend(&self.acknowledged, bytes).map_err(contents)?;
        }
        if last >= Some(1) {
            bytes = postcard::to_extend(&self.scripts, bytes).map_err(contents)?;
        }
        // A vector that grows leaves its old bytes behind.
        bytes.reserve_exact(self.keys.most_bytes() + rest.len() + CHECKSUM);
        if last >= Some(2) {
            bytes = postcard::to_extend(&self.keys, bytes).map_err(contents)?;
        }
        let mut bytes = Zeroizing::new(bytes);
        bytes.extend_from_slice(&rest);
        let checksum = Sha256::digest(&bytes[..]);
        bytes.extend_from_slice(&checksum);
        Ok(bytes)
    }
}

/// Fills an empty pool state from what [`Snapshot::encode`] wrote.
///
/// # Errors
/// [`SavedStateError`] says why the bytes cannot be used; the pool state is then untouched.
pub fn restore(pool: &mut Lottery, bytes: &[u8]) -> Result<Restored, SavedStateError> {
    let body = bytes.strip_prefix(MAGIC.as_slice()).ok_or(SavedStateError::Foreign)?;
    let (body, checksum) = body.split_last_chunk::<CHECKSUM>().ok_or(SavedStateError::Checksum)?;
    if Sha256::digest(&bytes[..MAGIC.len() + body.len()])[..] != checksum[..] {
        return Err(SavedStateError::Checksum);
    }
    let (saved, rest): (Saved, _) = postcard::take_from_bytes(body).map_err(contents)?;
    let (acknowledged, rest): (Acknowledged, _) = part(rest)?;
    let (scripts, rest): (SavedScripts, _) = part(rest)?;
    let (keys, rest): (SavedKeys, _) = part(rest)?;
    let (judging, rest): (Judging, _) = part(rest)?;
    let (key_votes, rest): (Vec<SavedVote>, _) = part(rest)?;
    let (fee_indexes, rest): (FeeIndexes, _) = part(rest)?;
    let (uncertain, _): (Vec<TicketHash>, _) = part(rest)?;
    let expected = pool.evaluator().network();
    if saved.network != expected {
        return Err(SavedStateError::WrongNetwork { found: saved.network, expected });
    }
    pool.judge_by(&judging.terms).map_err(|error| SavedStateError::Contents(error.to_string()))?;
    let has_users = saved.users.is_some();
    if let Some(users) = saved.users {
        let address = |hash| ScriptAddress::new(expected, hash);
        let users = users.into_iter().map(|(hash, user, voting)| DesiredUser { user, address: address(hash), voting });
        let added = saved.added.into_iter().map(|(ticket, hash)| AddedTicket { ticket, address: address(hash) });
        let acknowledged = acknowledged.into_iter().map(address);
        let desired = DesiredState::new(users, added).with_acknowledged(acknowledged).with_terms(judging.terms);
        let desired = desired.with_scripts(scripts.restore()).with_key_tickets(keys.restore());
        pool.set_desired(desired.with_fee_indexes(fee_indexes));
    }
    // Verdicts are final, so that tickets are worth keeping even where it is unknown up to which block they were
    // followed; what became of them meanwhile is found out with the next synchronisation.
    let height = saved.synced.map_or(BlockHeight(0), |(_, height)| height);
    pool.restore(height, saved.tickets, judging.provisional, saved.foreign);
    pool.restore_uncertain(uncertain);
    let of_users = saved.votes.into_iter().map(|vote| vote.restore(expected, AddressKind::ScriptHash));
    let by_keys = key_votes.into_iter().map(|vote| vote.restore(expected, AddressKind::PubKeyHash));
    let votes = of_users.chain(by_keys).collect();
    Ok(Restored { epoch: saved.epoch, synced: saved.synced, has_users, votes })
}

/// A part behind those of the first version, and what follows it; nothing where the file ends before.
fn part<'a, T: Deserialize<'a> + Default>(rest: &'a [u8]) -> Result<(T, &'a [u8]), SavedStateError> {
    if rest.is_empty() { Ok((T::default(), rest)) } else { postcard::take_from_bytes(rest).map_err(contents) }
}

fn contents(error: postcard::Error) -> SavedStateError {
    SavedStateError::Contents(error.to_string())
}

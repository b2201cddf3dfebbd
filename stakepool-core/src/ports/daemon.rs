//! A voting daemon, seen from the web.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::events::{EventBatch, EventCursor};
use super::ticket_sets::TicketSets;
use crate::accounts::UserId;
use crate::chain::{BlockHash, BlockHeight, Network, ScriptAddress, TicketHash};
use crate::desired::{DesiredState, FeeIndexes};
use crate::reports::BlockFacts;
use crate::ticket::PoolFee;

/// Why a daemon did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DaemonError {
    /// It cannot be reached.
    #[error("voting daemon {daemon} cannot be reached: {reason}")]
    Unreachable {
        /// The daemon's name.
        daemon: String,
        /// What happened.
        reason: String,
    },
    /// It refuses the token or certificate.
    #[error(
        "voting daemon {daemon} refuses our token or certificate: set the same rpctoken for the web (or in the daemon's place \
         of its rpctokens) and the daemon; where the daemon has rpcclientcerts, set rpcclientcert and rpcclientkey to the pair \
         of one of them"
    )]
    Unauthorized {
        /// The daemon's name.
        daemon: String,
    },
    /// It does not know the certificate that we show, and hangs up on us.
    #[error(
        "voting daemon {daemon} does not know the certificate that we show it: copy the web's rpcclientcert to it and name \
         the copy in its rpcclientcerts, or set rpcclientcert and rpcclientkey to a pair that it knows"
    )]
    UnknownCertificate {
        /// The daemon's name.
        daemon: String,
    },
    /// It speaks an older protocol without this call (a Go daemon).
    #[error("voting daemon {daemon} does not offer this; it is of the predecessor's version 4")]
    Unsupported {
        /// The daemon's name.
        daemon: String,
    },
    /// It answers, but cannot do it now: it still starts, say, and waits for its node.
    #[error("voting daemon {daemon} is not ready: {reason}")]
    NotReady {
        /// The daemon's name.
        daemon: String,
        /// What it waits for.
        reason: String,
    },
    /// Any other failure.
    #[error("voting daemon {daemon} failed: {reason}")]
    Failed {
        /// The daemon's name.
        daemon: String,
        /// What it said.
        reason: String,
    },
}

/// The state of a daemon's wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletState {
    /// The wallet's name.
    pub name: String,
    /// Whether it answers.
    pub reachable: bool,
    /// Whether it can sign.
    pub unlocked: bool,
    /// Whether it votes by itself.
    pub votes_itself: bool,
    /// The extended public key of its account, as text; `None` where it never reported one, or its daemon reports none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_key: Option<String>,
}

/// A voting address whose script a wallet of a daemon holds, but that is no user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownAddress {
    /// The multisig address.
    pub address: ScriptAddress,
    /// Tickets of it in the lottery or on their way into it, which are voted with default bits.
    pub voted: u64,
    /// Such tickets that are ignored for their fee.
    pub ignored: u64,
}

/// A user with tickets whom a daemon knows, but who is missing from the desired state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingUser {
    /// The user.
    pub user: UserId,
    /// The multisig address.
    pub address: ScriptAddress,
    /// Tickets of it in the lottery or on their way into it.
    pub tickets: u64,
}

/// A daemon's tickets beside those of its wallets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TicketCheck {
    /// Addresses whose scripts a wallet holds, but that are no user's: the first hundred with tickets, those first that are not
    /// acknowledged.
    pub unknown: Vec<UnknownAddress>,
    /// How many of them there are in all.
    pub unknown_addresses: u64,
    /// How many tickets of theirs are voted with default bits.
    pub unknown_tickets: u64,
    /// Users with tickets who are missing from what the web sent: the first hundred.
    pub missing: Vec<MissingUser>,
    /// Tickets to be voted that the daemon's wallets do not know, so that no vote of theirs can be signed.
    pub lacking: u64,
    /// Unspent tickets that the daemon's wallets watch; `None` before one has said so.
    pub wallet_tickets: Option<u64>,
    /// Tickets that were missed since the daemon's start although it was to vote them.
    pub missed: u64,
    /// Tickets that were missed since the daemon's start, whose scripts its wallets hold, and that it was not to vote: ignored ones
    /// above all.
    pub missed_unvoted: u64,
    /// Tickets that vote by keys of their own and have not ended, as far as it has seen them; `None` of a daemon of an older
    /// version.
    pub key_tickets: Option<u64>,
    /// Its tickets in short, where they were compared with the node's since it caught up with the chain. A daemon of an older
    /// version says nothing of that.
    pub sets: Option<TicketSets>,
}

/// The state of a daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// The daemon's lasting name for itself.
    pub id: String,
    /// Grows with every start; sequence numbers start anew with it.
    pub epoch: u64,
    /// Its version, for people.
    pub version: String,
    /// Its network.
    pub network: Network,
    /// The cold wallet's extended public key, as text.
    pub cold_wallet_xpub: String,
    /// The extended public keys, as text, of cold wallets before: fees that go to them count, too. An older daemon reports none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old_cold_wallet_xpubs: Vec<String>,
    /// The fee that it asks.
    pub pool_fee: PoolFee,
    /// The digest of the wanted state that it has, hexadecimal.
    pub wanted_digest: String,
    /// How many users that state has.
    pub users: u64,
    /// The node's best height, where it is connected.
    pub node_height: Option<BlockHeight>,
    /// The last height that the daemon has worked through.
    pub synced_height: Option<BlockHeight>,
    /// Its wallets.
    pub wallets: Vec<WalletState>,
    /// Tickets that it would vote.
    pub live_tickets: u64,
    /// Tickets that it ignores.
    pub ignored_tickets: u64,
    /// What is wrong, for people; empty when all is well.
    pub problems: Vec<String>,
    /// What each of the problems is about, in the same order: a lasting name, where the words may change with every figure. A daemon
    /// of an older version names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problem_topics: Vec<String>,
    /// Whether it takes a wanted state with acknowledged addresses. A daemon of an older version refuses one as a whole.
    #[serde(default)]
    pub takes_acknowledged: bool,
    /// Whether it takes a wanted state with users' scripts and tickets with keys. A daemon of an older version refuses one as a
    /// whole.
    #[serde(default)]
    pub takes_keys: bool,
    /// Whether it takes a wanted state with [terms](crate::ticket::TermsHistory). A daemon of an older version refuses one as a whole,
    /// and judges by its own configuration.
    #[serde(default)]
    pub takes_terms: bool,
    /// The [format](crate::desired::FORMAT) of the wanted states that it takes, beside what the three above say. A daemon of an
    /// older version reports 0, and refuses one of a greater format as a whole.
    #[serde(default)]
    pub takes_format: u32,
    /// How far, as it remembers, the addresses of fee keys were given: by any wanted state that it ever had.
    #[serde(default, skip_serializing_if = "FeeIndexes::is_empty")]
    pub fee_indexes: FeeIndexes,
    /// The latest blocks that it has worked through, the highest first. A daemon of an older version names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latest_blocks: Vec<(BlockHash, BlockHeight)>,
    /// Its tickets beside those of its wallets. A daemon of an older version says nothing of that.
    #[serde(default)]
    pub check: TicketCheck,
}

/// A ticket in one of the predecessor's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LowFeeEntry {
    /// The ticket.
    pub ticket: TicketHash,
    /// Its multisig address.
    pub address: ScriptAddress,
}

/// A voting daemon.
#[async_trait]
pub trait VotingDaemon: Send + Sync {
    /// A name for people: host and port.
    fn name(&self) -> &str;

    /// The daemon's state.
    async fn status(&self) -> Result<DaemonStatus, DaemonError>;

    /// Replaces the daemon's users and added tickets. Works with the predecessor's daemons, too.
    async fn put_desired(&self, wanted: &DesiredState) -> Result<(), DaemonError>;

    /// Events behind a place; waits a while (25 seconds, say) for the first where there is none yet. An empty batch may also
    /// say that a look at the status is worth while. Read them in a task of its own, which nothing else waits for.
    async fn events(&self, after: EventCursor) -> Result<EventBatch, DaemonError>;

    /// Tickets that the daemon would vote.
    async fn live_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError>;

    /// Tickets that the daemon ignores.
    async fn ignored_tickets(&self) -> Result<Vec<LowFeeEntry>, DaemonError>;

    /// Blocks of the best chain at these heights, of which [`MOST_BLOCKS`] may be asked for at once. A height that the chain does
    /// not have is left out. What daemons of older versions cannot do is [`DaemonError::Unsupported`].
    async fn blocks(&self, heights: &[BlockHeight]) -> Result<Vec<BlockFacts>, DaemonError> {
        let _ = heights;
        Err(DaemonError::Unsupported { daemon: self.name().to_owned() })
    }
}

/// How many blocks a daemon reads for one call.
pub const MOST_BLOCKS: usize = 64;

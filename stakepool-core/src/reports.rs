//! What a daemon reports: tickets and votes.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::accounts::UserId;
use crate::chain::{Address, Amount, BlockHash, BlockHeight, TicketHash, TxHash, VoteBits};
use crate::ticket::{TicketFacts, Verdict};
use crate::time::{UnixMillis, UnixTime};

/// Where a ticket is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// Mined, but not yet in the lottery.
    Immature,
    /// In the lottery.
    Live,
    /// Its vote was mined.
    Voted,
    /// It won, but its vote was not mined.
    Missed,
    /// It never won.
    Expired,
}

impl TicketState {
    /// The name in stores and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Immature => "immature",
            Self::Live => "live",
            Self::Voted => "voted",
            Self::Missed => "missed",
            Self::Expired => "expired",
        }
    }

    /// Whether a ticket in this state can no longer vote.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Voted | Self::Missed | Self::Expired)
    }

    /// The state with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Immature, Self::Live, Self::Voted, Self::Missed, Self::Expired].into_iter().find(|s| s.name() == name)
    }
}

impl fmt::Display for TicketState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// When things happened to a ticket: the times of the blocks in which they did, as their headers say, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketTimes {
    /// It was bought.
    pub mined: Option<UnixTime>,
    /// It came into the lottery.
    pub matured: Option<UnixTime>,
    /// It was drawn: the block before the one in which it voted or was missed.
    pub drawn: Option<UnixTime>,
    /// It left the lottery.
    pub ended: Option<UnixTime>,
}

impl TicketTimes {
    /// Those of a ticket with two sets of them: the first counts where both know something.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            mined: self.mined.or(other.mined),
            matured: self.matured.or(other.matured),
            drawn: self.drawn.or(other.drawn),
            ended: self.ended.or(other.ended),
        }
    }
}

/// The transaction that spent a ticket: its vote, or its revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// The transaction.
    pub transaction: TxHash,
    /// Its block.
    pub mined_at: BlockHeight,
    /// The time of that block, where it is known.
    pub time: Option<UnixTime>,
    /// What its outputs pay together.
    pub paid: Amount,
    /// What it pays where the ticket's first commitment says: to the pool, where that commitment is its fee.
    pub first: Amount,
}

/// A block as the ledger needs it: its time, and the tickets that it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockFacts {
    /// Its height in the best chain.
    pub height: BlockHeight,
    /// The time that its header says.
    pub time: UnixTime,
    /// The tickets that its votes and revocations spent.
    pub spends: Vec<(TicketHash, Spend)>,
}

/// All that a daemon knows of a ticket of the pool. Later reports on the same ticket replace earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketReport {
    /// The ticket.
    pub ticket: TicketHash,
    /// Whose word votes with it: a multisig address, or that of the key that the ticket's owner handed over.
    pub address: Address,
    /// The user of that address; `None` where the ticket votes by a key of its own.
    pub user: Option<UserId>,
    /// Where it is in its life.
    pub state: TicketState,
    /// The verdict on it and what that rests on.
    pub facts: TicketFacts,
    /// Whether an administrator added it in spite of the verdict.
    pub added: bool,
    /// The block in which it left the lottery, where it did.
    pub ended_at: Option<BlockHeight>,
    /// Whether the revocation of a missed or expired ticket was mined, so that its price can be spent again.
    pub revoked: bool,
    /// When all that happened. A daemon of an older version reports nothing of it.
    #[serde(default)]
    pub times: TicketTimes,
    /// Its vote or revocation, where it was seen. A daemon of an older version reports none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spend: Option<Spend>,
}

impl TicketReport {
    /// Whether the pool leaves the ticket's votes to the user.
    pub const fn is_ignored(&self) -> bool {
        !self.added && !matches!(self.facts.verdict, Verdict::Accepted)
    }

    /// Whether a time, or the vote, is not known of what happened in a block whose height is. A revocation does not count: it may
    /// be in any block after the end.
    pub const fn lacks_facts(&self) -> bool {
        let matured = !matches!(self.state, TicketState::Immature);
        if self.times.mined.is_none() || matured && self.times.matured.is_none() {
            return true;
        }
        let ended = self.ended_at.is_some() && self.state.is_over();
        let drawn = ended && !matches!(self.state, TicketState::Expired);
        let voted = ended && matches!(self.state, TicketState::Voted);
        ended && self.times.ended.is_none() || drawn && self.times.drawn.is_none() || voted && self.spend.is_none()
    }
}

/// What became of a vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum VoteOutcome {
    /// The node took it from us.
    Sent,
    /// The node had it already: another daemon was faster.
    AlreadyKnown,
    /// The node had a different vote of the ticket on the same block (other bits, or the user's own wallet).
    RivalVote,
    /// No attempt succeeded while the block could be voted on; the last error.
    Failed(String),
}

/// What became of a vote, without what was said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteOutcomeKind {
    /// See [`VoteOutcome::Sent`].
    Sent,
    /// See [`VoteOutcome::AlreadyKnown`].
    AlreadyKnown,
    /// See [`VoteOutcome::RivalVote`].
    RivalVote,
    /// See [`VoteOutcome::Failed`].
    Failed,
}

impl VoteOutcomeKind {
    /// The name in stores and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::AlreadyKnown => "already_known",
            Self::RivalVote => "rival_vote",
            Self::Failed => "failed",
        }
    }
}

impl VoteOutcome {
    /// The outcome without what was said of it.
    pub const fn kind(&self) -> VoteOutcomeKind {
        match self {
            Self::Sent => VoteOutcomeKind::Sent,
            Self::AlreadyKnown => VoteOutcomeKind::AlreadyKnown,
            Self::RivalVote => VoteOutcomeKind::RivalVote,
            Self::Failed(_) => VoteOutcomeKind::Failed,
        }
    }

    /// The name in stores and answers.
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// Whether a vote of the ticket is with the node.
    pub const fn is_cast(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

/// Where the time of a vote went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteTimings {
    /// From the notification's arrival until the outcome.
    pub total: Duration,
    /// In the wallet, on the attempt that succeeded.
    pub signing: Duration,
    /// In the node, on the attempt that succeeded.
    pub sending: Duration,
}

/// One vote that a daemon cast or failed to cast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteRecord {
    /// The ticket.
    pub ticket: TicketHash,
    /// The address that votes with it, as in [`TicketReport::address`].
    pub address: Address,
    /// The block voted on.
    pub block: BlockHash,
    /// That block's height.
    pub height: BlockHeight,
    /// The bits voted.
    pub bits: VoteBits,
    /// What became of it.
    pub outcome: VoteOutcome,
    /// Attempts, at least 1.
    pub attempts: u32,
    /// Where the time went.
    pub timings: VoteTimings,
    /// When the outcome was known.
    pub at: UnixMillis,
}

/// One thing that happened in a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonEvent {
    /// Grows by one within the daemon's epoch.
    pub seq: u64,
    /// What happened.
    pub kind: DaemonEventKind,
}

/// What can happen in a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DaemonEventKind {
    /// A ticket of the pool was seen or changed.
    Ticket(TicketReport),
    /// A vote was cast or failed for good.
    Vote(VoteRecord),
}

//! Registered tickets of wallets of today, what was signed for them, and the keys that belong to them. Secrets come to the
//! stores sealed, so that no backup and no replica gives them away.

use std::fmt;

use async_trait::async_trait;

use super::{Listed, Slice, StoreError};
use crate::chain::{Amount, BlockHeight, ExtendedPubKey, TicketHash, Transaction};
use crate::time::UnixTime;
use crate::vsp::{
    FeeKey, FeeStatus, Outcome, Preferences, RecordKind, RegisteredCounts, RegisteredState, TicketRegistration,
};

/// A secret, encrypted for its place.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

/// A registered ticket as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredTicket {
    /// What wallets and rules see of it.
    pub registration: TicketRegistration,
    /// The ticket's transaction.
    pub transaction: Transaction,
    /// The key that votes, once it has come and until the vote is too deep to be undone.
    pub voting_key: Option<SealedSecret>,
    /// The transaction that pays the fee, as long as it may have to be sent again.
    pub payment: Option<Transaction>,
    /// When it was registered.
    pub registered: UnixTime,
    /// Since when the fee is where it is.
    pub fee_since: UnixTime,
    /// Where the fee was mined, once that counts as settled.
    pub fee_mined_at: Option<BlockHeight>,
    /// The block in which the ticket ended.
    pub ended_at: Option<BlockHeight>,
    /// How often it was changed.
    pub revision: u64,
}

impl RegisteredTicket {
    /// A ticket that was not known before.
    pub const fn new(registration: TicketRegistration, transaction: Transaction, now: UnixTime) -> Self {
        Self {
            registration,
            transaction,
            voting_key: None,
            payment: None,
            registered: now,
            fee_since: now,
            fee_mined_at: None,
            ended_at: None,
            revision: 0,
        }
    }
}

/// A record as it is kept: sealed, since the request of a `payfee` holds the voting key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    /// Its number among those of the ticket, in their order.
    pub number: u32,
    /// What it is of.
    pub kind: RecordKind,
    /// The time that the request says.
    pub timestamp: UnixTime,
    /// The record itself.
    pub sealed: SealedSecret,
}

/// What becomes of a ticket's records with a change of the ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordChange {
    /// One that is added.
    pub added: Option<SealedRecord>,
    /// The number of one that is forgotten.
    pub forgotten: Option<u32>,
}

/// Blocks on a ticket's end for which its key is kept, here and by the daemons: no reorganisation goes as deep.
pub const KEYS_KEPT: u32 = 256;

/// Which registered tickets are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisteredWhere {
    /// Those that have not ended and are not confirmed.
    Unconfirmed,
    /// Those whose fee is there, whether they have ended or not.
    Fee(FeeStatus),
    /// Those that have not ended, and whose fee the node has: they are to be voted.
    ToBeVoted,
    /// Those that were confirmed, whose fee was settled, or that have ended, in a block above this height.
    SettledAbove(BlockHeight),
    /// Those that have ended in a block of these heights, and whose voting key is still kept.
    KeyKept {
        /// Above this height.
        above: BlockHeight,
        /// Up to this height.
        until: BlockHeight,
    },
}

/// What daemons must know of a registered ticket, and whether they must.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketKey {
    /// The ticket.
    pub ticket: TicketHash,
    /// The key that votes, once it has come and until the vote is too deep to be undone.
    pub voting_key: Option<SealedSecret>,
    /// What is voted.
    pub preferences: Preferences,
    /// Where its fee is.
    pub fee: FeeStatus,
    /// How it has ended.
    pub outcome: Option<Outcome>,
    /// In which block.
    pub ended_at: Option<BlockHeight>,
}

impl From<&RegisteredTicket> for TicketKey {
    fn from(ticket: &RegisteredTicket) -> Self {
        let registration = &ticket.registration;
        Self {
            ticket: registration.ticket,
            voting_key: ticket.voting_key.clone(),
            preferences: registration.preferences.clone(),
            fee: registration.fee,
            outcome: registration.outcome,
            ended_at: ticket.ended_at,
        }
    }
}

/// Which tickets have changed since some change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyChanges {
    /// The number of the latest change, from which on to ask the next time.
    pub latest: u64,
    /// Whether these are all tickets that have not ended or whose key is kept, so that what was known before does not count.
    pub is_all: bool,
    /// The tickets as they are now.
    pub tickets: Vec<TicketKey>,
    /// Tickets that are registered no more.
    pub forgotten: Vec<TicketHash>,
    /// The latest block in which a registered ticket has ended.
    pub last_end: Option<BlockHeight>,
}

/// Which registered tickets an operator looks for; all where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredQuery {
    /// In one of these states.
    pub states: Vec<RegisteredState>,
    /// The beginning of the hash of a ticket or of a fee's transaction; or a whole address: the owner's, the alternate one, or the
    /// one that takes the fee.
    pub text: String,
}

/// How the registered tickets stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisteredFigures {
    /// How many there are in each state that some are in, in the order of [`RegisteredState::ALL`].
    pub states: Vec<(RegisteredState, u64)>,
    /// When the oldest of the fees came that the node does not have yet and whose tickets have not ended.
    pub oldest_unsent: Option<UnixTime>,
}

/// What fees have brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeIncome {
    /// How many fees.
    pub fees: u64,
    /// What was asked for them.
    pub amount: Amount,
}

/// The registered tickets.
#[async_trait]
pub trait VspTicketStore: Send + Sync {
    /// A ticket, where it is registered.
    async fn registered_ticket(&self, ticket: &TicketHash) -> Result<Option<RegisteredTicket>, StoreError>;

    /// Those of some tickets that are registered.
    async fn registered_among(&self, tickets: &[TicketHash]) -> Result<Vec<RegisteredTicket>, StoreError>;

    /// Registers a ticket. False where it, or its fee address, is there already: nothing has changed then.
    async fn add_registered(&self, ticket: &RegisteredTicket) -> Result<bool, StoreError> {
        self.add_registered_with(ticket, &[]).await
    }

    /// Registers a ticket together with records that were made elsewhere. False as with
    /// [`add_registered`](Self::add_registered).
    async fn add_registered_with(
        &self,
        ticket: &RegisteredTicket,
        records: &[SealedRecord],
    ) -> Result<bool, StoreError>;

    /// Puts a ticket in the place of the one with its revision, under the next revision, and changes its records with it.
    /// False where another was faster: nothing has changed then. Hash, owner and fee address stay.
    async fn change_registered(&self, ticket: &RegisteredTicket, records: &RecordChange) -> Result<bool, StoreError>;

    /// Forgets a ticket with all its records, where its revision is still that one.
    async fn forget_registered(&self, ticket: &TicketHash, revision: u64) -> Result<bool, StoreError>;

    /// The tickets of a kind, by hash.
    async fn registered_where(&self, wanted: RegisteredWhere) -> Result<Vec<RegisteredTicket>, StoreError>;

    /// Which tickets have changed after the change of a number, as one moment has them. All that matter where none is given, and
    /// where the store has no such number, since it is another one by now. Takes as long as there are changes.
    async fn key_changes(&self, since: Option<u64>) -> Result<KeyChanges, StoreError>;

    /// The records of a ticket, the oldest first.
    async fn records(&self, ticket: &TicketHash) -> Result<Vec<SealedRecord>, StoreError>;

    /// How many tickets are to be voted, and how many have ended in which way. The network's are left at 0.
    async fn registered_counts(&self) -> Result<RegisteredCounts, StoreError>;

    /// The tickets that an operator looks for, the last registered first.
    async fn find_registered(
        &self,
        query: &RegisteredQuery,
        slice: Slice,
    ) -> Result<Listed<RegisteredTicket>, StoreError>;

    /// How many tickets are in which state.
    async fn registered_figures(&self) -> Result<RegisteredFigures, StoreError>;

    /// The fees that are confirmed, and were so at that moment or later.
    async fn fee_income(&self, since: UnixTime) -> Result<FeeIncome, StoreError>;
}

/// The keys whose addresses take fees.
#[async_trait]
pub trait FeeKeyStore: Send + Sync {
    /// All keys, the latest last.
    async fn fee_keys(&self) -> Result<Vec<FeeKey>, StoreError>;

    /// A key, where it is kept.
    async fn fee_key(&self, key: &ExtendedPubKey) -> Result<Option<FeeKey>, StoreError>;

    /// Keeps a key. False where it is kept already: nothing has changed then.
    async fn add_fee_key(&self, key: &FeeKey, now: UnixTime) -> Result<bool, StoreError>;

    /// Puts `after` in the place of `before`. False where another was faster: nothing has changed then, and no address of
    /// `after` may be used.
    async fn change_fee_key(&self, before: &FeeKey, after: &FeeKey) -> Result<bool, StoreError>;
}

/// Secrets of the pool that lie sealed in its database, by name.
#[async_trait]
pub trait SealedStore: Send + Sync {
    /// The secret of a name.
    async fn sealed(&self, name: &str) -> Result<Option<SealedSecret>, StoreError>;

    /// Keeps a secret. False where there is one of that name: nothing has changed then.
    async fn add_sealed(&self, name: &str, secret: &SealedSecret) -> Result<bool, StoreError>;

    /// Puts `after` in the place of `before`. False where another is kept: nothing has changed then.
    async fn change_sealed(&self, name: &str, before: &SealedSecret, after: &SealedSecret) -> Result<bool, StoreError>;
}

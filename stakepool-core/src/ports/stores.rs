//! What must outlast a restart.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::events::EventCursor;
use crate::accounts::{Actor, Email, PasswordHashes, Registration, User, UserId, VotingPreference};
use crate::audit::AuditAction;
use crate::chain::{Amount, BlockHeight, KeyIndex, Params, ScriptAddress, TicketHash};
use crate::reports::{TicketReport, TicketState, VoteRecord};
use crate::time::UnixTime;

/// Why a store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another user has the e-mail address.
    #[error("this e-mail address is already registered")]
    EmailTaken,
    /// The user has an address already.
    #[error("user {0} has an address already")]
    AlreadyRegistered(UserId),
    /// Another user has this key index or multisig address.
    #[error("key index {0} or its address is already in use")]
    IndexTaken(KeyIndex),
    /// All key indexes are given.
    #[error("the pool is full: all {0} key indexes are given; raise maxusers")]
    Full(u32),
    /// There is no such row.
    #[error("there is no {0}")]
    NotFound(&'static str),
    /// Someone else changed the same field since it was read.
    #[error("the {0} was changed at the same moment by someone else; look at it again and repeat the change")]
    Conflict(&'static str),
    /// A row cannot be understood.
    #[error("the database holds a {what} that cannot be read: {reason}")]
    Corrupt {
        /// Which row.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// The database itself failed.
    #[error("the database failed: {0}")]
    Backend(String),
}

/// A user to be.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address to sign in with.
    pub email: Email,
    /// The hashed password.
    pub password: PasswordHashes,
    /// Whether the address needs no verification.
    pub verified: bool,
    /// Whether the user may administer the pool.
    pub admin: bool,
    /// What to vote at first.
    pub voting: VotingPreference,
    /// Now.
    pub created: UnixTime,
}

impl NewUser {
    /// A user who signs up at the moment `created`: not verified, and no administrator.
    pub const fn new(email: Email, password: PasswordHashes, voting: VotingPreference, created: UnixTime) -> Self {
        Self { email, password, verified: false, admin: false, voting, created }
    }

    /// The same, whose address needs no verification.
    pub fn verified(self) -> Self {
        Self { verified: true, ..self }
    }

    /// The same, who may administer the pool.
    pub fn admin(self) -> Self {
        Self { admin: true, ..self }
    }
}

/// The users.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// Adds a user under a number that no user ever had.
    ///
    /// Fails with [`StoreError::EmailTaken`] where the lower-cased address is known.
    async fn create(&self, user: NewUser) -> Result<UserId, StoreError>;

    /// The user with a number.
    async fn by_id(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user with an e-mail address; of doubles from the predecessor the first.
    async fn by_email(&self, email: &Email) -> Result<Option<User>, StoreError>;

    /// Every user with an address, by number.
    async fn registered(&self) -> Result<Vec<User>, StoreError>;

    /// Every user with a number above `after`, by number, at most `limit` of them.
    async fn list(&self, after: UserId, limit: u64) -> Result<Vec<User>, StoreError>;

    /// All users and those with an address.
    async fn counts(&self) -> Result<(u64, u64), StoreError>;

    /// The smallest key index from 1 to `max` that no row ever had, given to `id` for good (the same at every call).
    ///
    /// Fails with [`StoreError::Full`], or [`StoreError::AlreadyRegistered`].
    async fn reserve_index(&self, id: UserId, max: u32) -> Result<KeyIndex, StoreError>;

    /// Every key index that was given, and to whom; `None` for those that are withheld.
    async fn key_indexes(&self) -> Result<BTreeMap<KeyIndex, Option<UserId>>, StoreError>;

    /// Withholds key indexes, because users have them whom the store does not know: nobody is given them. A user without an
    /// address for whom one is reserved gets another at the next call of [`UserStore::reserve_index`]; those of users with an
    /// address stay as they are. [`UserStore::register`] takes a withheld index for a user for whom none is reserved: one who
    /// was brought back with the own index.
    async fn withhold_indexes(&self, indexes: &[KeyIndex]) -> Result<(), StoreError>;

    /// Withholds key indexes that nobody was given, and keeps a note of that (see [`UpkeepStore`](super::UpkeepStore)), both
    /// or neither. False, and nothing has changed, where one of them was given or withheld meanwhile, or where there is a note
    /// of that name.
    async fn withhold_free_indexes(&self, indexes: &[KeyIndex], note: &str, text: &str) -> Result<bool, StoreError>;

    /// Lets users have key indexes that are withheld, and keeps a note of that, both or neither. Those that users have stay
    /// theirs.
    async fn release_indexes(&self, indexes: &[KeyIndex], note: &str, text: &str) -> Result<(), StoreError>;

    /// Stores a registration, once: fails with [`StoreError::AlreadyRegistered`] or [`StoreError::IndexTaken`].
    async fn register(&self, id: UserId, registration: &Registration) -> Result<(), StoreError>;

    /// Stores what differs between `before`, the user as it was read, and `after`, of the fields that may change:
    /// e-mail and its state, password, voting, validity of API keys, disabled, admin. Nothing else is written, so
    /// that two changes of different fields at the same moment both last.
    ///
    /// Fails with [`StoreError::EmailTaken`], [`StoreError::NotFound`], or [`StoreError::Conflict`] where a field that
    /// is to change no longer is as in `before` (and not yet as in `after`); then nothing is stored.
    async fn update(&self, before: &User, after: &User) -> Result<(), StoreError>;
}

/// A low-fee ticket that an administrator added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowFeeTicket {
    /// The ticket.
    pub ticket: TicketHash,
    /// Its multisig address.
    pub address: ScriptAddress,
    /// The administrator; `None` for the command line.
    pub added_by: Option<UserId>,
    /// When it was added.
    pub created: UnixTime,
    /// When it can no longer be live.
    pub expires: UnixTime,
    /// What became of it; `None` while it may still vote.
    pub outcome: Option<TicketState>,
}

impl LowFeeTicket {
    /// A ticket that is added at the moment `now`, on a network with the consensus parameters `params`.
    ///
    /// It expires after twice the time that it can live by the rules, for the predecessor's programs, which know nothing
    /// else: blocks may come far slower than they should. Ours ask the ledger.
    pub fn added_at(
        now: UnixTime,
        ticket: TicketHash,
        address: ScriptAddress,
        added_by: Option<UserId>,
        params: &Params,
    ) -> Self {
        let blocks = params.ticket_maturity.saturating_add(params.ticket_expiry);
        let expires = now.plus(params.target_time_per_block.saturating_mul(blocks.saturating_mul(2)));
        Self { ticket, address, added_by, created: now, expires, outcome: None }
    }
}

/// Low-fee tickets that an administrator added.
#[async_trait]
pub trait LowFeeStore: Send + Sync {
    /// Adds a ticket; adding an active one again changes nothing. True where it was not active before.
    async fn add(&self, ticket: &LowFeeTicket) -> Result<bool, StoreError>;

    /// Takes a ticket back. True where it was active.
    async fn remove(&self, ticket: &TicketHash) -> Result<bool, StoreError>;

    /// Tickets without an outcome that may still vote, by time of adding: those that the ledger knows as immature or
    /// live, however late it is, and others until they expire.
    async fn active(&self, now: UnixTime) -> Result<Vec<LowFeeTicket>, StoreError>;

    /// Brings the outcomes of added tickets into line with the ledger. A ticket that ended at the height `deep` or below
    /// has its end as outcome; one that is immature or live (again) has none. An end above `deep` may still be undone
    /// by a reorganisation, and changes nothing. True where an outcome changed.
    async fn settle(&self, deep: BlockHeight) -> Result<bool, StoreError>;
}

/// What a single-use token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenPurpose {
    /// Shows that an e-mail address is the user's.
    VerifyEmail,
    /// Allows a new password.
    ResetPassword,
    /// Shows that the new e-mail address is the user's.
    ChangeEmail,
}

impl TokenPurpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::VerifyEmail, Self::ResetPassword, Self::ChangeEmail];
}

/// Single-use tokens. Only hashes are stored, so that a copy of the database opens no account.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Stores a token's hash; for [`TokenPurpose::ChangeEmail`] with the new address.
    async fn put(
        &self,
        purpose: TokenPurpose,
        hash: [u8; 32],
        user: UserId,
        email: Option<&Email>,
        expires: UnixTime,
    ) -> Result<(), StoreError>;

    /// Who may use a token, without using it up.
    async fn peek(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError>;

    /// Uses a token up. `None` where it is unknown, expired or used.
    async fn take(
        &self,
        purpose: TokenPurpose,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<(UserId, Option<Email>)>, StoreError>;
}

/// The hash of a session's secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionToken(pub [u8; 32]);

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub created: UnixTime,
    /// Last use, to the minute.
    pub last_seen: UnixTime,
    /// When it ends.
    pub expires: UnixTime,
    /// From where, for people.
    pub client: String,
}

/// Most sessions that a user has at a time.
pub const MOST_SESSIONS: i64 = 20;

/// The sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Begins a session. A user has at most [`MOST_SESSIONS`]: beyond them the oldest ends.
    async fn begin(&self, token: &SessionToken, session: &Session) -> Result<(), StoreError>;

    /// The session of a token, unless it has ended; notes the use.
    async fn find(&self, token: &SessionToken, now: UnixTime) -> Result<Option<Session>, StoreError>;

    /// Moves the end of a session that has not ended.
    async fn set_end(&self, token: &SessionToken, expires: UnixTime) -> Result<(), StoreError>;

    /// Ends a session.
    async fn end(&self, token: &SessionToken) -> Result<(), StoreError>;

    /// Ends all sessions of a user but one.
    async fn end_all(&self, user: UserId, except: Option<&SessionToken>) -> Result<(), StoreError>;
}

/// Which tickets are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketQuery {
    /// Of one user.
    pub user: Option<UserId>,
    /// Those only that vote by keys of their own, which are no user's; or all but these.
    pub by_own_key: Option<bool>,
    /// In these states; empty for any.
    pub states: Vec<TicketState>,
    /// Ignored ones only, or all but these.
    pub ignored: Option<bool>,
    /// Those only that the daemons have as added by an administrator, or all but these.
    pub added: Option<bool>,
    /// Whose hash as displayed begins with this, in lower case; empty for any.
    pub prefix: String,
    /// That ended at this height or above. Those that have not ended are left out.
    pub ended_from: Option<BlockHeight>,
    /// In which order.
    pub order: TicketOrder,
    /// How many to leave out.
    pub offset: u64,
    /// How many at most.
    pub limit: u64,
    /// How many the query finds in all, where that is known: then they are not counted.
    pub known_total: Option<u64>,
}

/// The order of tickets. Those that are alike in it are in the order of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TicketOrder {
    /// Mined last first.
    #[default]
    Newest,
    /// Mined first first.
    Oldest,
    /// Ended last first.
    EndedLast,
    /// Ended first first.
    EndedFirst,
    /// Those that have not ended first, mined last first; then the others, ended last first.
    OpenFirst,
    /// By falling price.
    Dearest,
    /// By rising price.
    Cheapest,
}

/// Some tickets of many, in the order that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketPage {
    /// How many the query finds in all.
    pub total: u64,
    /// Those of this page.
    pub tickets: Vec<TicketReport>,
}

/// A vote as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVote {
    /// The daemon.
    pub daemon: String,
    /// Its record.
    pub record: VoteRecord,
}

/// An address with tickets in the ledger that is no user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostAddress {
    /// The address.
    pub address: ScriptAddress,
    /// The number that its user had.
    pub user: UserId,
    /// The daemon that reported the present state of such a ticket.
    pub daemon: String,
}

/// The pool's own ledger of tickets and votes, filled from the daemons' events by idempotent writes.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Stores a daemon's reports, in their order; the newest report on a ticket counts.
    ///
    /// Daemons lag behind each other, so that a report may be older than what another daemon reported before. A report
    /// that takes a ticket back in its life (from its end to live, from live to immature) is therefore dropped,
    /// unless it comes from the daemon that reported the present state: then a reorganisation undid it. A different end
    /// is always taken.
    async fn put_tickets(&self, daemon: &str, reports: &[TicketReport], now: UnixTime) -> Result<(), StoreError>;

    /// Stores votes, one a daemon, ticket and block.
    async fn put_votes(&self, daemon: &str, votes: &[VoteRecord]) -> Result<(), StoreError>;

    /// A number that changes with whatever this process stores in the ledger. What other processes store is not seen by it.
    async fn changes(&self) -> Result<u64, StoreError>;

    /// Tickets.
    async fn tickets(&self, query: &TicketQuery) -> Result<TicketPage, StoreError>;

    /// One ticket.
    async fn ticket(&self, ticket: &TicketHash) -> Result<Option<TicketReport>, StoreError>;

    /// Latest votes first.
    async fn votes(&self, ticket: Option<&TicketHash>, limit: u64) -> Result<Vec<StoredVote>, StoreError>;

    /// How many tickets are in each state, ignored ones apart (`true`).
    async fn ticket_counts(&self, user: Option<UserId>) -> Result<Vec<(TicketState, bool, u64)>, StoreError>;

    /// What the tickets of a user cost that have not ended.
    async fn locked(&self, user: UserId) -> Result<Amount, StoreError>;

    /// Multisig addresses with tickets that are no user's: of users whom a daemon knew, and whose rows were lost. Each is
    /// there once for each daemon and number of a user. Rows that cannot be read are logged and left out.
    async fn lost_addresses(&self) -> Result<Vec<LostAddress>, StoreError>;

    /// The place in a daemon's events up to which everything is stored.
    async fn cursor(&self, daemon: &str) -> Result<Option<EventCursor>, StoreError>;

    /// Notes that place.
    async fn set_cursor(&self, daemon: &str, cursor: EventCursor) -> Result<(), StoreError>;
}

/// A noted act, with names as they are stored: another version may know others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: UnixTime,
    /// Who: `user 1`, `stakepoolctl`.
    pub actor: String,
    /// What: `ticket.add`.
    pub action: String,
    /// On what: the ticket's hash, the user's number.
    pub subject: String,
    /// Anything else, for people.
    pub detail: String,
}

impl AuditEntry {
    /// The entry of an act. Its subject is a ticket's hash or a user's number.
    pub fn new(
        at: UnixTime,
        actor: Actor,
        action: AuditAction,
        subject: &impl ToString,
        detail: impl Into<String>,
    ) -> Self {
        let (actor, action) = (actor.to_string(), action.name().to_owned());
        Self { at, actor, action, subject: subject.to_string(), detail: detail.into() }
    }
}

/// The audit log, which only grows.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Appends an entry.
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError>;

    /// Latest entries first.
    async fn latest(&self, limit: u64) -> Result<Vec<AuditEntry>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Generation, Hash160, Network};

    #[test]
    fn an_added_ticket_expires_after_twice_the_time_that_it_can_live() {
        for (network, seconds) in [(Network::Mainnet, 2 * (256 + 40_960) * 150), (Network::Simnet, 2 * (16 + 384))] {
            let params = network.params(Generation::Today);
            let address = ScriptAddress::new(network, Hash160([7; 20]));
            let added = LowFeeTicket::added_at(UnixTime(1000), TicketHash::from_bytes([9; 32]), address, None, &params);
            assert_eq!((added.created, added.expires), (UnixTime(1000), UnixTime(1000 + seconds)), "{network}");
        }
    }
}

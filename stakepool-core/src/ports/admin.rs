//! What administrators look at beyond what the pool itself needs.

use async_trait::async_trait;

use super::{AuditEntry, LowFeeTicket, StoreError, StoredVote};
use crate::accounts::{User, UserId};
use crate::audit::AuditKind;
use crate::chain::{BlockHeight, TicketHash};
use crate::reports::{TicketState, VoteOutcomeKind};
use crate::time::UnixTime;

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// How many to leave out.
    pub offset: u64,
    /// How many at most.
    pub limit: u64,
}

/// Some rows of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// How many there are in all.
    pub total: u64,
    /// Those that were wanted.
    pub rows: Vec<T>,
}

/// Which users are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserFilter {
    /// All.
    #[default]
    All,
    /// Those whose e-mail address is not verified.
    Unverified,
    /// Those whom an administrator disabled.
    Disabled,
    /// Those who have submitted no address.
    WithoutAddress,
    /// Those whose account makes them administrators.
    Administrators,
}

/// A user as administrators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserOverview {
    /// The user.
    pub user: User,
    /// The last sign-in, where it was noted.
    pub last_sign_in: Option<UnixTime>,
    /// Sessions that have not ended.
    pub sessions: u64,
}

/// Which votes are wanted; all where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoteQuery {
    /// Of one ticket.
    pub ticket: Option<TicketHash>,
    /// Of one user's tickets.
    pub user: Option<UserId>,
    /// With this outcome.
    pub outcome: Option<VoteOutcomeKind>,
    /// On blocks of this height or above.
    pub from: Option<BlockHeight>,
    /// On blocks of this height or below.
    pub to: Option<BlockHeight>,
}

/// A vote with what the ledger knows of its ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteOverview {
    /// The vote.
    pub vote: StoredVote,
    /// The ticket's user, where it has one, and its state, where the ledger has the ticket.
    pub ticket: Option<(Option<UserId>, TicketState)>,
}

/// Which noted acts are wanted; all where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of one kind.
    pub kind: Option<AuditKind>,
    /// By or about a user, named by number or by a part of the e-mail address; or about what begins so, such as a ticket.
    pub text: String,
}

/// Lists for administrators, each in pages.
#[async_trait]
pub trait AdminStore: Send + Sync {
    /// Users by number. `text` is a user's number, an address, or a part of an e-mail address in any case; empty for all.
    async fn find_users(
        &self,
        text: &str,
        filter: UserFilter,
        slice: Slice,
        now: UnixTime,
    ) -> Result<Listed<UserOverview>, StoreError>;

    /// One user.
    async fn user_overview(&self, id: UserId, now: UnixTime) -> Result<Option<UserOverview>, StoreError>;

    /// Latest votes first.
    async fn find_votes(&self, query: &VoteQuery, slice: Slice) -> Result<Listed<VoteOverview>, StoreError>;

    /// Added low-fee tickets with their outcomes, the last added first.
    async fn added_tickets(&self, slice: Slice) -> Result<Listed<LowFeeTicket>, StoreError>;

    /// The audit log, latest entries first.
    async fn audit_log(&self, query: &AuditQuery, slice: Slice) -> Result<Listed<AuditEntry>, StoreError>;
}

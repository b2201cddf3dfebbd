//! What users are mailed about their tickets.

use async_trait::async_trait;

use super::StoreError;
use crate::accounts::UserId;
use crate::chain::TicketHash;
use crate::reports::{TicketReport, TicketState};
use crate::time::UnixTime;

/// What a mail about a ticket says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TicketMailKind {
    /// The pool does not vote with it.
    Ignored,
    /// It voted.
    Voted,
    /// It was drawn, but its vote was not mined.
    Missed,
}

impl TicketMailKind {
    /// The name in stores and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Voted => "voted",
            Self::Missed => "missed",
        }
    }

    /// The kind with a name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ignored, Self::Voted, Self::Missed].into_iter().find(|kind| kind.name() == name)
    }

    /// What a report on a ticket gives reason to mail, if anything.
    pub const fn of(report: &TicketReport) -> Option<Self> {
        match report.state {
            TicketState::Immature | TicketState::Live if report.is_ignored() => Some(Self::Ignored),
            TicketState::Voted => Some(Self::Voted),
            TicketState::Missed => Some(Self::Missed),
            TicketState::Immature | TicketState::Live | TicketState::Expired => None,
        }
    }
}

/// What a user wants to be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailWishes {
    /// Tickets that the pool does not vote with.
    pub ignored: bool,
    /// Votes.
    pub voted: bool,
    /// Missed votes.
    pub missed: bool,
    /// Changes of the pool's terms, maintenances and other news. That the pool closes is mailed in any case.
    pub notices: bool,
}

impl MailWishes {
    /// Whether a mail of a kind is wanted.
    pub const fn wants(self, kind: TicketMailKind) -> bool {
        match kind {
            TicketMailKind::Ignored => self.ignored,
            TicketMailKind::Voted => self.voted,
            TicketMailKind::Missed => self.missed,
        }
    }
}

/// What goes wrong is mailed, what goes well is not, and notices are.
impl Default for MailWishes {
    fn default() -> Self {
        Self { ignored: true, voted: false, missed: true, notices: true }
    }
}

/// A mail about a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketMail {
    /// The ticket.
    pub ticket: TicketHash,
    /// What to say.
    pub kind: TicketMailKind,
    /// To whom.
    pub user: UserId,
    /// How often it was tried before.
    pub tries: u32,
}

/// Mails about tickets, each sent once, however many daemons report a ticket and however many instances send.
#[async_trait]
pub trait TicketMailStore: Send + Sync {
    /// What a user wants to be mailed.
    async fn mail_wishes(&self, user: UserId) -> Result<MailWishes, StoreError>;

    /// Changes what a user wants to be mailed.
    async fn set_mail_wishes(&self, user: UserId, wishes: MailWishes) -> Result<(), StoreError>;

    /// Notes mails to send; those of a ticket and kind that was noted before are left out.
    async fn note_mails(&self, mails: &[TicketMail], now: UnixTime) -> Result<(), StoreError>;

    /// Mails that are due, at most `limit`, for the caller alone: nobody else gets them before `until`, when they come
    /// again unless they are done.
    async fn claim_mails(&self, now: UnixTime, until: UnixTime, limit: u64) -> Result<Vec<TicketMail>, StoreError>;

    /// Keeps a mail that was claimed for the caller until then: to be called before it is sent. False where another has
    /// claimed it since, or it is done: the caller stood still for too long, and must not send it.
    async fn keep_claim(&self, mail: &TicketMail, until: UnixTime) -> Result<bool, StoreError>;

    /// Notes that a mail is sent, or given up.
    async fn mail_done(&self, mail: &TicketMail) -> Result<(), StoreError>;
}

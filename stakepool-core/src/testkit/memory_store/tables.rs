//! What is stored.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::{Email, StoredSecret, TotpStep, User, UserId};
use crate::chain::{BlockHeight, KeyIndex, TicketHash};
use crate::ports::{
    AuditEntry, Claim, EventCursor, Invitation, LowFeeTicket, MailFailure, MailWishes, NetworkDay, RegisteredTicket,
    SealedRecord, SealedSecret, Session, Slice, StoredVote, TicketMailKind, TokenPurpose,
};
use crate::store_rules::LedgerTicket;
use crate::time::{Day, UnixTime};
use crate::vsp::FeeKey;

#[derive(Debug, Default)]
pub(super) struct Tables {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) ledger_changes: u64,
    /// The highest number that was ever given.
    pub(super) last_user: i64,
    /// To whom each was given; nobody where it is withheld.
    pub(super) key_indexes: BTreeMap<KeyIndex, Option<UserId>>,
    pub(super) last_sign_ins: BTreeMap<UserId, UnixTime>,
    pub(super) tokens: BTreeMap<[u8; 32], Token>,
    pub(super) sessions: BTreeMap<[u8; 32], Session>,
    pub(super) used_once: BTreeMap<[u8; 32], UnixTime>,
    pub(super) factors: BTreeMap<UserId, Factor>,
    /// In the order of adding.
    pub(super) low_fee: Vec<LowFeeTicket>,
    /// By the hash as it is displayed, in whose order lists are.
    pub(super) tickets: BTreeMap<String, LedgerTicket>,
    /// When a ticket of theirs was last changed.
    pub(super) user_changes: BTreeMap<Option<UserId>, UnixTime>,
    /// By ticket and block as they are displayed, and by daemon.
    pub(super) votes: BTreeMap<(String, String, String), StoredVote>,
    pub(super) cursors: BTreeMap<String, EventCursor>,
    pub(super) days: BTreeMap<Day, NetworkDay>,
    pub(super) rescans: BTreeMap<String, BlockHeight>,
    /// By the work: who has it, and until when.
    pub(super) leases: BTreeMap<String, Leased>,
    pub(super) notes: BTreeMap<String, String>,
    pub(super) wishes: BTreeMap<UserId, MailWishes>,
    /// By ticket as it is displayed, and kind by its name.
    pub(super) mails: BTreeMap<(String, &'static str), NotedMail>,
    /// With the hashes of their codes, in the order of making.
    pub(super) invitations: Vec<([u8; 32], Invitation)>,
    pub(super) mail_failures: BTreeMap<UserId, MailFailure>,
    /// How many, and when they are forgotten.
    pub(super) tries: BTreeMap<String, (u32, UnixTime)>,
    pub(super) audit: Vec<AuditEntry>,
    /// By the hash as it is displayed.
    pub(super) registered: BTreeMap<String, RegisteredTicket>,
    /// The number of the last change of each registered ticket.
    pub(super) changes: BTreeMap<TicketHash, u64>,
    /// By ticket and number.
    pub(super) records: BTreeMap<(TicketHash, u32), SealedRecord>,
    /// By the hash of the ticket as it is displayed.
    pub(super) claims: BTreeMap<String, Claim>,
    /// In the order of adding.
    pub(super) fee_keys: Vec<FeeKey>,
    pub(super) sealed: BTreeMap<String, SealedSecret>,
}

#[derive(Debug)]
pub(super) struct Token {
    pub(super) purpose: TokenPurpose,
    pub(super) user: UserId,
    pub(super) email: Option<Email>,
    pub(super) expires: UnixTime,
}

pub(super) struct Factor {
    pub(super) secret: StoredSecret,
    pub(super) confirmed: bool,
    pub(super) last_step: TotpStep,
    pub(super) recovery: BTreeSet<[u8; 32]>,
}

impl std::fmt::Debug for Factor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Factor").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct NotedMail {
    pub(super) ticket: TicketHash,
    pub(super) kind: TicketMailKind,
    pub(super) user: UserId,
    pub(super) tries: u32,
    pub(super) next_try: UnixTime,
    pub(super) done: bool,
}

/// A number of rows that fits memory.
pub(super) fn rows(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Part of a list, and how long the whole is.
pub(super) fn part<T>(all: Vec<T>, slice: Slice) -> (u64, Vec<T>) {
    let total = all.len() as u64;
    (total, all.into_iter().skip(rows(slice.offset)).take(rows(slice.limit)).collect())
}

/// Who has a piece of work, until when, and how often it went to somebody else.
#[derive(Debug)]
pub(super) struct Leased {
    pub(super) holder: String,
    pub(super) until: UnixTime,
    pub(super) fence: u64,
}

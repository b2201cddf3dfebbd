//! What was, or would be, imported.

use std::collections::BTreeMap;

use stakepool_core::vsp::{FeeStatus, Outcome};

use super::keys::{FeeKeyStep, ServerKeyStep};

/// What is to be known of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// It is left out.
    Ticket,
    /// A record of it is left out; the ticket itself is not.
    Record,
    /// Nothing is left out.
    Remark,
}

/// A ticket that is named, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportNote {
    /// Its hash as the file has it.
    pub ticket: String,
    /// What it is about.
    pub kind: NoteKind,
    /// Why, without what is secret.
    pub reason: String,
}

impl ImportNote {
    pub(super) fn new(ticket: impl ToString, kind: NoteKind, reason: impl Into<String>) -> Self {
        Self { ticket: ticket.to_string(), kind, reason: reason.into() }
    }
}

/// How many tickets of a state there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCount {
    /// In the file, of those that can be read.
    pub in_file: usize,
    /// Of the same tickets in the pool's database, as they are now.
    pub in_database: usize,
}

/// Counts by how the fee and the ticket stand.
pub type StateCounts = BTreeMap<(FeeStatus, Option<&'static str>), StateCount>;

/// The key under which a ticket is counted.
pub(super) fn state(fee: FeeStatus, outcome: Option<Outcome>) -> (FeeStatus, Option<&'static str>) {
    (fee, outcome.map(Outcome::name))
}

/// What was, or with a plan alone would be, imported.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportReport {
    /// The version of the file's database.
    pub version: u32,
    /// The server's public key.
    pub public_key: [u8; 32],
    /// What becomes of the server's key.
    pub server_key: ServerKeyStep,
    /// What becomes of the fee keys.
    pub fee_keys: Vec<FeeKeyStep>,
    /// Tickets that are new.
    pub imported: usize,
    /// Tickets that the pool had before. They are left as they are.
    pub known: usize,
    /// Records that come with the new tickets.
    pub records: usize,
    /// Tickets that vspd has forgotten, of which it still had records; they are left out.
    pub forgotten: usize,
    /// How the tickets stand.
    pub states: StateCounts,
    /// What is left out, or to be known.
    pub notes: Vec<ImportNote>,
}

impl ImportReport {
    /// Whether anything was, or would be, changed.
    pub fn is_change(&self) -> bool {
        self.imported > 0 || self.server_key != ServerKeyStep::Same || self.fee_keys.iter().any(FeeKeyStep::is_change)
    }

    /// How many notes of a kind there are.
    pub fn count(&self, kind: NoteKind) -> usize {
        self.notes.iter().filter(|note| note.kind == kind).count()
    }
}

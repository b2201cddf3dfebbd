//! What an import will do. Making a plan changes nothing.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _};
use stakepool_core::chain::{Address, BlockHeader, TicketHash};
use stakepool_core::ports::{RegisteredWhere, VspTicketStore};
use stakepool_core::vsp::{AnswerSigner as _, FeeStatus};
use stakepool_core::vspd::{Unreadable, VspdDatabase, VspdTicket};

use super::candidate::{Candidate, Scene};
use super::ends;
use super::error::ImportError;
use super::keys::{FeeKeyStep, ServerKeyStep, is_of};
use super::progress::ImportProgress;
use super::records::proven;
use super::report::{ImportNote, NoteKind};
use crate::vsp::server_key::ServerKey;

/// Tickets that are looked up at the node at the same time.
const AT_ONCE: usize = 16;
/// Tickets that the database is asked for at a time.
pub(super) const CHUNK: usize = 500;

/// What an import will do.
pub(super) struct Plan {
    pub(super) best: BlockHeader,
    pub(super) server_key: ServerKeyStep,
    pub(super) fee_keys: Vec<FeeKeyStep>,
    /// The new tickets.
    pub(super) new: Vec<Candidate>,
    /// How many tickets the pool has already.
    pub(super) known: usize,
    pub(super) notes: Vec<ImportNote>,
}

/// The tickets of the file of which something new is to be made, and what is to be known of the others.
pub(super) struct Tickets<'a> {
    database: &'a VspdDatabase,
    server: [u8; 32],
    notes: Vec<ImportNote>,
}

impl<'a> Tickets<'a> {
    /// All of the file, whose rows that cannot be read are named first.
    pub(super) fn new(database: &'a VspdDatabase, server: &ServerKey) -> Self {
        let notes = database.unreadable.iter().map(|row: &Unreadable| {
            let kind = if row.is_ticket { NoteKind::Ticket } else { NoteKind::Record };
            ImportNote::new(&row.ticket, kind, &*row.reason)
        });
        Self { database, server: server.public_key(), notes: notes.collect() }
    }

    fn note(&mut self, ticket: &TicketHash, kind: NoteKind, reason: impl Into<String>) {
        self.notes.push(ImportNote::new(ticket, kind, reason));
    }

    /// The new tickets as they are to be kept, with all notes.
    pub(super) async fn look(
        mut self,
        known: &HashSet<TicketHash>,
        scene: Scene<'_>,
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<(Vec<Candidate>, Vec<ImportNote>), ImportError> {
        let new: Vec<&VspdTicket> =
            self.database.tickets.iter().filter(|ticket| !known.contains(&ticket.hash)).collect();
        let new = self.with_own_addresses(new);
        let mut looked = futures_util::stream::iter(new.iter().map(|theirs| {
            let (records, bad) = proven(theirs, &self.server);
            let hash = theirs.hash;
            async move { Candidate::look(theirs, records, scene).await.map(|found| (hash, found, bad)) }
        }))
        .buffered(AT_ONCE);
        let (mut candidates, mut notes) = (Vec::new(), Vec::new());
        while let Some((hash, found, bad)) = looked.try_next().await? {
            progress(ImportProgress::Tickets { done: candidates.len() + 1, all: new.len() });
            match found {
                Ok(candidate) => {
                    notes.extend(bad.into_iter().map(|reason| ImportNote::new(hash, NoteKind::Record, reason)));
                    candidates.push(candidate);
                }
                Err(reason) => notes.push(ImportNote::new(hash, NoteKind::Ticket, reason)),
            }
        }
        drop(looked);
        let mut block = |height| progress(ImportProgress::Blocks { at: height, last: scene.best.height });
        let found = ends::find(&candidates, scene.node, scene.best.height, &mut block).await?;
        for candidate in &mut candidates {
            ends::note(candidate, &found, scene.params);
            let remarks = std::mem::take(&mut candidate.remarks);
            let hash = candidate.ticket.registration.ticket;
            notes.extend(remarks.into_iter().map(|reason| ImportNote::new(hash, NoteKind::Remark, reason)));
        }
        self.notes.append(&mut notes);
        Ok((candidates, self.notes))
    }

    /// Those with a fee address of their own. One that no key gives at its index is only remarked upon.
    fn with_own_addresses(&mut self, tickets: Vec<&'a VspdTicket>) -> Vec<&'a VspdTicket> {
        let mut taken: BTreeMap<String, TicketHash> = BTreeMap::new();
        let keys = &self.database.fee_keys;
        let mut own = Vec::new();
        for ticket in tickets {
            let address: &Address = &ticket.fee_address.address;
            if let Some(other) = taken.insert(address.to_string(), ticket.hash) {
                let reason = format!("its fee address is also that of the ticket {other}");
                self.note(&ticket.hash, NoteKind::Ticket, reason);
                continue;
            }
            let key = keys.iter().find(|key| key.id == ticket.fee_key);
            if !key.is_some_and(|key| is_of(&key.key, ticket.fee_address.index, address)) {
                let reason = format!("its fee address is not number {} of its fee key", ticket.fee_address.index);
                self.note(&ticket.hash, NoteKind::Remark, reason);
            }
            own.push(ticket);
        }
        own
    }
}

/// Those of the file's tickets that the pool has.
pub(super) async fn known(
    store: &dyn VspTicketStore,
    database: &VspdDatabase,
) -> Result<HashSet<TicketHash>, ImportError> {
    let hashes: Vec<TicketHash> = database.tickets.iter().map(|ticket| ticket.hash).collect();
    let mut known = HashSet::new();
    for some in hashes.chunks(CHUNK) {
        known.extend(store.registered_among(some).await?.iter().map(|ticket| ticket.registration.ticket));
    }
    Ok(known)
}

/// Whether any ticket is registered.
pub(super) async fn has_tickets(store: &dyn VspTicketStore) -> Result<bool, ImportError> {
    for status in FeeStatus::ALL {
        if !store.registered_where(RegisteredWhere::Fee(status)).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

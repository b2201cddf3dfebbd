//! What is answered to an import.

use data_encoding::BASE64;
use serde::Serialize;
use stakepool::vsp::{FeeKeyStep, ImportReport, NoteKind, ServerKeyStep};
use stakepool_core::chain::ExtendedPubKey;

use crate::answer::Answer;

/// What was, or would be, imported.
#[derive(Serialize)]
pub(super) struct Imported {
    file: String,
    /// The version of the file's database.
    version: u32,
    /// Whether nothing was to be changed.
    dry_run: bool,
    /// Whether anything was, or would be, changed.
    changed: bool,
    /// The server's public key, in base64.
    pubkey: String,
    /// What becomes of the server's key: same, taken, replaced.
    server_key: &'static str,
    fee_keys: Vec<FeeKey>,
    /// New tickets.
    imported: usize,
    /// Tickets that the pool had before.
    known: usize,
    /// Records of the new tickets.
    records: usize,
    /// Tickets that are left out.
    left_out: usize,
    /// Tickets that vspd has forgotten, of which it still had records.
    forgotten: usize,
    states: Vec<State>,
    notes: Vec<Note>,
}

#[derive(Serialize)]
struct FeeKey {
    key: String,
    next_index: u32,
    retired: bool,
    /// Whether it is vspfeexpub.
    configured: bool,
    changed: bool,
}

#[derive(Serialize)]
struct State {
    fee: &'static str,
    outcome: Option<&'static str>,
    in_file: usize,
    in_database: usize,
}

#[derive(Serialize)]
struct Note {
    ticket: String,
    kind: &'static str,
    reason: String,
}

impl Imported {
    pub(super) fn new(file: String, dry_run: bool, configured: &ExtendedPubKey, report: ImportReport) -> Self {
        let fee_key = |step: &FeeKeyStep| FeeKey {
            key: step.after.key().to_string(),
            next_index: step.after.next().0,
            retired: step.after.is_retired(),
            configured: step.after.key() == configured,
            changed: step.is_change(),
        };
        let states = report.states.iter().map(|((fee, outcome), count)| State {
            fee: fee.name(),
            outcome: *outcome,
            in_file: count.in_file,
            in_database: count.in_database,
        });
        Self {
            file,
            version: report.version,
            dry_run,
            changed: report.is_change(),
            pubkey: BASE64.encode(&report.public_key),
            server_key: match report.server_key {
                ServerKeyStep::Same => "same",
                ServerKeyStep::Taken => "taken",
                ServerKeyStep::Replaced => "replaced",
            },
            fee_keys: report.fee_keys.iter().map(fee_key).collect(),
            imported: report.imported,
            known: report.known,
            records: report.records,
            left_out: report.count(NoteKind::Ticket),
            forgotten: report.forgotten,
            states: states.collect(),
            notes: report
                .notes
                .into_iter()
                .map(|note| Note { ticket: note.ticket, kind: kind(note.kind), reason: note.reason })
                .collect(),
        }
    }

    /// Tickets that were left out, and all.
    pub(super) const fn left_out(&self) -> (usize, usize) {
        (self.left_out, self.left_out + self.imported + self.known)
    }
}

const fn kind(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Ticket => "ticket left out",
        NoteKind::Record => "record left out",
        NoteKind::Remark => "remark",
    }
}

impl Answer for Imported {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let server_key = match self.server_key {
            "same" => "the pool has the same",
            "taken" => "taken over",
            _ => "taken over, in the place of one that no ticket knows",
        };
        let changed = match (self.changed, self.dry_run) {
            (false, _) => "nothing: all of it is here already",
            (true, true) => "nothing yet (--dry-run)",
            (true, false) => "yes",
        };
        let mut fields = vec![
            ("file", format!("{}, version {}", self.file, self.version)),
            ("changed", changed.to_owned()),
            ("public key", self.pubkey.clone()),
            ("server key", server_key.to_owned()),
        ];
        fields.extend(self.fee_keys.iter().map(|key| ("fee key", key.for_people())));
        if self.fee_keys.iter().all(|key| !key.configured || key.retired) {
            let text =
                "vspfeexpub is none of the keys that took fees last: new tickets pay to it, known ones to their own";
            fields.push(("remark", text.to_owned()));
        }
        fields.extend([
            (
                if self.dry_run { "would import" } else { "imported" },
                format!("{} tickets, {} records", self.imported, self.records),
            ),
            ("known before", format!("{} tickets", self.known)),
            ("left out", format!("{} tickets; {} that vspd has forgotten", self.left_out, self.forgotten)),
        ]);
        for state in &self.states {
            let name =
                state.outcome.map_or_else(|| state.fee.to_owned(), |outcome| format!("{}, {outcome}", state.fee));
            let counts = format!("{name}: {} in the file, {} in the database", state.in_file, state.in_database);
            fields.push(("tickets", counts));
        }
        fields.extend(self.notes.iter().map(|note| (note.kind, format!("{}: {}", note.ticket, note.reason))));
        fields
    }
}

impl FeeKey {
    fn for_people(&self) -> String {
        let is = match (self.retired, self.configured) {
            (true, _) => " (retired)",
            (false, true) => " (vspfeexpub)",
            (false, false) => "",
        };
        format!("{}{is}, next index {}", self.key, self.next_index)
    }
}

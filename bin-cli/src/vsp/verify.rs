//! `vsp verify`: whether a proof of a ticket holds.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use stakepool::vsp::{Checked, CheckedRecord, CheckedVote, SignedBy, verify_proof};
use stakepool_core::chain::{Address, BlockHash, BlockHeight, Network, TicketHash, VoteBits};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{Followed, Outcome, RecordKind};

use super::public_key::PublicKey;
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;

/// Check a proof of a ticket, on any machine: no pool, no node and no configuration is needed.
///
/// Checked are the server's signature of the whole file, so that no byte of it was changed; the owner's (or the alternate
/// address's) and the server's signature of each record, and that each answer belongs to its request; that the vote is by the
/// key that was handed over and in its block; and that it votes what was chosen before. That the block is on the chain, a node or
/// explorer says. The exit code is 1 where something does not hold, or the ticket voted something else.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file: from `stakepoolctl vsp proof`, or the answer of `ticketproof`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The server's public key, as the wallet has it configured. Without it compare the one that is shown: a proof by another
    /// key is another's word.
    #[arg(long, value_name = "KEY")]
    pubkey: Option<PublicKey>,
}

#[derive(Serialize)]
struct Row {
    ticket: TicketHash,
    network: Network,
    public_key: PublicKey,
    /// The commitment address.
    owner: Address,
    alternate: Option<Address>,
    made: UnixTime,
    records: Vec<Record>,
    outcome: Option<Outcome>,
    vote: Option<Vote>,
}

#[derive(Serialize)]
struct Record {
    number: u32,
    kind: RecordKind,
    requested: UnixTime,
    answered: UnixTime,
    signed_by: &'static str,
    /// What of the request was not taken over, and why, as the server says.
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Vote {
    block: BlockHash,
    height: BlockHeight,
    time: UnixTime,
    bits: VoteBits,
    /// Whether that is what was chosen; null where it cannot be said.
    followed: Option<bool>,
    /// What else was to be voted, or why that cannot be said.
    note: Option<String>,
}

impl From<CheckedRecord> for Record {
    fn from(record: CheckedRecord) -> Self {
        let CheckedRecord { number, kind, requested, answered, signed_by, notes } = record;
        let signed_by = match signed_by {
            SignedBy::Owner => "owner",
            SignedBy::Alternate => "alternate address",
        };
        Self { number, kind, requested, answered, signed_by, notes }
    }
}

impl From<CheckedVote> for Vote {
    fn from(vote: CheckedVote) -> Self {
        let CheckedVote { block, height, time, bits, followed } = vote;
        let (followed, note) = match followed {
            Followed::Yes => (Some(true), None),
            Followed::No(possible) => {
                let possible: Vec<_> = possible.iter().map(ToString::to_string).collect();
                (Some(false), Some(format!("bits {} were chosen", possible.join(" or "))))
            }
            Followed::Unknown(reason) => (None, Some(reason.to_owned())),
        };
        Self { block, height, time, bits, followed, note }
    }
}

impl From<Checked> for Row {
    fn from(checked: Checked) -> Self {
        Self {
            ticket: checked.ticket,
            network: checked.network,
            public_key: PublicKey(checked.public_key),
            owner: checked.owner,
            alternate: checked.alternate,
            made: checked.made,
            records: checked.records.into_iter().map(Record::from).collect(),
            outcome: checked.outcome,
            vote: checked.vote.map(Vote::from),
        }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("ticket", self.ticket.to_string()),
            ("network", self.network.to_string()),
            ("public key", self.public_key.to_string()),
            ("owner", self.owner.to_string()),
        ];
        fields.extend(self.alternate.map(|address| ("signs, too", address.to_string())));
        fields.push(("made", self.made.readable()));
        for record in &self.records {
            let (kind, by) = (record.kind.name(), record.signed_by);
            let text = format!("{}: {kind} of {}, by the {by}", record.number, record.requested.readable());
            fields.push(("record", text));
            fields.extend(record.notes.iter().map(|note| ("not taken over", note.clone())));
        }
        fields.extend(self.outcome.map(|outcome| ("ended", outcome.to_string())));
        if let Some(vote) = &self.vote {
            let (bits, height, block) = (vote.bits, vote.height, vote.block);
            fields.push(("vote", format!("bits {bits}, in block {height} {block} of {}", vote.time.readable())));
            let follows = match (vote.followed, &vote.note) {
                (Some(true), _) => "yes".to_owned(),
                (Some(false), note) => format!("NO: {}", note.as_deref().unwrap_or_default()),
                (None, note) => format!("cannot be said: {}", note.as_deref().unwrap_or_default()),
            };
            fields.push(("as chosen", follows));
        }
        fields
    }
}

impl Verify {
    pub(super) fn run(self, console: Console<'_>) -> Result<(), CliError> {
        let unreadable = |error| CliError::argument("FILE", format!("{} cannot be read: {error}", self.file.display()));
        let file = fs::read(&self.file).map_err(unreadable)?;
        let checked = verify_proof(&file).map_err(|error| CliError::NotWell(error.to_string()))?;
        if self.pubkey.is_some_and(|key| key.0 != checked.public_key) {
            let other = PublicKey(checked.public_key);
            return Err(CliError::NotWell(format!("the proof is by another server, whose public key is {other}")));
        }
        let row = Row::from(checked);
        console.style.write_single(console.output, &row).map_err(CliError::Output)?;
        match &row.vote {
            Some(Vote { followed: Some(false), .. }) => {
                Err(CliError::NotWell("the ticket voted something else than was chosen".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

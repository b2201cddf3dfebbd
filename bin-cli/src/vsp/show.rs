//! `vsp show`: all about a registered ticket but its secrets.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::{Address, Amount, BlockHeight, TicketHash, TxHash};
use stakepool_core::ports::{RegisteredTicket, VspTicketStore as _};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeStatus, Outcome, Preferences, RegisteredState};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Show a registered ticket: its fee, what it votes, and how many records are kept of it. Its voting key is never shown.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The ticket's hash.
    #[arg(value_name = "HASH")]
    ticket: TicketHash,
}

#[derive(Serialize)]
struct Row {
    ticket: TicketHash,
    state: RegisteredState,
    registered: UnixTime,
    /// Where it was mined, once that counts as settled.
    confirmed_at: Option<BlockHeight>,
    outcome: Option<Outcome>,
    ended_at: Option<BlockHeight>,
    /// The commitment address.
    owner: Address,
    /// Another address whose key may sign.
    alternate: Option<Address>,
    fee_status: FeeStatus,
    fee_since: UnixTime,
    fee_atoms: Amount,
    /// Until when that is asked.
    fee_expires: UnixTime,
    fee_address: Address,
    fee_index: u32,
    fee_transaction: Option<TxHash>,
    fee_mined_at: Option<BlockHeight>,
    /// Whether the key that votes is kept.
    has_voting_key: bool,
    #[serde(flatten)]
    preferences: Preferences,
    records: usize,
}

impl Row {
    fn new(ticket: RegisteredTicket, records: usize) -> Self {
        let registration = ticket.registration;
        Self {
            ticket: registration.ticket,
            state: (&registration).into(),
            registered: ticket.registered,
            confirmed_at: registration.confirmed_at,
            outcome: registration.outcome,
            ended_at: ticket.ended_at,
            owner: registration.owner,
            alternate: registration.alternate,
            fee_status: registration.fee,
            fee_since: ticket.fee_since,
            fee_atoms: registration.quote.amount,
            fee_expires: registration.quote.expires,
            fee_address: registration.fee_address.address,
            fee_index: registration.fee_address.index.0,
            fee_transaction: registration.fee_transaction,
            fee_mined_at: ticket.fee_mined_at,
            has_voting_key: ticket.voting_key.is_some(),
            preferences: registration.preferences,
            records,
        }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let fee = format!("{} EXCC, asked until {}", self.fee_atoms, self.fee_expires.readable());
        let fee_address = format!("{} (index {})", self.fee_address, self.fee_index);
        let preferences = &self.preferences;
        let readable = [
            ("ticket", Some(self.ticket.to_string())),
            ("state", Some(self.state.to_string())),
            ("registered", Some(self.registered.readable())),
            ("mined at", self.confirmed_at.map(|height| height.to_string())),
            ("ended at", self.ended_at.map(|height| height.to_string())),
            ("owner", Some(self.owner.to_string())),
            ("signs, too", self.alternate.map(|address| address.to_string())),
            ("fee", Some(fee)),
            ("fee address", Some(fee_address)),
            ("fee status", Some(format!("{} since {}", self.fee_status, self.fee_since.readable()))),
            ("fee transaction", self.fee_transaction.map(|hash| hash.to_string())),
            ("fee mined at", self.fee_mined_at.map(|height| height.to_string())),
            ("voting key", Some(if self.has_voting_key { "kept" } else { "not kept" }.to_owned())),
            ("votes", pairs(&preferences.choices)),
            ("treasury spends", pairs(&preferences.spends)),
            ("treasury keys", pairs(&preferences.treasury_keys)),
            ("records", Some(self.records.to_string())),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Choices or policies for people, where there are some.
fn pairs(map: &BTreeMap<String, String>) -> Option<String> {
    let pairs: Vec<_> = map.iter().map(|(of, choice)| format!("{of}={choice}")).collect();
    (!pairs.is_empty()).then(|| pairs.join(", "))
}

impl Show {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let found = open.wait(open.database.registered_ticket(&self.ticket))?;
        let ticket =
            found.ok_or_else(|| CliError::refused("HASH", "no wallet has registered a ticket of this hash"))?;
        let records = open.wait(open.database.records(&self.ticket))?;
        let row = Row::new(ticket, records.len());
        console.style.write_single(console.output, &row).map_err(CliError::Output)
    }
}

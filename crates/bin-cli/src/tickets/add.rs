//! `tickets add`: the pool votes tickets in spite of their fee.

use std::collections::HashMap;

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::{Generation, Params, ScriptAddress, TicketHash};
use stakepool_core::ports::{LowFeeStore, LowFeeTicket};
use stakepool_core::ticket::Verdict;
use stakepool_core::voting::{TicketReport, TicketState};

use super::hashes::{Failure, Hashes, Tally};
use super::known::{Inquiry, Known, unknown};
use super::reason;
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, Pool, PoolArguments};

/// Have the pool vote ignored tickets in spite of their fee.
///
/// Each ticket is answered for in order. The change goes into the database and to all voting daemons at once; a daemon
/// that is away is named on standard error and gets it from the web later. Adding a ticket again is no failure, and tells
/// the daemons again.
#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    hashes: Hashes,
}

#[derive(Serialize)]
struct Addition {
    ticket: TicketHash,
    address: ScriptAddress,
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Added,
    AlreadyAdded,
}

impl Answer for Addition {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let outcome = match self.outcome {
            Outcome::Added => "added",
            Outcome::AlreadyAdded => "already added",
        };
        vec![
            ("ticket", self.ticket.to_string()),
            ("address", self.address.to_string()),
            ("outcome", outcome.to_owned()),
        ]
    }
}

impl Add {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let pool = Pool::open(pool, Absent::Refuse)?;
        let adder = Adder::new(&pool)?;
        let mut tally = Tally::default();
        let answered = self.hashes.each(&mut console, &mut tally, |ticket| adder.add(ticket));
        // Whatever went wrong afterwards: what the database has, the daemons shall have.
        let told = if tally.done > 0 { pool.tell_daemons(&mut console) } else { Ok(()) };
        answered.and(told).and_then(|()| tally.into_result())
    }
}

struct Adder<'a> {
    pool: &'a Pool,
    inquiry: Inquiry<'a>,
    /// Added before, with their addresses.
    active: HashMap<TicketHash, ScriptAddress>,
    params: Params,
}

impl<'a> Adder<'a> {
    fn new(pool: &'a Pool) -> Result<Self, CliError> {
        let active = pool.wait(pool.database.active(pool.now()))?;
        let active = active.into_iter().map(|ticket| (ticket.ticket, ticket.address)).collect();
        // Expiry and block time are the same for both generations.
        let params = pool.config.network.params(Generation::Today);
        Ok(Self { pool, inquiry: Inquiry::new(pool), active, params })
    }

    fn add(&self, ticket: TicketHash) -> Result<Addition, Failure> {
        let (address, detail) = match self.active.get(&ticket) {
            Some(address) => (*address, "added before".to_owned()),
            None => self.addable(&ticket)?,
        };
        let low_fee = LowFeeTicket::added_at(self.pool.now(), ticket, address, None, &self.params);
        // Says whether it was added before, whoever did it a moment ago.
        let outcome = if self.pool.wait(self.pool.database.add(&low_fee))? {
            self.pool.audit("ticket.add", &ticket, detail)?;
            Outcome::Added
        } else {
            Outcome::AlreadyAdded
        };
        Ok(Addition { ticket, address, outcome })
    }

    /// The address of a ticket that is ignored, and what is known of it for the audit log.
    fn addable(&self, ticket: &TicketHash) -> Result<(ScriptAddress, String), Failure> {
        let refusal = match self.inquiry.known(ticket)? {
            Known::Report(report) => match objection(&report) {
                None => {
                    let detail = format!("of user {}, {}, {}", report.user, report.state, reason(&report.facts));
                    return Ok((report.address, detail));
                }
                Some(objection) => objection,
            },
            Known::Ignored(entry) => return Ok((entry.address, "ignored by a voting daemon".to_owned())),
            Known::Live => format!("ticket {ticket} is live and voted by the pool already: there is nothing to add"),
            Known::Nothing { away } => unknown(ticket, "ignored", &away),
        };
        Err(Failure::Refused(refusal))
    }
}

/// Why a ticket of the ledger cannot be added, if it cannot.
fn objection(report: &TicketReport) -> Option<String> {
    let ticket = &report.ticket;
    let end = match report.state {
        TicketState::Voted => "has voted",
        TicketState::Missed => "was missed",
        TicketState::Expired => "has expired",
        state @ (TicketState::Immature | TicketState::Live) => {
            let accepted = report.facts.verdict == Verdict::Accepted;
            return accepted.then(|| {
                format!(
                    "ticket {ticket} is {state} and pays the fee: the pool votes it already, there is nothing to add"
                )
            });
        }
    };
    let place = report.ended_at.map(|height| format!(" at height {height}")).unwrap_or_default();
    Some(format!("ticket {ticket} {end}{place}: only an immature or live ticket can be added"))
}

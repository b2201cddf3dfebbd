//! `tickets added`: what an administrator added and may still vote.

use clap::Args;
use serde::Serialize;
use stakepool::tickets::low_fee::reason;
use stakepool_core::accounts::{Actor, UserId};
use stakepool_core::chain::{ScriptAddress, TicketHash};
use stakepool_core::ports::LowFeeTicket;
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// List the tickets that an administrator added and that may still vote.
#[derive(Debug, Args)]
pub(crate) struct Added {}

/// An added ticket. What the ledger does not know is null.
#[derive(Serialize)]
struct AddedTicket {
    ticket: TicketHash,
    address: ScriptAddress,
    user: Option<UserId>,
    state: Option<TicketState>,
    added_by: Option<UserId>,
    added: UnixTime,
    expires: UnixTime,
    reason: Option<String>,
}

impl From<(LowFeeTicket, Option<TicketReport>)> for AddedTicket {
    fn from((added, report): (LowFeeTicket, Option<TicketReport>)) -> Self {
        Self {
            ticket: added.ticket,
            address: added.address,
            user: report.as_ref().and_then(|report| report.user),
            state: report.as_ref().map(|report| report.state),
            added_by: added.added_by,
            added: added.created,
            expires: added.expires,
            reason: report.map(|report| reason(&report.facts)),
        }
    }
}

impl Answer for AddedTicket {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let by = self.added_by.map_or(ACTOR, Actor::User).to_string();
        let readable = [
            ("ticket", Some(self.ticket.to_string())),
            ("address", Some(self.address.to_string())),
            ("user", self.user.map(|user| user.to_string())),
            ("state", self.state.map(|state| state.to_string())),
            ("added by", Some(by)),
            ("added", Some(self.added.readable())),
            ("expires", Some(self.expires.readable())),
            ("reason", self.reason.clone()),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Added {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let added = open.wait(open.pool.low_fee_lists().added_with_reports())?;
        let tickets: Vec<AddedTicket> = added.into_iter().map(AddedTicket::from).collect();
        console.style.write_table(console.output, &tickets, "no ticket is added").map_err(CliError::Output)
    }
}

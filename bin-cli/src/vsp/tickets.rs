//! `vsp tickets`: the registered tickets.

use clap::Args;
use serde::Serialize;
use stakepool_core::chain::{Address, Amount, BlockHeight, TicketHash};
use stakepool_core::ports::{RegisteredQuery, RegisteredTicket, Slice, VspTicketStore as _};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::RegisteredState;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// List tickets that wallets of today have registered, the last registered first.
#[derive(Debug, Args)]
pub(crate) struct Tickets {
    /// In these states: none, received, broadcast, confirmed or error says where the fee of a ticket is that has not ended; voted,
    /// missed, expired or revoked how one has ended.
    #[arg(long, value_name = "STATE,…", value_delimiter = ',')]
    state: Vec<RegisteredState>,
    /// The beginning of the hash of a ticket or of a fee's transaction; or an address: the owner's, the alternate one, or the one
    /// that takes the fee.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    search: String,
    /// So many at most.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
}

/// A ticket.
#[derive(Serialize)]
struct Row {
    ticket: TicketHash,
    state: RegisteredState,
    registered: UnixTime,
    confirmed_at: Option<BlockHeight>,
    ended_at: Option<BlockHeight>,
    owner: Address,
    fee_atoms: Amount,
    fee_since: UnixTime,
}

impl From<&RegisteredTicket> for Row {
    fn from(ticket: &RegisteredTicket) -> Self {
        let registration = &ticket.registration;
        Self {
            ticket: registration.ticket,
            state: registration.into(),
            registered: ticket.registered,
            confirmed_at: registration.confirmed_at,
            ended_at: ticket.ended_at,
            owner: registration.owner,
            fee_atoms: registration.quote.amount,
            fee_since: ticket.fee_since,
        }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let readable = [
            ("ticket", Some(self.ticket.to_string())),
            ("state", Some(self.state.to_string())),
            ("registered", Some(self.registered.readable())),
            ("mined at", self.confirmed_at.map(|height| height.to_string())),
            ("ended at", self.ended_at.map(|height| height.to_string())),
            ("fee", Some(self.fee_atoms.to_string())),
            ("owner", Some(self.owner.to_string())),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Tickets {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let query = RegisteredQuery { states: self.state, text: self.search };
        let found = open.wait(open.database.find_registered(&query, Slice { offset: 0, limit: self.limit }))?;
        let rows: Vec<_> = found.rows.iter().map(Row::from).collect();
        console.style.write_table(console.output, &rows, "there are no such tickets").map_err(CliError::Output)?;
        console.note_rest(rows.len(), found.total);
        Ok(())
    }
}

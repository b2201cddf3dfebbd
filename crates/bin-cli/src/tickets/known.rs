//! What the pool knows of a ticket.

use std::cell::OnceCell;
use std::collections::HashMap;

use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{DaemonError, LedgerStore, LowFeeEntry, StoreError, VotingDaemon};
use stakepool_core::voting::TicketReport;

use crate::pool::Pool;

/// What the pool knows of a ticket.
pub(super) enum Known {
    /// All: it is in the ledger.
    Report(Box<TicketReport>),
    /// That a daemon ignores it: its reports have not come to the ledger, or it is the predecessor's and makes none.
    Ignored(LowFeeEntry),
    /// That daemons would vote it, and none ignores it.
    Live,
    /// Nothing, as far as the daemons that answered can tell.
    Nothing {
        /// Why others did not.
        away: Vec<DaemonError>,
    },
}

/// Looks tickets up. The daemons are asked at most once, and only for tickets that the ledger does not have.
pub(super) struct Inquiry<'a> {
    pool: &'a Pool,
    lists: OnceCell<Lists>,
}

struct Lists {
    ignored: HashMap<TicketHash, LowFeeEntry>,
    live: HashMap<TicketHash, LowFeeEntry>,
    away: Vec<DaemonError>,
}

impl<'a> Inquiry<'a> {
    pub(super) const fn new(pool: &'a Pool) -> Self {
        Self { pool, lists: OnceCell::new() }
    }

    /// What is known of a ticket.
    pub(super) fn known(&self, ticket: &TicketHash) -> Result<Known, StoreError> {
        if let Some(report) = self.pool.wait(self.pool.database.ticket(ticket))? {
            return Ok(Known::Report(Box::new(report)));
        }
        let lists = self.lists.get_or_init(|| self.pool.wait(Lists::ask(self.pool)));
        Ok(if let Some(entry) = lists.ignored.get(ticket) {
            Known::Ignored(*entry)
        } else if lists.live.contains_key(ticket) {
            Known::Live
        } else {
            Known::Nothing { away: lists.away.clone() }
        })
    }
}

impl Lists {
    async fn ask(pool: &Pool) -> Self {
        let mut lists = Self { ignored: HashMap::new(), live: HashMap::new(), away: Vec::new() };
        let answers =
            pool.daemons.ask(async |daemon| tokio::try_join!(daemon.ignored_tickets(), daemon.live_tickets()));
        for answer in answers.await {
            match answer {
                Ok((ignored, live)) => {
                    lists.ignored.extend(ignored.into_iter().map(|entry| (entry.ticket, entry)));
                    lists.live.extend(live.into_iter().map(|entry| (entry.ticket, entry)));
                }
                Err(error) => lists.away.push(error),
            }
        }
        lists
    }
}

/// Why nothing can be done for a ticket of which nothing is known; `list` is the list that has the right ones.
pub(super) fn unknown(ticket: &TicketHash, list: &str, away: &[DaemonError]) -> String {
    let unasked: String = away.iter().map(|error| format!(" ({error})")).collect();
    format!(
        "the pool does not know ticket {ticket}{unasked}: compare the hash with `stakepoolctl tickets {list}`; a ticket is \
         known once it is mined, where its voting right is a user's multisig address"
    )
}

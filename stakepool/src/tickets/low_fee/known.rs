//! What the pool knows of a ticket.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::time::timeout;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{DaemonError, LedgerStore, LowFeeEntry, StoreError, UserStore, VotingDaemon};
use stakepool_core::reports::TicketReport;

/// How long a daemon may take: a person waits.
const LIMIT: Duration = Duration::from_secs(30);

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

/// What the daemons say that they ignore and vote.
pub(super) struct Lists {
    ignored: HashMap<TicketHash, LowFeeEntry>,
    live: HashMap<TicketHash, LowFeeEntry>,
    away: Vec<DaemonError>,
}

impl Lists {
    /// Asks all daemons at once.
    pub(super) async fn ask(daemons: &[&dyn VotingDaemon]) -> Self {
        let mut questions: Vec<BoxFuture<'_, _>> = Vec::with_capacity(daemons.len());
        for daemon in daemons {
            questions.push(Box::pin(both(*daemon)));
        }
        let mut lists = Self { ignored: HashMap::new(), live: HashMap::new(), away: Vec::new() };
        for answer in join_all(questions).await {
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

    /// What they say of one ticket.
    pub(super) fn known(&self, ticket: &TicketHash) -> Known {
        if let Some(entry) = self.ignored.get(ticket) {
            Known::Ignored(*entry)
        } else if self.live.contains_key(ticket) {
            Known::Live
        } else {
            Known::Nothing { away: self.away.clone() }
        }
    }
}

async fn both(daemon: &dyn VotingDaemon) -> Result<(Vec<LowFeeEntry>, Vec<LowFeeEntry>), DaemonError> {
    let asked = timeout(LIMIT, async { tokio::try_join!(daemon.ignored_tickets(), daemon.live_tickets()) });
    let silent = |_| DaemonError::Unreachable {
        daemon: daemon.name().to_owned(),
        reason: format!("it did not answer within {LIMIT:?}"),
    };
    asked.await.map_err(silent)?
}

/// Those of the tickets that daemons name which the ledger does not have, by hash, each with its user, where the
/// address is a user's.
///
/// # Errors
/// [`StoreError`] where the ledger or the users cannot be read.
pub async fn known_to_daemons_only(
    entries: impl IntoIterator<Item = LowFeeEntry>,
    ledger: &dyn LedgerStore,
    users: &dyn UserStore,
) -> Result<Vec<(LowFeeEntry, Option<UserId>)>, StoreError> {
    let entries: BTreeMap<TicketHash, LowFeeEntry> = entries.into_iter().map(|entry| (entry.ticket, entry)).collect();
    let mut unknown = Vec::new();
    for entry in entries.into_values() {
        if ledger.ticket(&entry.ticket).await?.is_none() {
            unknown.push(entry);
        }
    }
    if unknown.is_empty() {
        return Ok(Vec::new());
    }
    let users: HashMap<String, UserId> = users
        .registered()
        .await?
        .into_iter()
        .filter_map(|user| Some((user.registration?.address.to_string(), user.id)))
        .collect();
    Ok(unknown.into_iter().map(|entry| (entry, users.get(&entry.address.to_string()).copied())).collect())
}

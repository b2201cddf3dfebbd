//! Whether the ledger has the tickets that the daemons are to vote: what it does not have is on no page, and in no count of
//! misses.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stakepool_core::chain::TicketHash;
use stakepool_core::ports::{LedgerStore, StoreError, TicketQuery, TicketSet, TicketSets};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::time::UnixTime;

/// How long a ticket must be lacking, seen at least twice, before that is a problem: reports are on their way.
const LASTS: Duration = Duration::from_secs(60);
/// Tickets that are read of the ledger.
const ALL: u64 = 1_000_000;
/// Tickets that a sentence names.
const NAMED: usize = 3;

/// The users' tickets that have not ended, as the ledger has them.
pub(super) struct Open {
    tickets: std::collections::HashSet<TicketHash>,
    voted: TicketSet,
    ignored: TicketSet,
}

impl Open {
    /// Reads them.
    pub(super) async fn read(ledger: &dyn LedgerStore) -> Result<Self, StoreError> {
        let states = vec![TicketState::Immature, TicketState::Live];
        let query = TicketQuery { states, by_own_key: Some(false), limit: ALL, ..TicketQuery::default() };
        Ok(Self::of(&ledger.tickets(&query).await?.tickets))
    }

    fn of(reports: &[TicketReport]) -> Self {
        let set = |ignored| reports.iter().filter(|it| it.is_ignored() == ignored).map(|it| it.ticket).collect();
        Self { tickets: reports.iter().map(|it| it.ticket).collect(), voted: set(false), ignored: set(true) }
    }

    /// Whether a daemon has the same tickets.
    pub(super) fn is_of(&self, sets: &TicketSets) -> bool {
        (self.voted, self.ignored) == (sets.voted, sets.ignored)
    }

    /// Those of a daemon's tickets that are not among them.
    pub(super) fn lacks(&self, tickets: impl IntoIterator<Item = TicketHash>) -> Vec<TicketHash> {
        tickets.into_iter().filter(|ticket| !self.tickets.contains(ticket)).collect()
    }
}

/// What a look at the ledger and the daemons finds.
#[derive(Debug, Default)]
pub(super) struct LedgerLook {
    /// The daemons that could be compared with the ledger.
    pub(super) compared: BTreeSet<String>,
    /// Their tickets that the ledger lacks, by daemon, with how it has them.
    pub(super) found: BTreeMap<(String, TicketHash), Option<TicketState>>,
}

/// Tickets that the ledger lacks, by daemon, with when that was first seen and last.
#[derive(Debug, Default)]
pub(super) struct Lacking(BTreeMap<(String, TicketHash), Known>);

#[derive(Debug)]
struct Known {
    since: UnixTime,
    seen: UnixTime,
    /// How the ledger has it.
    state: Option<TicketState>,
}

impl Lacking {
    /// Takes what the ledger lacks of the tickets of daemons that could be compared, in the place of what it lacked of theirs
    /// before. Of the others everything stands.
    pub(super) fn look(&mut self, now: UnixTime, LedgerLook { compared, found }: LedgerLook) {
        self.0.retain(|key, _| !compared.contains(&key.0) || found.contains_key(key));
        for (key, state) in found {
            let known = self.0.entry(key).or_insert(Known { since: now, seen: now, state });
            (known.since, known.seen, known.state) = (known.since.min(now), now, state);
        }
    }

    /// Whether anything is lacking, for however long.
    pub(super) fn is_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// What is to be said of each daemon with tickets that are lacking for a while.
    pub(super) fn told(&self) -> Vec<(String, String)> {
        let mut by_daemon: BTreeMap<&str, Vec<(&TicketHash, &Known)>> = BTreeMap::new();
        for ((daemon, ticket), known) in self.0.iter().filter(|(_, known)| known.since.plus(LASTS) <= known.seen) {
            by_daemon.entry(daemon).or_default().push((ticket, known));
        }
        by_daemon.into_iter().map(|(daemon, tickets)| (daemon.to_owned(), in_words(&tickets))).collect()
    }
}

fn in_words(tickets: &[(&TicketHash, &Known)]) -> String {
    let name = |(ticket, known): &(&TicketHash, &Known)| match known.state {
        Some(state) => format!("{ticket}, which it has as {state}"),
        None => ticket.to_string(),
    };
    let mut names = tickets.iter().take(NAMED).map(name).collect::<Vec<_>>().join("; ");
    if tickets.len() > NAMED {
        names.push_str(&format!("; and {} more", tickets.len() - NAMED));
    }
    let number = if tickets.len() == 1 { "1 ticket".to_owned() } else { format!("{} tickets", tickets.len()) };
    format!(
        "it has {number} that may still vote and that the web's database does not have as such ({names}): restart the daemon, which then \
         reports all of its tickets again; a database that was restored lacks them until then"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacking(numbers: &[u8]) -> LedgerLook {
        let key = |number: &u8| ("a:1".to_owned(), TicketHash::from_bytes([*number; 32]));
        let found = numbers.iter().map(|number| (key(number), (*number > 3).then_some(TicketState::Voted))).collect();
        LedgerLook { compared: BTreeSet::from(["a:1".to_owned()]), found }
    }

    #[test]
    fn what_is_lacking_stands_while_its_daemon_cannot_be_compared() {
        let mut known = Lacking::default();
        known.look(UnixTime(0), lacking(&[1]));
        known.look(UnixTime(60), lacking(&[1]));
        let only_b = LedgerLook { compared: BTreeSet::from(["b:1".to_owned()]), ..LedgerLook::default() };
        known.look(UnixTime(120), only_b);
        assert_eq!(known.told().len(), 1, "b:1 says nothing of a:1");
        known.look(UnixTime(180), lacking(&[]));
        assert!(!known.is_any());
    }

    #[test]
    fn tickets_that_the_ledger_lacks_for_a_minute_are_told_and_ones_on_their_way_are_not() {
        let mut known = Lacking::default();
        known.look(UnixTime(0), lacking(&[1, 2]));
        assert!(known.is_any() && known.told().is_empty());
        known.look(UnixTime(60), lacking(&[2, 4]));
        let told = known.told();
        assert_eq!((told.len(), told[0].0.as_str()), (1, "a:1"));
        assert!(told[0].1.contains(&format!(
            "1 ticket that may still vote and that the web's database does not have as such ({}",
            TicketHash::from_bytes([2; 32])
        )));
        known.look(UnixTime(120), lacking(&[2, 4]));
        assert!(known.told()[0].1.contains("which it has as voted"), "{:?}", known.told());
        known.look(UnixTime(180), lacking(&[]));
        assert!(!known.is_any() && known.told().is_empty());
    }
}

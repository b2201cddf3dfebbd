//! The daemons as those that vote tickets of wallets of today: by keys, without a wallet.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::ports::DaemonStatus;
use stakepool_core::time::UnixTime;

use crate::daemons::differences::TicketDifference;
use crate::daemons::view::DaemonView;
use crate::vsp::DaemonsSeen;

/// How long a daemon must follow another number of tickets than the database has: a change is on its way, or a block.
const LASTS: Duration = Duration::from_secs(60);

/// How the daemons are, as far as tickets with keys of their own are concerned.
pub(crate) fn daemons_seen(all: usize, views: &BTreeMap<String, DaemonView>, fee_key: &str) -> DaemonsSeen {
    let can_vote = |status: &&DaemonStatus| status.takes_keys && status.node_height.is_some();
    let voting = views.values().filter(|view| view.in_sync).filter_map(|view| view.status.as_ref()).filter(can_vote);
    let synced: Vec<_> = voting.map(|status| status.synced_height).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let indexes = views.values().filter_map(|view| view.status.as_ref()?.fee_indexes.next(fee_key));
    DaemonsSeen {
        all: count(all),
        voting: count(synced.len()),
        synced: synced.into_iter().flatten().max(),
        fee_index: indexes.max(),
    }
}

/// Daemons that follow another number of these tickets than are to be voted, with when that was first seen.
#[derive(Debug, Default)]
pub(super) struct KeyCounts(BTreeMap<String, Differs>);

#[derive(Debug)]
struct Differs {
    since: UnixTime,
    seen: UnixTime,
    followed: u64,
    expected: u64,
}

impl KeyCounts {
    /// Compares the daemons, where they can be compared, with the number of tickets that are to be voted. What was seen of one
    /// that cannot be compared at the moment stays: each change puts daemons behind for a while.
    pub(super) fn look(&mut self, now: UnixTime, views: &BTreeMap<String, DaemonView>, expected: u64) {
        let mut before = std::mem::take(&mut self.0);
        for (name, view) in views {
            let known = before.remove(name);
            let differs = match followed(view) {
                Some(followed) if followed == expected => None,
                Some(followed) => {
                    let since = known.map_or(now, |known| known.since.min(now));
                    Some(Differs { since, seen: now, followed, expected })
                }
                None => known,
            };
            self.0.extend(differs.map(|differs| (name.clone(), differs)));
        }
    }

    /// What is to be said of those that differ for a while.
    pub(super) fn findings(&self) -> impl Iterator<Item = TicketDifference> {
        self.0.iter().filter(|(_, differs)| differs.since.plus(LASTS) <= differs.seen).map(|(name, differs)| {
            let Differs { followed, expected, .. } = differs;
            let text = format!(
                "it follows {followed} tickets of wallets of today, but the database has {expected} that are to be voted: look into its \
                 log, and whether its node has txindex=1"
            );
            TicketDifference { about: format!("daemon {name} and the database"), text }
        })
    }
}

/// How many tickets a daemon follows, where it has what it should have and is not behind.
fn followed(view: &DaemonView) -> Option<u64> {
    let status = view.status.as_ref().filter(|_| view.in_sync && !view.unjudged)?;
    status.check.sets?;
    status.check.key_tickets
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::chain::BlockHeight;
    use stakepool_core::ports::{TicketSet, TicketSets};
    use stakepool_core::testkit::FakeDaemon;
    use stakepool_core::testkit::tickets::block;

    fn views(key_tickets: Option<u64>) -> BTreeMap<String, DaemonView> {
        let mut status = FakeDaemon::new("d:1").status.lock().unwrap().clone();
        let empty = TicketSet::default();
        status.check.sets = Some(TicketSets {
            block: block(200, 1),
            height: BlockHeight(200),
            voted: empty,
            ignored: empty,
            others: 0,
        });
        status.check.key_tickets = key_tickets;
        let view = DaemonView { status: Some(status), in_sync: true, ..DaemonView::default() };
        BTreeMap::from([("d:1".to_owned(), view)])
    }

    #[test]
    fn a_daemon_that_cannot_be_compared_for_a_moment_is_told_all_the_same() {
        let mut counts = KeyCounts::default();
        counts.look(UnixTime(0), &views(Some(4)), 5);
        counts.look(UnixTime(30), &views(None), 6);
        assert_eq!(counts.findings().count(), 0);
        counts.look(UnixTime(60), &views(Some(4)), 6);
        assert_eq!(counts.findings().count(), 1);
        counts.look(UnixTime(61), &BTreeMap::new(), 6);
        assert_eq!(counts.findings().count(), 0, "it is gone");
    }

    #[test]
    fn a_daemon_that_follows_fewer_tickets_than_are_to_be_voted_is_told_after_a_minute() {
        let mut counts = KeyCounts::default();
        counts.look(UnixTime(0), &views(Some(4)), 5);
        assert_eq!(counts.findings().count(), 0, "one is on its way");
        counts.look(UnixTime(60), &views(Some(4)), 5);
        let found: Vec<_> = counts.findings().collect();
        assert!(found[0].text.contains("follows 4") && found[0].text.contains("has 5"), "{found:?}");
        counts.look(UnixTime(61), &views(Some(5)), 5);
        assert_eq!(counts.findings().count(), 0);
        counts.look(UnixTime(0), &views(None), 5);
        counts.look(UnixTime(60), &views(None), 5);
        assert_eq!(counts.findings().count(), 0, "a daemon of an older version says nothing of it");
    }
}

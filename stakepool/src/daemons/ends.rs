//! What each daemon last said of how a ticket ended. Two that do not agree are a problem: the ledger keeps the later word.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stakepool_core::chain::{BlockHeight, TicketHash};
use stakepool_core::reports::{TicketReport, TicketState};
use stakepool_core::time::UnixTime;

/// How long two daemons must not agree before that is a problem: a reorganisation reaches one after the other.
const LASTS: Duration = Duration::from_secs(60);
/// For how many blocks the end of a ticket is kept: longer than reorganisations and restarts take.
const KEPT: u32 = 2000;

/// The latest words on tickets that ended.
#[derive(Debug, Default)]
pub(super) struct Ends {
    tickets: BTreeMap<TicketHash, Words>,
    newest: BlockHeight,
}

#[derive(Debug, Default)]
struct Words {
    by: BTreeMap<String, TicketState>,
    ended_at: BlockHeight,
    differ_since: Option<UnixTime>,
}

impl Ends {
    /// Takes a daemon's reports. A snapshot is all that it knows: what it said before counts no more.
    pub(super) fn note(&mut self, now: UnixTime, daemon: &str, reports: &[TicketReport], is_snapshot: bool) {
        if is_snapshot {
            self.tickets.values_mut().for_each(|words| words.take_back(now, daemon));
        }
        let before = self.newest;
        for report in reports {
            match report.ended_at.filter(|_| report.state.is_over()) {
                Some(ended_at) => {
                    self.newest = self.newest.max(ended_at);
                    let words = self.tickets.entry(report.ticket).or_default();
                    words.ended_at = words.ended_at.max(ended_at);
                    words.by.insert(daemon.to_owned(), report.state);
                    words.judge(now);
                }
                None => {
                    if let Some(words) = self.tickets.get_mut(&report.ticket) {
                        words.take_back(now, daemon);
                    }
                }
            }
        }
        if is_snapshot || self.newest > before {
            let first = self.newest.minus(KEPT);
            self.tickets.retain(|_, words| words.ended_at >= first && !words.by.is_empty());
        }
    }

    /// What is to be said of tickets of which daemons say different things for a while.
    pub(super) fn told(&self, now: UnixTime) -> Vec<(TicketHash, String)> {
        let lasts = |words: &Words| words.differ_since.is_some_and(|since| since.plus(LASTS) <= now);
        let lasting = self.tickets.iter().filter(|(_, words)| lasts(words));
        lasting.map(|(ticket, words)| (*ticket, words.in_words())).collect()
    }
}

impl Words {
    fn take_back(&mut self, now: UnixTime, daemon: &str) {
        if self.by.remove(daemon).is_some() {
            self.judge(now);
        }
    }

    fn judge(&mut self, now: UnixTime) {
        let mut states = self.by.values();
        let first = states.next();
        if states.all(|state| Some(state) == first) {
            self.differ_since = None;
        } else {
            // A time after now is that of a clock that was wrong.
            self.differ_since = Some(self.differ_since.map_or(now, |since| since.min(now)));
        }
    }

    fn in_words(&self) -> String {
        let said: BTreeSet<_> = self.by.iter().map(|(daemon, state)| format!("{daemon} says {state}")).collect();
        format!(
            "the daemons do not agree on how it ended ({}), and its page shows the later word: look the ticket up in a block explorer, and \
             restart the daemon that is wrong without its state file",
            said.into_iter().collect::<Vec<_>>().join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TicketState::{Live, Missed, Voted};
    use stakepool_core::accounts::UserId;
    use stakepool_core::chain::{Address, AddressKind, Amount, Hash160, Network, ScriptAddress};
    use stakepool_core::reports::TicketTimes;
    use stakepool_core::ticket::{TicketFacts, Verdict};

    fn report(number: u8, state: TicketState, height: u32) -> TicketReport {
        TicketReport {
            ticket: TicketHash::from_bytes([number; 32]),
            address: ScriptAddress::new(Network::Simnet, Hash160([2; 20])).into(),
            user: Some(UserId(1)),
            state,
            facts: TicketFacts {
                verdict: Verdict::Accepted,
                price: Amount::ZERO,
                fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
                committed_fee: Amount::ZERO,
                required_fee: Amount::ZERO,
                mined_at: BlockHeight(100),
            },
            added: false,
            revoked: false,
            times: TicketTimes::default(),
            spend: None,
            ended_at: state.is_over().then_some(BlockHeight(height)),
        }
    }

    /// How many tickets are told a minute after these reports.
    fn told(reports: &[(&str, TicketReport)]) -> usize {
        let mut ends = Ends::default();
        for (daemon, report) in reports {
            ends.note(UnixTime(0), daemon, std::slice::from_ref(report), false);
        }
        assert_eq!(ends.told(UnixTime(59)), [], "it may be over soon");
        ends.told(UnixTime(60)).len()
    }

    #[test]
    fn a_ticket_that_one_daemon_calls_missed_and_another_voted_is_told() {
        assert_eq!(told(&[("a", report(1, Voted, 200)), ("b", report(1, Missed, 200))]), 1);
        assert_eq!(
            told(&[("a", report(1, Voted, 200)), ("b", report(1, Voted, 202)), ("c", report(2, Missed, 200))]),
            0
        );
    }

    #[test]
    fn what_a_reorganisation_undoes_or_a_daemon_takes_back_is_not() {
        let (voted, missed, live) = (report(1, Voted, 200), report(1, Missed, 200), report(1, Live, 0));
        assert_eq!(told(&[("a", voted.clone()), ("b", missed.clone()), ("b", live.clone())]), 0);
        assert_eq!(told(&[("a", voted.clone()), ("a", live), ("b", missed.clone()), ("a", missed.clone())]), 0);
        let mut ends = Ends::default();
        ends.note(UnixTime(0), "a", &[voted], false);
        ends.note(UnixTime(0), "b", &[missed], false);
        // It was restarted, and knows nothing of the ticket any more.
        ends.note(UnixTime(10), "b", &[report(2, Live, 0)], true);
        assert_eq!(ends.told(UnixTime(100)), []);
    }

    #[test]
    fn ends_long_ago_are_forgotten() {
        let (voted, missed) = (report(1, Voted, 200), report(1, Missed, 200));
        let new = |height| report(3, Voted, height);
        assert_eq!(told(&[("a", voted.clone()), ("b", missed.clone()), ("a", new(200 + KEPT))]), 1);
        assert_eq!(told(&[("a", voted), ("b", missed), ("a", new(201 + KEPT))]), 0);
    }
}

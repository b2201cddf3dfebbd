//! Which of two reports on a ticket, or of two records of a vote, the ledger keeps.

use crate::chain::{BlockHeight, ScriptAddress};
use crate::reports::{BlockFacts, Spend, TicketReport, TicketState, TicketTimes, VoteRecord};
use crate::ticket::TicketFacts;

/// A ticket as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerTicket {
    /// The report that counts.
    pub report: TicketReport,
    /// The daemon that first reported the state in which the ticket is.
    pub told_by: String,
}

/// How far a ticket is in its life.
const fn stage(state: TicketState) -> u8 {
    match state {
        TicketState::Immature => 0,
        TicketState::Live => 1,
        TicketState::Voted | TicketState::Missed | TicketState::Expired => 2,
    }
}

/// What the ledger holds after a report; `None` where nothing changes.
///
/// Reports carry no time, and the daemons lag behind each other: what one reports later can be older. But a ticket's life
/// has a direction. A report that goes on, or has another end, is taken. One that goes back is taken from the daemon
/// that reported the present state, since its own reports are in sequence: a reorganisation has undone that state. From any
/// other daemon it is late, and dropped; where it is not, the teller will say the same. So all ledgers end with what the
/// daemons agree on, whatever the order in which their reports came.
pub fn merge_ticket(stored: Option<&LedgerTicket>, daemon: &str, report: &TicketReport) -> Option<LedgerTicket> {
    let Some(stored) = stored else {
        return Some(LedgerTicket { report: report.clone(), told_by: daemon.to_owned() });
    };
    let (facts, added) = (lasting_facts(&stored.report, report), lasting_added(&stored.report, report));
    let (times, spend) = (lasting_times(&stored.report, report), lasting_spend(&stored.report, report));
    let report = TicketReport { facts, added, times, spend, ..report.clone() };
    if stored.report == report {
        return None;
    }
    let same_end = (report.state, report.ended_at) == (stored.report.state, stored.report.ended_at);
    let takes_revocation_back = same_end && stored.report.revoked && !report.revoked;
    let goes_back = stage(report.state) < stage(stored.report.state) || takes_revocation_back;
    if goes_back && stored.told_by != daemon {
        return None;
    }
    let same_state = same_end && report.revoked == stored.report.revoked;
    let told_by = if same_state { stored.told_by.clone() } else { daemon.to_owned() };
    Some(LedgerTicket { report, told_by })
}

/// The first verdict on a ticket lasts, with what it rests on: a fee or a cold key that the operator changes later does
/// not change it. Only where a reorganisation has put the ticket into a block of another height is it judged anew. The fee of a
/// ticket with a key of its own is paid apart, and can be lost and paid again: there the latest word counts.
fn lasting_facts(stored: &TicketReport, new: &TicketReport) -> TicketFacts {
    let lasts = ScriptAddress::try_from(new.address).is_ok() && stored.facts.mined_at == new.facts.mined_at;
    if lasts { stored.facts } else { new.facts }
}

/// A daemon that was started anew no longer knows the times of earlier blocks. What is known stays for as long as the ticket is in
/// the same blocks.
fn lasting_times(stored: &TicketReport, new: &TicketReport) -> TicketTimes {
    let mut kept = stored.times;
    if stored.facts.mined_at != new.facts.mined_at {
        (kept.mined, kept.matured) = (None, None);
    }
    if new.state == TicketState::Immature {
        kept.matured = None;
    }
    if (stored.state, stored.ended_at) != (new.state, new.ended_at) {
        (kept.drawn, kept.ended) = (None, None);
    }
    new.times.or(kept)
}

/// The same of the transaction that spent it.
fn lasting_spend(stored: &TicketReport, new: &TicketReport) -> Option<Spend> {
    let is_spent = new.state == TicketState::Voted || new.revoked;
    let same_end = (stored.state, stored.ended_at) == (new.state, new.ended_at);
    new.spend.or(stored.spend.filter(|_| same_end)).filter(|_| is_spent)
}

/// A ticket with what blocks say of it that it does not know; `None` where they say nothing new. `maturity` is that of tickets, in
/// blocks.
pub fn with_block_facts(report: &TicketReport, maturity: u32, blocks: &[BlockFacts]) -> Option<TicketReport> {
    let time = |height: BlockHeight| blocks.iter().find(|block| block.height == height).map(|block| block.time);
    let (mined_at, ended_at) = (report.facts.mined_at, report.ended_at.filter(|_| report.state.is_over()));
    let is_drawn = matches!(report.state, TicketState::Voted | TicketState::Missed);
    let found = TicketTimes {
        mined: time(mined_at),
        matured: time(mined_at.plus(maturity)).filter(|_| report.state != TicketState::Immature),
        drawn: ended_at.filter(|_| is_drawn).and_then(|height| time(height.minus(1))),
        ended: ended_at.and_then(time),
    };
    let is_spent = report.state == TicketState::Voted || report.revoked;
    let spends = blocks.iter().flat_map(|block| &block.spends).filter(|(ticket, _)| *ticket == report.ticket);
    let spend = spends.map(|(_, spend)| *spend).next().filter(|_| is_spent);
    let filled = TicketReport { times: report.times.or(found), spend: report.spend.or(spend), ..report.clone() };
    (filled != *report).then_some(filled)
}

/// A ticket that was added when its life ended stays added: the administrator's entry is settled afterwards, and daemons
/// that are not given it any more report the ticket as one that was never added.
const fn lasting_added(stored: &TicketReport, new: &TicketReport) -> bool {
    new.added || (stored.added && stored.state.is_over() && new.state.is_over())
}

/// Whether a record takes the place of another of the same daemon, ticket and block.
///
/// A daemon votes again after a reconnect or a reorganisation, and its events may be read twice. The first vote that was
/// cast is the one whose times mean something, so it stays; a failure gives way to a success and to a later failure.
pub fn replaces_vote(stored: &VoteRecord, new: &VoteRecord) -> bool {
    !stored.outcome.is_cast() && (new.outcome.is_cast() || new.at >= stored.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::UserId;
    use crate::chain::{Address, AddressKind, Amount, BlockHeight, Hash160, Network, ScriptAddress, TicketHash};
    use crate::ticket::Verdict;
    use TicketState::{Expired, Immature, Live, Missed, Voted};

    fn report(state: TicketState, ended_at: Option<u32>) -> TicketReport {
        TicketReport {
            ticket: TicketHash::from_bytes([7; 32]),
            address: ScriptAddress::new(Network::Simnet, Hash160([1; 20])).into(),
            user: Some(UserId(1)),
            state,
            facts: TicketFacts {
                verdict: Verdict::Accepted,
                price: Amount::from_atoms(1),
                fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([2; 20]))),
                committed_fee: Amount::ZERO,
                required_fee: Amount::ZERO,
                mined_at: BlockHeight(10),
            },
            added: false,
            revoked: false,
            times: TicketTimes::default(),
            spend: None,
            ended_at: ended_at.map(BlockHeight),
        }
    }

    /// The state after reports of daemons, in order.
    fn after(reports: &[(&str, TicketState, Option<u32>)]) -> (TicketState, Option<u32>) {
        let mut stored = None;
        for (daemon, state, ended_at) in reports {
            if let Some(next) = merge_ticket(stored.as_ref(), daemon, &report(*state, *ended_at)) {
                stored = Some(next);
            }
        }
        let report = stored.unwrap().report;
        (report.state, report.ended_at.map(|height| height.0))
    }

    #[test]
    fn a_ticket_goes_on_by_any_daemons_word() {
        assert_eq!(after(&[("a", Immature, None), ("b", Live, None), ("a", Voted, Some(50))]), (Voted, Some(50)));
    }

    #[test]
    fn late_reports_of_another_daemon_take_nothing_back() {
        assert_eq!(after(&[("a", Live, None), ("b", Immature, None)]), (Live, None));
        let late = [("a", Voted, Some(50)), ("b", Immature, None), ("b", Live, None), ("b", Voted, Some(50))];
        assert_eq!(after(&late), (Voted, Some(50)));
    }

    #[test]
    fn a_reorganisation_revives_a_ticket_by_the_word_of_the_daemon_that_told_its_end() {
        assert_eq!(after(&[("a", Voted, Some(50)), ("a", Live, None)]), (Live, None));
        // The other daemon is behind: it reports the undone end, then takes it back itself.
        let behind = [("a", Voted, Some(50)), ("a", Live, None), ("b", Voted, Some(50)), ("b", Live, None)];
        assert_eq!(after(&behind), (Live, None));
        let both_knew = [("a", Voted, Some(50)), ("b", Voted, Some(50)), ("b", Live, None), ("a", Live, None)];
        assert_eq!(after(&both_knew), (Live, None));
    }

    #[test]
    fn a_revocation_is_taken_from_any_daemon_and_taken_back_by_the_one_that_told_it() {
        let reported = |revoked| TicketReport { revoked, ..report(Missed, Some(50)) };
        let stored = merge_ticket(None, "a", &reported(false)).unwrap();
        let revoked = merge_ticket(Some(&stored), "b", &reported(true)).unwrap();
        assert!(revoked.report.revoked);
        assert_eq!(merge_ticket(Some(&revoked), "a", &reported(false)), None, "it is behind");
        assert!(!merge_ticket(Some(&revoked), "b", &reported(false)).unwrap().report.revoked);
        let other_end = report(Missed, Some(52));
        assert_eq!(merge_ticket(Some(&revoked), "a", &other_end).unwrap().report, other_end);
    }

    #[test]
    fn a_different_end_is_taken_from_any_daemon() {
        assert_eq!(after(&[("a", Voted, Some(50)), ("b", Missed, Some(51))]), (Missed, Some(51)));
        assert_eq!(after(&[("a", Voted, Some(50)), ("b", Voted, Some(52))]), (Voted, Some(52)));
        assert_eq!(after(&[("a", Missed, Some(50)), ("b", Expired, Some(50))]), (Expired, Some(50)));
    }

    #[test]
    fn the_same_report_again_changes_nothing() {
        let stored = merge_ticket(None, "a", &report(Live, None)).unwrap();
        assert_eq!(merge_ticket(Some(&stored), "b", &report(Live, None)), None);
    }

    #[test]
    fn a_daemon_that_reports_more_of_the_same_state_does_not_become_its_reporter() {
        let stored = merge_ticket(None, "a", &report(Voted, Some(50))).unwrap();
        let added = TicketReport { added: true, ..report(Voted, Some(50)) };
        let next = merge_ticket(Some(&stored), "b", &added).unwrap();
        assert_eq!((next.told_by.as_str(), next.report.added), ("a", true));
    }

    #[test]
    fn a_ticket_that_was_added_when_it_ended_stays_added_and_one_taken_back_before_does_not() {
        let reported = |added, state, ended_at| TicketReport { added, ..report(state, ended_at) };
        let live = merge_ticket(None, "a", &reported(true, Live, None)).unwrap();
        assert!(!merge_ticket(Some(&live), "b", &reported(false, Live, None)).unwrap().report.added);
        assert!(!merge_ticket(Some(&live), "b", &reported(false, Voted, Some(50))).unwrap().report.added);
        let voted = merge_ticket(Some(&live), "a", &reported(true, Voted, Some(50))).unwrap();
        assert_eq!(merge_ticket(Some(&voted), "a", &reported(false, Voted, Some(50))), None);
        assert!(!merge_ticket(Some(&voted), "a", &reported(false, Live, None)).unwrap().report.added);
    }

    #[test]
    fn the_first_verdict_lasts_until_the_ticket_is_mined_elsewhere() {
        let judged = |verdict, mined_at| {
            let mut report = report(Live, None);
            report.facts = TicketFacts { verdict, mined_at: BlockHeight(mined_at), ..report.facts };
            report
        };
        let stored = merge_ticket(None, "a", &judged(Verdict::Accepted, 10)).unwrap();
        assert_eq!(merge_ticket(Some(&stored), "b", &judged(Verdict::LowFee, 10)), None);
        let mut voted = judged(Verdict::LowFee, 10);
        (voted.state, voted.ended_at) = (Voted, Some(BlockHeight(50)));
        let next = merge_ticket(Some(&stored), "a", &voted).unwrap();
        assert_eq!((next.report.state, next.report.facts.verdict), (Voted, Verdict::Accepted));
        let elsewhere = merge_ticket(Some(&stored), "a", &judged(Verdict::LowFee, 11)).unwrap();
        assert_eq!(elsewhere.report.facts.verdict, Verdict::LowFee);
    }

    /// Every order in which the reports of two daemons can reach the ledger, each daemon's own in their order.
    fn interleavings(
        a: &[(TicketState, Option<u32>)],
        b: &[(TicketState, Option<u32>)],
    ) -> Vec<Vec<(&'static str, TicketState, Option<u32>)>> {
        let mut all = Vec::new();
        if a.is_empty() && b.is_empty() {
            return vec![Vec::new()];
        }
        for (name, first) in [("a", a.first()), ("b", b.first())] {
            let Some(&(state, ended_at)) = first else { continue };
            let rest = if name == "a" { interleavings(&a[1..], b) } else { interleavings(a, &b[1..]) };
            all.extend(rest.into_iter().map(|mut tail| {
                tail.insert(0, (name, state, ended_at));
                tail
            }));
        }
        all
    }

    #[test]
    fn in_whatever_order_two_daemons_are_heard_the_ledger_ends_with_what_both_say_last() {
        let lives: [&[(TicketState, Option<u32>)]; 4] = [
            &[(Immature, None), (Live, None), (Voted, Some(50))],
            &[(Live, None), (Voted, Some(50)), (Live, None)],
            &[(Live, None), (Voted, Some(50)), (Live, None), (Missed, Some(70))],
            &[(Live, None), (Missed, Some(50)), (Live, None), (Immature, None), (Live, None)],
        ];
        for life in lives {
            for order in interleavings(life, life) {
                assert_eq!(after(&order), *life.last().unwrap(), "{order:?}");
            }
        }
    }
}

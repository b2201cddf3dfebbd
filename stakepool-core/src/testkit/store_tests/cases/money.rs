//! When things happened to tickets, what spent them, and the sums of that.

use crate::accounts::UserId;
use crate::chain::{Amount, BlockHeight, TxHash};
use crate::ports::{DayFees, LedgerStore, MoneyStamp, MoneyStore, PaidBack, TicketMoney};
use crate::reports::TicketState::{Immature, Live, Missed, Voted};
use crate::reports::{BlockFacts, Spend, TicketReport, TicketTimes};
use crate::testkit::samples::{NOW, bytes, ended, key_report, later, report, ticket};
use crate::testkit::store_tests::fixture::Fixture;
use crate::ticket::Verdict;
use crate::time::{Day, UnixTime};

const MATURITY: u32 = 16;
const DAY: i64 = 86_400;

fn spend(number: u32, height: u32) -> Spend {
    Spend {
        transaction: TxHash::from_bytes(bytes(1000 + number)),
        mined_at: BlockHeight(height),
        time: Some(at(height)),
        paid: Amount::from_atoms(20_500_000),
        first: Amount::from_atoms(712),
    }
}

/// A block a quarter of a day.
fn at(height: u32) -> UnixTime {
    UnixTime(i64::from(height) * DAY / 4)
}

fn block(height: u32, spends: &[u32]) -> BlockFacts {
    let spends = spends.iter().map(|number| (ticket(*number), spend(*number, height))).collect();
    BlockFacts { height: BlockHeight(height), time: at(height), spends }
}

/// A vote of which everything is known.
fn known(number: u32, user: i64, height: u32) -> TicketReport {
    let mined = number;
    let times = TicketTimes {
        mined: Some(at(mined)),
        matured: Some(at(mined + MATURITY)),
        drawn: Some(at(height - 1)),
        ended: Some(at(height)),
    };
    TicketReport { times, spend: Some(spend(number, height)), ..ended(number, user, Voted, height) }
}

pub(crate) async fn times_and_the_vote_of_a_ticket_are_kept<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let without_time = Spend { time: None, ..spend(2, 60) };
    let reports = [
        known(1, 1, 50),
        TicketReport { spend: Some(without_time), ..known(2, 1, 60) },
        TicketReport { times: TicketTimes { mined: Some(UnixTime(-5)), ..TicketTimes::default() }, ..report(3, 1) },
    ];
    stores.put_tickets("a", &reports, NOW).await.unwrap();
    for report in reports {
        assert_eq!(stores.ticket(&report.ticket).await, Ok(Some(report)));
    }
}

pub(crate) async fn what_an_older_daemon_does_not_know_stays_known<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.put_tickets("a", &[known(1, 1, 50)], NOW).await.unwrap();
    for daemon in ["a", "b"] {
        stores.put_tickets(daemon, &[ended(1, 1, Voted, 50)], NOW).await.unwrap();
        assert_eq!(stores.ticket(&ticket(1)).await, Ok(Some(known(1, 1, 50))));
    }
    // The one that reported the vote takes it back: what was known of it goes, what came before stays.
    stores.put_tickets("a", &[report(1, 1)], NOW).await.unwrap();
    let revived = stores.ticket(&ticket(1)).await.unwrap().unwrap();
    let times = TicketTimes { drawn: None, ended: None, ..known(1, 1, 50).times };
    assert_eq!((revived.state, revived.times, revived.spend), (Live, times, None));
    let immature = TicketReport { state: Immature, ..report(1, 1) };
    stores.put_tickets("a", &[immature], NOW).await.unwrap();
    let times = TicketTimes { matured: None, ..times };
    assert_eq!(stores.ticket(&ticket(1)).await.unwrap().unwrap().times, times);
}

pub(crate) async fn a_vote_that_moves_to_another_block_moves_its_time_and_transaction<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.put_tickets("a", &[known(1, 1, 50)], NOW).await.unwrap();
    let moved = known(1, 1, 51);
    stores.put_tickets("b", std::slice::from_ref(&moved), NOW).await.unwrap();
    assert_eq!(stores.ticket(&ticket(1)).await, Ok(Some(moved.clone())));
    // Another block of the same height, with another vote.
    let mut other = moved.clone();
    other.times.ended = Some(UnixTime(7));
    other.spend = Some(Spend { time: Some(UnixTime(7)), ..spend(9, 51) });
    stores.put_tickets("b", std::slice::from_ref(&other), NOW).await.unwrap();
    assert_eq!(stores.ticket(&ticket(1)).await, Ok(Some(other)));
    // A daemon that does not know of the vote, of whose block it alone speaks.
    stores.put_tickets("b", &[ended(1, 1, Voted, 52)], NOW).await.unwrap();
    let found = stores.ticket(&ticket(1)).await.unwrap().unwrap();
    assert_eq!((found.times.ended, found.times.drawn, found.spend), (None, None, None));
}

pub(crate) async fn blocks_fill_in_what_is_lacking_and_change_nothing_else<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let missed = ended(3, 1, Missed, 40);
    stores.put_tickets("a", &[ended(1, 1, Voted, 50), report(2, 1), missed.clone()], NOW).await.unwrap();
    let blocks = [block(1, &[]), block(2, &[]), block(17, &[]), block(18, &[]), block(49, &[3]), block(50, &[1, 2])];
    let tickets = [1, 2, 3, 4].map(ticket);
    assert_eq!(stores.fill_facts(&tickets, &blocks, MATURITY, later(5)).await, Ok(2));
    assert_eq!(stores.fill_facts(&tickets, &blocks, MATURITY, later(6)).await, Ok(0), "all that they say is known");
    assert_eq!(stores.ticket(&ticket(1)).await, Ok(Some(known(1, 1, 50))));
    let live = stores.ticket(&ticket(2)).await.unwrap().unwrap();
    let times = TicketTimes { mined: Some(at(2)), matured: Some(at(18)), ..TicketTimes::default() };
    assert_eq!((live.state, live.times, live.spend), (Live, times, None), "a live ticket has no vote");
    assert_eq!(stores.ticket(&ticket(3)).await, Ok(Some(missed)));
    assert_eq!(stores.money_stamp(UserId(1)).await.unwrap().latest, Some(later(5)));
    // It is still the word of the daemon that reported it.
    stores.put_tickets("a", &[report(1, 1)], NOW).await.unwrap();
    assert_eq!(stores.ticket(&ticket(1)).await.unwrap().unwrap().state, Live);
}

pub(crate) async fn tickets_that_lack_facts_are_found_a_part_at_a_time<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let lacking: Vec<_> = (1..=5).map(|number| ended(number, 1, Voted, 50)).collect();
    stores.put_tickets("a", &lacking, NOW).await.unwrap();
    stores.put_tickets("a", &[known(6, 1, 50), known(7, 2, 50)], NOW).await.unwrap();
    assert_eq!(stores.count_lacking_facts().await, Ok(5));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let part = stores.lacking_facts(after.as_ref(), 2).await.unwrap();
        let Some(last) = part.last() else { break };
        after = Some(last.ticket);
        found.extend(part);
    }
    found.sort_by_key(|report| report.facts.mined_at);
    assert_eq!(found, lacking);
}

pub(crate) async fn the_money_of_a_user_is_that_of_all_own_tickets<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.money_of(UserId(1)).await, Ok(vec![]));
    assert_eq!(stores.money_stamp(UserId(1)).await, Ok(MoneyStamp::default()));
    let mut elsewhere = known(2, 1, 60);
    elsewhere.facts.verdict = Verdict::UnknownFeeAddress;
    stores.put_tickets("a", &[known(1, 1, 50), elsewhere.clone(), report(3, 2)], later(9)).await.unwrap();
    let money = |report: TicketReport, fee, to_pool| TicketMoney {
        state: report.state,
        ignored: report.is_ignored(),
        price: report.facts.price,
        fee: Amount::from_atoms(fee),
        mined_at: report.facts.mined_at,
        ended_at: report.ended_at,
        revoked: false,
        times: report.times,
        paid_back: report.spend.map(|spend| PaidBack {
            at: spend.mined_at,
            paid: spend.paid,
            to_pool: Amount::from_atoms(to_pool),
        }),
    };
    let mut found = stores.money_of(UserId(1)).await.unwrap();
    found.sort_by_key(|ticket| ticket.mined_at);
    assert_eq!(found, [money(known(1, 1, 50), 700, 712), money(elsewhere, 0, 0)]);
    assert_eq!(stores.money_of(UserId(2)).await, Ok(vec![money(report(3, 2), 700, 0)]));
    let stamp = stores.money_stamp(UserId(1)).await.unwrap();
    assert_eq!((stamp.tickets, stamp.latest), (2, Some(later(9))));
}

pub(crate) async fn fees_are_added_up_by_day<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.pool_fees_by_day().await, Ok(vec![]));
    assert_eq!(stores.registered_fees_by_day().await, Ok(vec![]));
    // Four blocks a day: heights 48 to 51 are of day 12.
    let mut low = known(5, 1, 52);
    low.facts.verdict = Verdict::LowFee;
    let mut elsewhere = known(6, 1, 52);
    elsewhere.facts.verdict = Verdict::UnknownFeeAddress;
    let mut by_key = TicketReport { spend: Some(spend(7, 52)), state: Voted, ..key_report(7) };
    by_key.facts.committed_fee = Amount::ZERO;
    let unknown = ended(8, 1, Voted, 52);
    let reports = [known(1, 1, 48), known(2, 1, 51), known(3, 2, 49), low, elsewhere, by_key, unknown];
    stores.put_tickets("a", &reports, NOW).await.unwrap();
    let day = |day, tickets: u32| DayFees {
        day: Day(day),
        tickets: tickets.into(),
        amount: Amount::from_atoms(712 * i64::from(tickets)),
    };
    assert_eq!(stores.pool_fees_by_day().await, Ok(vec![day(12, 3), day(13, 1)]));
}

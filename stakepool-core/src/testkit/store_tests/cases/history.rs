//! What charts are made of.

use std::time::{Duration, Instant};

use crate::accounts::UserId;
use crate::chain::BlockHeight;
use crate::ports::{HistoryStore, LedgerStore, NetworkDay, Turnover};
use crate::reports::TicketState::{Expired, Missed, Voted};
use crate::ticket::Verdict;
use crate::time::Day;

use crate::testkit::samples::{NOW, ended, report};
use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn the_greatest_height_of_a_day_lasts<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let seen = |day, height, network_live| NetworkDay {
        day: Day(day),
        height: BlockHeight(height),
        network_live,
        pool_live: 7,
    };
    for seen in [seen(2, 200, 50), seen(1, 100, 40), seen(1, 90, 1), seen(2, 200, 51)] {
        stores.note_day(&seen).await.unwrap();
    }
    assert_eq!(stores.days_since(Day(0)).await, Ok(vec![seen(1, 100, 40), seen(2, 200, 51)]));
    assert_eq!(stores.days_since(Day(2)).await, Ok(vec![seen(2, 200, 51)]));
    assert_eq!(stores.days_since(Day(3)).await, Ok(vec![]));
}

pub(crate) async fn tickets_are_counted_by_spans_of_blocks<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let mut ignored = ended(16, 1, Missed, 26);
    ignored.facts.verdict = Verdict::LowFee;
    let reports = [
        report(10, 1),
        report(11, 2),
        ended(12, 1, Voted, 20),
        ended(13, 1, Voted, 25),
        ended(14, 2, Missed, 26),
        ended(15, 1, Expired, 30),
        ignored,
    ];
    stores.put_tickets("a", &reports, NOW).await.unwrap();
    let bounds = [10, 20, 20, 30].map(BlockHeight);
    let turnover = |mined, voted, missed, expired| Turnover { mined, voted, missed, expired };
    assert_eq!(
        stores.turnover(None, &bounds).await,
        Ok(vec![turnover(5, 1, 0, 0), turnover(0, 0, 0, 0), turnover(0, 1, 1, 1)])
    );
    assert_eq!(
        stores.turnover(Some(UserId(1)), &bounds).await,
        Ok(vec![turnover(3, 1, 0, 0), turnover(0, 0, 0, 0), turnover(0, 1, 0, 1)])
    );
    assert_eq!(stores.turnover(None, &bounds[..1]).await, Ok(vec![]));
    assert_eq!(stores.turnover(None, &[]).await, Ok(vec![]));
}

pub(crate) async fn a_month_of_ten_thousand_tickets_is_counted_quickly<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let reports: Vec<_> = (0..10_000).map(|n| ended(n, i64::from(n % 10), Voted, n + 300)).collect();
    stores.put_tickets("a", &reports, NOW).await.unwrap();
    let bounds: Vec<_> = (0..=30).map(|day| BlockHeight(day * 300)).collect();
    for user in [None, Some(UserId(3))] {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let begun = Instant::now();
            let counted = stores.turnover(user, &bounds).await.unwrap();
            best = best.min(begun.elapsed());
            let voted: u64 = counted.iter().map(|turnover| turnover.voted).sum();
            assert_eq!((counted.len(), voted), (30, if user.is_none() { 8701 } else { 870 }));
        }
        println!("{best:?} for {user:?}");
        assert!(best < Duration::from_millis(200), "{best:?} for {user:?}");
    }
}

//! Work that only one of several instances does.

use crate::ports::{LeaseStore, UpkeepStore};
use crate::time::UnixTime;

use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn work_has_one_holder_until_its_time_is_over<F: Fixture>(fixture: &F) {
    let (first, second) = (fixture.open().await, fixture.open().await);
    let lease = async |stores: &F::Stores, holder: &str, now| {
        stores.lease("alerts", holder, UnixTime(now), UnixTime(now + 60)).await.unwrap().is_some()
    };
    assert!(lease(&first, "a", 0).await);
    assert!(!lease(&second, "b", 59).await);
    assert!(lease(&first, "a", 59).await);
    assert!(!lease(&second, "b", 118).await);
    assert!(lease(&second, "b", 119).await);
    assert!(!lease(&first, "a", 120).await);
    assert!(second.lease("repairs", "b", UnixTime(120), UnixTime(180)).await.unwrap().is_some());
}

pub(crate) async fn a_lease_from_a_clock_that_was_years_ahead_is_over<F: Fixture>(fixture: &F) {
    const YEARS: i64 = 2 * 365 * 24 * 3600;
    let stores = fixture.open().await;
    let lease = async |holder: &str, now| {
        stores.lease("alerts", holder, UnixTime(now), UnixTime(now + 60)).await.unwrap().is_some()
    };
    assert!(lease("a", YEARS).await);
    assert!(lease("b", 1000).await);
    assert!(!lease("a", 1001).await, "it is b's now, by the clock of today");
    // Clocks that differ by less than the lease do not make two instances take the work from each other.
    assert!(!lease("a", 1001 - 60).await);
    assert!(lease("b", 1059).await);
}

pub(crate) async fn a_lease_that_was_given_back_is_free_at_once<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let lease = async |holder: &str, now| {
        stores.lease("alerts", holder, UnixTime(now), UnixTime(now + 60)).await.unwrap().is_some()
    };
    let holder = async |now| stores.holder("alerts", UnixTime(now)).await.unwrap();
    assert_eq!(holder(0).await, None);
    assert!(lease("a", 0).await);
    stores.give_back("alerts", "b").await.unwrap();
    assert!(!lease("b", 1).await, "nobody gives back what another holds");
    assert_eq!((holder(59).await.as_deref(), holder(60).await), (Some("a"), None));
    stores.give_back("alerts", "a").await.unwrap();
    assert_eq!(holder(2).await, None);
    assert!(lease("b", 2).await);
}

pub(crate) async fn a_holder_that_stood_still_does_nothing_under_a_lease_that_another_got_meanwhile<F: Fixture>(
    fixture: &F,
) {
    let (paused, other) = (fixture.open().await, fixture.open().await);
    let lease = async |stores: &F::Stores, holder: &str, now| {
        stores.lease("alerts", holder, UnixTime(now), UnixTime(now + 60)).await.unwrap()
    };
    let text = async || other.notes("place").await.unwrap().into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    let of_paused = lease(&paused, "a", 0).await.unwrap();
    assert_eq!(lease(&paused, "a", 30).await, Some(of_paused.clone()), "it goes on without a break");
    assert_eq!(paused.set_note_under(&of_paused, "place", "1").await, Ok(true));
    // Its time is over, but nobody else has the work.
    assert_eq!((paused.holds(&of_paused).await, text().await), (Ok(true), vec!["1".to_owned()]));
    let of_other = lease(&other, "b", 90).await.unwrap();
    assert!(of_other.fence > of_paused.fence);
    assert_eq!(paused.holds(&of_paused).await, Ok(false));
    assert_eq!(paused.set_note_under(&of_paused, "place", "2").await, Ok(false));
    assert_eq!(other.set_note_under(&of_other, "place", "3").await, Ok(true));
    assert_eq!(text().await, ["3"]);
    // What is given back and taken again is another lease, too.
    other.give_back("alerts", "b").await.unwrap();
    let again = lease(&paused, "a", 91).await.unwrap();
    assert!(again.fence > of_other.fence);
    assert_eq!(paused.set_note_under(&of_paused, "place", "4").await, Ok(false));
    assert_eq!(text().await, ["3"]);
}

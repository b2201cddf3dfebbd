//! Tries that all instances count together.

use crate::ports::{CountedTry, TryStore};
use crate::testkit::samples::{NOW, later};
use crate::testkit::store_tests::fixture::Fixture;
use crate::time::UnixTime;

pub(crate) async fn tries_are_counted_by_all_processes_and_outlast_them<F: Fixture>(fixture: &F) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    assert_eq!(one.count_try("a/1", 3, NOW, later(60)).await, Ok(None));
    assert_eq!(two.count_try("a/1", 3, later(1), later(61)).await, Ok(None));
    fixture.close(one).await;
    fixture.close(two).await;

    let stores = fixture.open().await;
    assert_eq!(stores.count_try("a/1", 3, later(2), later(62)).await, Ok(None));
    assert_eq!(stores.count_try("a/1", 3, later(3), later(63)).await, Ok(Some(later(60))), "the first one set the end");
    assert_eq!(stores.count_try("a/2", 3, later(3), later(63)).await, Ok(None), "another subject");
}

pub(crate) async fn tries_are_over_at_their_end_or_when_forgotten<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.count_try("a", 1, NOW, later(60)).await, Ok(None));
    assert_eq!(stores.count_try("a", 1, later(59), later(119)).await, Ok(Some(later(60))));
    assert_eq!(stores.count_try("a", 1, later(60), later(120)).await, Ok(None));
    assert_eq!(stores.count_try("a", 1, later(61), later(121)).await, Ok(Some(later(120))));
    stores.forget_tries("a").await.unwrap();
    stores.forget_tries("nobody").await.unwrap();
    assert_eq!(stores.count_try("a", 1, later(62), later(122)).await, Ok(None));
}

pub(crate) async fn of_many_tries_at_once_no_more_count_than_may_be<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let stores = stores.clone();
            tokio::spawn(async move { stores.count_try("a", 10, NOW, later(60)).await.unwrap() })
        })
        .collect();
    let mut counted = 0;
    for task in tasks {
        counted += u32::from(task.await.unwrap().is_none());
    }
    assert_eq!(counted, 10);
}

pub(crate) async fn tries_of_a_clock_that_was_years_ahead_are_over<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let years = UnixTime(NOW.0 + 2 * 365 * 86_400);
    stores.count_try("a", 1, years, UnixTime(years.0 + 60)).await.unwrap();
    assert_eq!(stores.count_try("a", 1, NOW, later(60)).await, Ok(None));
    assert_eq!(stores.count_try("a", 1, NOW, later(60)).await, Ok(Some(later(60))));
}

pub(crate) async fn several_tries_count_together_or_not_at_all_and_can_be_taken_back<F: Fixture>(fixture: &F) {
    let (one, two) = (fixture.open().await, fixture.open().await);
    let tries = |subjects: &[(&str, u32)]| {
        let of = |(subject, most): &(&str, u32)| CountedTry {
            subject: (*subject).to_owned(),
            most: *most,
            until: later(60),
        };
        subjects.iter().map(of).collect::<Vec<_>>()
    };
    let both = tries(&[("account", 2), ("client", 3)]);
    assert_eq!(one.count_tries(&both, NOW).await, Ok(None));
    assert_eq!(two.count_tries(&both, later(1)).await, Ok(None));
    assert_eq!(one.count_tries(&both, later(2)).await, Ok(Some(later(60))), "the account has had all");
    assert_eq!(
        two.count_tries(&tries(&[("client", 3)]), later(2)).await,
        Ok(None),
        "which did not count for the client"
    );
    assert_eq!(one.count_tries(&tries(&[("client", 3)]), later(3)).await, Ok(Some(later(60))));
    two.end_tries(&["account".to_owned()], &["client".to_owned(), "nobody".to_owned()]).await.unwrap();
    assert_eq!(one.count_tries(&both, later(4)).await, Ok(None));
    assert_eq!(two.count_tries(&both, later(5)).await, Ok(Some(later(60))), "the client again");
    assert_eq!(two.count_tries(&[], later(6)).await, Ok(None));
    two.end_tries(&[], &[]).await.unwrap();
}

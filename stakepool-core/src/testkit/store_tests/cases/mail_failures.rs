//! Whom mail did not reach.

use crate::accounts::UserId;
use crate::ports::{MOST_MAIL_FAILURES, MailFailure, MailFailureStore};
use crate::testkit::samples::{NOW, later};
use crate::testkit::store_tests::fixture::Fixture;

fn failure(user: i64, seconds: u64, reason: &str) -> MailFailure {
    MailFailure { user: UserId(user), at: later(seconds), reason: reason.to_owned() }
}

pub(crate) async fn a_failure_is_kept_until_a_mail_arrives<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.mail_failed(&failure(1, 1, "550 no such user")).await.unwrap();
    stores.mail_failed(&failure(2, 2, "552 '%_ full")).await.unwrap();
    stores.mail_failed(&failure(1, 3, "550 still not")).await.unwrap();
    fixture.close(stores).await;

    let (one, two) = (fixture.open().await, fixture.open().await);
    let (still, full) = (failure(1, 3, "550 still not"), failure(2, 2, "552 '%_ full"));
    assert_eq!(one.mail_failures(NOW).await, Ok(vec![still.clone(), full.clone()]));
    assert_eq!(one.mail_failures(later(2)).await, Ok(vec![still]), "the other is not after this moment");
    two.mail_arrived(UserId(1)).await.unwrap();
    two.mail_arrived(UserId(3)).await.unwrap();
    assert_eq!(one.mail_failures(NOW).await, Ok(vec![full]));
}

pub(crate) async fn of_too_many_failures_the_oldest_are_forgotten<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for number in 0..MOST_MAIL_FAILURES + 3 {
        let user = i64::try_from(number).unwrap() + 1;
        stores.mail_failed(&failure(user, 1 + number, "")).await.unwrap();
    }
    let kept = stores.mail_failures(NOW).await.unwrap();
    assert_eq!(kept.len() as u64, MOST_MAIL_FAILURES);
    assert_eq!(kept.last().unwrap().user, UserId(4));
}

//! Sessions.

use crate::accounts::UserId;
use crate::ports::{MOST_SESSIONS, Session, SessionStore, SessionToken};
use crate::time::UnixTime;

use crate::testkit::samples::{NOW, bytes, later, session};
use crate::testkit::store_tests::fixture::Fixture;

const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);

fn token(number: u32) -> SessionToken {
    SessionToken(bytes(number))
}

pub(crate) async fn a_session_lasts_until_it_expires<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.begin(&token(1), &session(ALICE)).await.unwrap();
    assert_eq!(stores.find(&token(1), NOW).await, Ok(Some(session(ALICE))));
    assert_eq!(stores.find(&token(2), NOW).await, Ok(None));
    assert!(stores.find(&token(1), later(86_399)).await.unwrap().is_some());
    assert_eq!(stores.find(&token(1), later(86_400)).await, Ok(None));
}

pub(crate) async fn a_use_is_noted_to_the_minute<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.begin(&token(1), &session(ALICE)).await.unwrap();
    let seen = async |now| stores.find(&token(1), now).await.unwrap().unwrap().last_seen;
    assert_eq!(seen(later(59)).await, NOW);
    assert_eq!(seen(later(60)).await, later(60));
    assert_eq!(seen(later(61)).await, later(60));
    assert_eq!(seen(later(500)).await, later(500));
    // A clock that was set back notes nothing.
    assert_eq!(seen(later(10)).await, later(500));
}

pub(crate) async fn the_end_of_a_session_is_moved_both_ways<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.begin(&token(1), &session(ALICE)).await.unwrap();
    stores.begin(&token(2), &session(ALICE)).await.unwrap();
    stores.set_end(&token(1), later(100)).await.unwrap();
    stores.set_end(&token(3), later(100)).await.unwrap();
    assert_eq!(stores.find(&token(1), later(99)).await.unwrap().unwrap().expires, later(100));
    assert_eq!(stores.find(&token(1), later(100)).await, Ok(None));
    stores.set_end(&token(2), later(90_000)).await.unwrap();
    assert!(stores.find(&token(2), later(89_999)).await.unwrap().is_some());
    assert_eq!(stores.find(&token(3), NOW).await, Ok(None));
}

pub(crate) async fn an_ended_session_is_gone<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.begin(&token(1), &session(ALICE)).await.unwrap();
    stores.begin(&token(2), &session(ALICE)).await.unwrap();
    stores.end(&token(1)).await.unwrap();
    stores.end(&token(1)).await.unwrap();
    assert_eq!(stores.find(&token(1), NOW).await, Ok(None));
    assert_eq!(stores.find(&token(2), NOW).await, Ok(Some(session(ALICE))));
}

pub(crate) async fn all_sessions_of_a_user_end_but_one<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for (number, user) in [(1, ALICE), (2, ALICE), (3, ALICE), (4, BOB)] {
        stores.begin(&token(number), &session(user)).await.unwrap();
    }
    let open = async || {
        let mut open = Vec::new();
        for number in 1..=4 {
            if stores.find(&token(number), NOW).await.unwrap().is_some() {
                open.push(number);
            }
        }
        open
    };
    stores.end_all(ALICE, Some(&token(2))).await.unwrap();
    assert_eq!(open().await, [2, 4]);
    // Another user's session is no exception.
    stores.end_all(ALICE, Some(&token(4))).await.unwrap();
    assert_eq!(open().await, [4]);
    stores.end_all(BOB, None).await.unwrap();
    assert_eq!(open().await, [0; 0]);
}

pub(crate) async fn a_long_past_session_does_not_hinder_a_new_one<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.begin(&token(1), &session(ALICE)).await.unwrap();
    let next = Session { created: later(90_000), last_seen: later(90_000), expires: later(99_000), ..session(BOB) };
    stores.begin(&token(1), &next).await.unwrap();
    assert_eq!(stores.find(&token(1), later(90_000)).await, Ok(Some(next)));
}

pub(crate) async fn beyond_the_most_sessions_of_a_user_the_oldest_ends<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.begin(&token(1000), &session(BOB)).await.unwrap();
    for number in 0..u32::try_from(MOST_SESSIONS).unwrap() + 2 {
        let next = Session { created: later(number.into()), ..session(ALICE) };
        stores.begin(&token(number), &next).await.unwrap();
    }
    // One of a clock that was set back is the newest all the same.
    stores.begin(&token(500), &Session { created: UnixTime(NOW.0 - 100), ..session(ALICE) }).await.unwrap();
    let mut open = Vec::new();
    for number in (0..30).chain([500, 1000]) {
        if stores.find(&token(number), NOW).await.unwrap().is_some() {
            open.push(number);
        }
    }
    assert_eq!(open, (3..22).chain([500, 1000]).collect::<Vec<_>>());
}

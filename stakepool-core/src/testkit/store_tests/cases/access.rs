//! Sessions of a user, worthless tokens, and things that count once.

use crate::accounts::UserId;
use crate::ports::{AccessStore, SessionStore, SessionToken, TokenPurpose, TokenStore, UserStore};

use crate::testkit::samples::{NOW, bytes, later, new_user, session};
use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn the_sessions_of_a_user_are_listed_and_nobody_elses<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let (mine, other) = (UserId(1), UserId(2));
    for (number, user) in [(1, mine), (2, mine), (3, other)] {
        stores.begin(&SessionToken(bytes(number)), &session(user)).await.unwrap();
    }
    stores.find(&SessionToken(bytes(2)), later(120)).await.unwrap();
    let tokens = |found: Vec<(SessionToken, _)>| found.into_iter().map(|(token, _)| token.0).collect::<Vec<_>>();
    assert_eq!(tokens(stores.sessions_of(mine, NOW).await.unwrap()), [bytes(2), bytes(1)]);
    assert_eq!(tokens(stores.sessions_of(other, NOW).await.unwrap()), [bytes(3)]);
    assert_eq!(stores.sessions_of(mine, later(86_400)).await.unwrap().len(), 0, "they have ended");
    stores.end(&SessionToken(bytes(2))).await.unwrap();
    assert_eq!(tokens(stores.sessions_of(mine, NOW).await.unwrap()), [bytes(1)]);
}

pub(crate) async fn tokens_are_made_worthless_by_user_and_purpose<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let one = stores.create(new_user("alice@example.org")).await.unwrap();
    let two = stores.create(new_user("bob@example.org")).await.unwrap();
    let (reset, verify) = (TokenPurpose::ResetPassword, TokenPurpose::VerifyEmail);
    for (purpose, number, user) in [(reset, 1, one), (reset, 2, one), (verify, 3, one), (reset, 4, two)] {
        stores.put(purpose, bytes(number), user, None, later(60)).await.unwrap();
    }
    stores.revoke_tokens(one, reset).await.unwrap();
    assert_eq!(stores.take(reset, &bytes(1), NOW).await, Ok(None));
    assert_eq!(stores.take(reset, &bytes(2), NOW).await, Ok(None));
    assert_eq!(stores.take(verify, &bytes(3), NOW).await, Ok(Some((one, None))));
    assert_eq!(stores.take(reset, &bytes(4), NOW).await, Ok(Some((two, None))));
}

pub(crate) async fn a_key_counts_once_until_it_is_forgotten<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.first_use(&bytes(1), NOW, later(60)).await, Ok(true));
    assert_eq!(stores.first_use(&bytes(1), later(59), later(90)).await, Ok(false));
    assert_eq!(stores.first_use(&bytes(2), later(59), later(90)).await, Ok(true));
    assert_eq!(stores.first_use(&bytes(1), later(60), later(90)).await, Ok(true));
}

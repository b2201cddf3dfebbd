//! Accounts that nobody has shown to be theirs.

use crate::accounts::{User, UserId};
use crate::ports::{
    LedgerStore, MailFailure, MailFailureStore, NewUser, SecondFactorStore, SessionStore, SessionToken, TokenPurpose,
    TokenStore, UnverifiedStore, UserStore,
};
use crate::testkit::samples::{NOW, bytes, email, later, new_user, registration, report, session};
use crate::testkit::store_tests::fixture::Fixture;
use crate::time::UnixTime;

pub(crate) async fn an_old_unverified_account_goes_and_its_number_stays<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let alice = stores.create(new_user("alice@example.org")).await.unwrap();
    let bob = stores.create(NewUser { created: later(10), ..new_user("bob@example.org") }).await.unwrap();
    stores.put(TokenPurpose::VerifyEmail, bytes(1), alice, None, later(99)).await.unwrap();
    let failure = MailFailure { user: alice, at: later(1), reason: String::new() };
    stores.mail_failed(&failure).await.unwrap();

    assert_eq!(stores.remove_unverified(NOW, later(99), &[], 9).await, Ok(vec![]), "nobody is older");
    assert_eq!(stores.remove_unverified(later(10), later(999), &[alice], 9).await, Ok(vec![]), "who is to be kept");
    assert_eq!(stores.remove_unverified(later(11), later(999), &[], 0).await, Ok(vec![]));
    assert_eq!(stores.remove_unverified(later(10), later(98), &[], 9).await, Ok(vec![]), "the link still works");
    assert_eq!(stores.remove_unverified(later(10), later(99), &[], 9).await, Ok(vec![alice]));
    assert_eq!(stores.remove_unverified(later(10), later(999), &[], 9).await, Ok(vec![]));
    assert_eq!(stores.by_id(alice).await, Ok(None));
    assert_eq!(stores.by_email(&email("alice@example.org")).await, Ok(None));
    assert!(stores.by_id(bob).await.unwrap().is_some());
    assert_eq!(stores.counts().await, Ok((1, 0)));
    assert_eq!(stores.take(TokenPurpose::VerifyEmail, &bytes(1), NOW).await, Ok(None));
    assert_eq!(stores.mail_failures(NOW).await, Ok(vec![]));

    assert_eq!(stores.remove_unverified(later(11), later(999), &[alice], 9).await, Ok(vec![bob]));
    let again = stores.create(new_user("alice@example.org")).await.unwrap();
    assert_eq!(again, UserId(bob.0 + 1), "no number is given twice");
    assert_eq!(stores.second_factor(again).await, Ok(None));
}

pub(crate) async fn whoever_used_an_account_keeps_it<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let mut users = Vec::new();
    for name in ["index", "address", "ticket", "session"] {
        users.push(stores.create(new_user(&format!("{name}@example.org"))).await.unwrap());
    }
    stores.create(new_user("verified@example.org").verified()).await.unwrap();
    stores.create(new_user("admin@example.org").admin()).await.unwrap();
    stores.create(NewUser { created: UnixTime(0), ..new_user("old@example.org") }).await.unwrap();
    let blocked = stores.create(new_user("blocked@example.org")).await.unwrap();
    let before = stores.by_id(blocked).await.unwrap().unwrap();
    stores.update(&before, &User { disabled: true, ..before.clone() }).await.unwrap();
    stores.reserve_index(users[0], 9).await.unwrap();
    stores.reserve_index(users[1], 9).await.unwrap();
    stores.register(users[1], &registration(2)).await.unwrap();
    stores.put_tickets("a", &[report(1, users[2].0)], NOW).await.unwrap();
    stores.begin(&SessionToken(bytes(1)), &session(users[3])).await.unwrap();
    stores.end(&SessionToken(bytes(1))).await.unwrap();
    assert_eq!(stores.remove_unverified(later(999), later(999), &[], 99).await, Ok(vec![]));
    assert_eq!(stores.counts().await, Ok((8, 1)));
}

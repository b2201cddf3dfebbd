//! Users: signing up, being found, changes.

use std::time::Duration;

use crate::accounts::{Email, EmailState, PasswordHashes, UserId, VotingPreference};
use crate::chain::{VoteBits, VoteVersion};
use crate::ports::{NewUser, StoreError, UserStore};

use crate::testkit::samples::{NOW, email, later, new_user};
use crate::testkit::store_tests::fixture::Fixture;

pub(crate) async fn a_new_user_is_found_as_signed_up<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let new = NewUser {
        password: PasswordHashes { bcrypt: Some("$2a$10$x".into()), argon2: Some("$argon2id$y".into()) },
        verified: true,
        admin: true,
        voting: VotingPreference { bits: VoteBits(u16::MAX), version: VoteVersion(u32::MAX) },
        ..new_user("alice@example.org")
    };
    let id = stores.create(new.clone()).await.unwrap();
    let user = stores.by_id(id).await.unwrap().unwrap();
    assert_eq!(id, UserId(1));
    assert_eq!((user.id, &user.email, user.email_state), (id, &new.email, EmailState::Verified));
    assert_eq!((&user.password, user.voting, user.created), (&new.password, new.voting, NOW));
    assert!(user.admin && !user.disabled && user.registration.is_none());
    assert_eq!(user.api_keys_valid_from.0, 0);
    assert_eq!(stores.by_email(&new.email).await.unwrap(), Some(user));
}

pub(crate) async fn whoever_is_not_there_is_not_found<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.by_id(UserId(1)).await.unwrap(), None);
    assert_eq!(stores.by_id(UserId(i64::MIN)).await.unwrap(), None);
    assert_eq!(stores.by_email(&email("nobody@example.org")).await.unwrap(), None);
    assert_eq!(stores.counts().await.unwrap(), (0, 0));
}

pub(crate) async fn an_email_address_is_one_users_whatever_its_case<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.create(new_user("Alice@Example.org")).await.unwrap();
    let again = NewUser { email: Email::from_store("ALICE@example.ORG ".into()), ..new_user("x@example.org") };
    assert_eq!(stores.create(again).await, Err(StoreError::EmailTaken));
    let found = stores.by_email(&Email::from_store("aLiCe@eXample.org".into())).await.unwrap().unwrap();
    assert_eq!((found.id, found.email.as_str()), (id, "alice@example.org"));
    // Neither accents nor anything else than case is ignored.
    for other in ["älice@example.org", "alice@example.org.", "al_ce@example.org", "al%@example.org"] {
        assert_eq!(stores.by_email(&Email::from_store(other.into())).await.unwrap(), None, "{other}");
    }
    stores.create(new_user("ÄLICE@example.org")).await.unwrap();
    assert!(stores.by_email(&email("älice@example.org")).await.unwrap().is_some());
}

pub(crate) async fn one_of_many_sign_ups_with_one_address_succeeds<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let stores = stores.clone();
            tokio::spawn(async move { stores.create(new_user("alice@example.org")).await })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => created += 1,
            Err(error) => assert_eq!(error, StoreError::EmailTaken),
        }
    }
    assert_eq!((created, stores.counts().await.unwrap()), (1, (1, 0)));
}

pub(crate) async fn a_change_is_stored_and_nothing_else<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.create(new_user("alice@example.org")).await.unwrap();
    let other = stores.create(new_user("bob@example.org")).await.unwrap();
    let before = stores.by_id(id).await.unwrap().unwrap();
    let untouched = stores.by_id(other).await.unwrap();
    let mut after = before.clone();
    after.email = email("alice@example.com");
    after.email_state = EmailState::Predates;
    after.password = PasswordHashes { bcrypt: Some("$2b$".into()), argon2: None };
    after.voting = VotingPreference { bits: VoteBits(5), version: VoteVersion(12) };
    after.api_keys_valid_from = later(5);
    after.disabled = true;
    after.admin = true;
    stores.update(&before, &after).await.unwrap();
    assert_eq!(stores.by_id(id).await.unwrap(), Some(after.clone()));
    assert_eq!(stores.by_email(&before.email).await.unwrap(), None);
    assert_eq!(stores.by_email(&after.email).await.unwrap(), Some(after));
    assert_eq!(stores.by_id(other).await.unwrap(), untouched);
}

pub(crate) async fn a_change_to_a_taken_address_or_of_nobody_is_refused<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.create(new_user("alice@example.org")).await.unwrap();
    stores.create(new_user("bob@example.org")).await.unwrap();
    let before = stores.by_id(id).await.unwrap().unwrap();
    let mut after = before.clone();
    after.email = Email::from_store("BOB@example.org".into());
    after.disabled = true;
    assert_eq!(stores.update(&before, &after).await, Err(StoreError::EmailTaken));
    assert_eq!(stores.by_id(id).await.unwrap(), Some(before.clone()));
    after.id = UserId(99);
    assert_eq!(stores.update(&before, &after).await, Err(StoreError::NotFound("user")));
}

pub(crate) async fn a_freed_address_can_be_used_again<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.create(new_user("alice@example.org")).await.unwrap();
    let before = stores.by_id(id).await.unwrap().unwrap();
    let mut after = before.clone();
    after.email = email("alice@example.com");
    stores.update(&before, &after).await.unwrap();
    stores.create(new_user("alice@example.org")).await.unwrap();
}

pub(crate) async fn changes_of_different_fields_at_one_moment_both_last<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.create(new_user("alice@example.org")).await.unwrap();
    let before = stores.by_id(id).await.unwrap().unwrap();
    let (mut password, mut voting) = (before.clone(), before.clone());
    password.password = PasswordHashes { bcrypt: None, argon2: Some("$argon2id$new".into()) };
    voting.voting.bits = VoteBits(3);
    let (one, two) = tokio::join!(stores.update(&before, &password), stores.update(&before, &voting));
    one.unwrap();
    two.unwrap();
    let stored = stores.by_id(id).await.unwrap().unwrap();
    assert_eq!((stored.password, stored.voting), (password.password, voting.voting));
}

pub(crate) async fn two_different_changes_of_one_field_conflict<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let id = stores.create(new_user("alice@example.org")).await.unwrap();
    let before = stores.by_id(id).await.unwrap().unwrap();
    let with = |hash: &str| {
        let mut after = before.clone();
        after.password = PasswordHashes { bcrypt: None, argon2: Some(hash.into()) };
        after
    };
    stores.update(&before, &with("$argon2id$chosen")).await.unwrap();
    // A sign-in that began before the change wants to write the old password's new hash.
    let mut upgrade = with("$argon2id$upgraded");
    upgrade.disabled = true;
    assert_eq!(stores.update(&before, &upgrade).await, Err(StoreError::Conflict("password")));
    assert_eq!(stores.by_id(id).await.unwrap(), Some(with("$argon2id$chosen")));
    // Asking twice for the same is no conflict.
    stores.update(&before, &with("$argon2id$chosen")).await.unwrap();
}

pub(crate) async fn calls_that_are_abandoned_do_nothing_by_halves_and_block_nobody<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    for number in 0..60 {
        let new = new_user(&format!("user{number}@example.org"));
        // As when a browser goes away: sooner or later in the call.
        let patience = Duration::from_micros(number * 20);
        let _ = tokio::time::timeout(patience, stores.create(new)).await;
    }
    let id = stores.create(new_user("alice@example.org")).await.unwrap();
    let mut found = 0;
    for number in 1..=id.0 {
        let user = stores.by_id(UserId(number)).await.unwrap();
        if let Some(user) = user {
            assert_eq!(stores.by_email(&user.email).await.unwrap(), Some(user));
            found += 1;
        }
    }
    assert_eq!(stores.counts().await.unwrap(), (found, 0));
}

pub(crate) async fn all_users_are_listed_by_number_a_page_at_a_time<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.list(UserId(0), 9).await, Ok(vec![]));
    for number in 1..=5 {
        stores.create(new_user(&format!("user{number}@example.org"))).await.unwrap();
    }
    let page = async |after, most| {
        let users = stores.list(UserId(after), most).await.unwrap();
        users.iter().map(|user| user.id.0).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3).await, [1, 2, 3]);
    assert_eq!(page(3, 3).await, [4, 5]);
    assert_eq!(page(i64::MIN, u64::MAX).await, [1, 2, 3, 4, 5]);
    assert!(page(5, 3).await.is_empty() && page(0, 0).await.is_empty());
}

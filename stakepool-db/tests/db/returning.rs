//! The operator goes back to the predecessor's programs for a while, and returns.

use stakepool_core::accounts::{PasswordHashes, StoredSecret, UserId};
use stakepool_core::ports::StoreError;
use stakepool_core::ports::{
    NewUser, SecondFactorStore, SessionStore, SessionToken, TokenPurpose, TokenStore, UserStore,
};
use stakepool_core::testkit::samples::{NOW, bytes, email, later, new_user, registration, session};
use stakepool_core::testkit::store_tests::Fixture;

/// A database in which statements are run past the stores, as the predecessor's programs do.
pub trait ByHand: Fixture {
    /// Runs a statement.
    async fn by_hand(&self, statement: &str);
}

/// A user with hashes of both programs.
async fn user<S: UserStore>(stores: &S, address: &str) -> UserId {
    let password = PasswordHashes { bcrypt: Some("$2a$10$old".into()), argon2: Some("$argon2id$old".into()) };
    stores.create(NewUser { password, admin: true, ..new_user(address) }).await.unwrap()
}

pub async fn a_password_that_was_changed_meanwhile_is_the_only_one<F: ByHand>(fixture: &F) {
    let stores = fixture.open().await;
    let (bob, carol) = (user(&stores, "bob@example.org").await, user(&stores, "carol@example.org").await);
    // Dave has the predecessor's hash, and signs in: ours is stored beside it.
    let only_old = PasswordHashes { bcrypt: Some("$2a$10$old".into()), argon2: None };
    let dave = NewUser { password: only_old, ..new_user("dave@example.org") };
    let dave = stores.create(dave).await.unwrap();
    let before = stores.by_id(dave).await.unwrap().unwrap();
    let mut upgraded = before.clone();
    upgraded.password.argon2 = Some("$argon2id$old".into());
    stores.update(&before, &upgraded).await.unwrap();
    for (user, number) in [(bob, 1), (carol, 2), (dave, 3)] {
        stores.begin(&SessionToken(bytes(number)), &session(user)).await.unwrap();
        stores.put(TokenPurpose::ResetPassword, bytes(number), user, None, later(60)).await.unwrap();
    }
    fixture.close(stores).await;
    // As a start without a change, which ends nothing.
    fixture.close(fixture.open().await).await;
    for user in [bob, dave] {
        fixture.by_hand(&format!("UPDATE Users SET Password = X'246E6577' WHERE UserId = {}", user.0)).await;
    }

    let stores = fixture.open().await;
    for (user, number) in [(bob, 1), (dave, 3)] {
        let found = stores.by_id(user).await.unwrap().unwrap();
        assert_eq!(found.password, PasswordHashes { bcrypt: Some("$new".into()), argon2: None });
        assert_eq!(found.admin, user == bob, "a password that was changed takes no right away");
        assert_eq!(stores.find(&SessionToken(bytes(number)), NOW).await, Ok(None));
        assert_eq!(stores.take(TokenPurpose::ResetPassword, &bytes(number), NOW).await, Ok(None));
    }
    // Whose password is the same stays signed in.
    assert!(stores.by_id(carol).await.unwrap().unwrap().password.argon2.is_some());
    assert!(stores.find(&SessionToken(bytes(2)), NOW).await.unwrap().is_some());
    // The next sign-in stores a hash of ours again, which lasts.
    let before = stores.by_id(bob).await.unwrap().unwrap();
    let mut upgraded = before.clone();
    upgraded.password.argon2 = Some("$argon2id$new".into());
    stores.update(&before, &upgraded).await.unwrap();
    fixture.close(stores).await;
    let stores = fixture.open().await;
    assert_eq!(stores.by_id(bob).await.unwrap().unwrap().password, upgraded.password);
    fixture.close(stores).await;
}

pub async fn an_email_address_that_was_changed_meanwhile_signs_in<F: ByHand>(fixture: &F) {
    let stores = fixture.open().await;
    let (bob, carol) = (user(&stores, "bob@example.org").await, user(&stores, "carol@example.org").await);
    stores.put(TokenPurpose::ResetPassword, bytes(1), bob, None, later(60)).await.unwrap();
    fixture.close(stores).await;
    // Carol takes what was Bob's.
    for (user, address) in [(bob, "Robert@Example.org"), (carol, "bob@example.org")] {
        fixture.by_hand(&format!("UPDATE Users SET Email = '{address}' WHERE UserId = {}", user.0)).await;
    }
    let stores = fixture.open().await;
    let holder = async |address| stores.by_email(&email(address)).await.unwrap().map(|user| user.id);
    assert_eq!(holder("robert@example.org").await, Some(bob));
    assert_eq!(holder("bob@example.org").await, Some(carol));
    assert_eq!(holder("carol@example.org").await, None);
    assert_eq!(stores.create(new_user("robert@example.org")).await, Err(StoreError::EmailTaken));
    assert!(stores.create(new_user("carol@example.org")).await.is_ok());
    assert_eq!(stores.take(TokenPurpose::ResetPassword, &bytes(1), NOW).await, Ok(None));
    assert!(stores.by_id(bob).await.unwrap().unwrap().password.argon2.is_some());
    fixture.close(stores).await;
}

pub async fn a_number_that_is_another_persons_now_has_no_rights_of_before<F: ByHand>(fixture: &F) {
    let stores = fixture.open().await;
    let (old, registered) = (user(&stores, "old@example.org").await, user(&stores, "same@example.org").await);
    let index = stores.reserve_index(registered, 9).await.unwrap();
    stores.register(registered, &registration(index.0)).await.unwrap();
    for user in [old, registered] {
        stores.propose_factor(user, &StoredSecret::from_bytes([7; 48])).await.unwrap();
    }
    fixture.close(stores).await;
    for UserId(id) in [old, registered] {
        let change = format!("SET Email = 'new{id}@example.org', Password = X'246E6577' WHERE UserId = {id}");
        fixture.by_hand(&format!("UPDATE Users {change}")).await;
    }
    let stores = fixture.open().await;
    // The address stays a user's for good: that one only changed the rest.
    for (user, is_same) in [(old, false), (registered, true)] {
        let found = stores.by_id(user).await.unwrap().unwrap();
        assert_eq!((found.admin, found.password.argon2), (is_same, None));
        assert_eq!(stores.second_factor(user).await.unwrap().is_some(), is_same);
    }
    fixture.close(stores).await;
}

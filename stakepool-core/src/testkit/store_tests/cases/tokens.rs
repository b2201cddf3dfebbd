//! Single-use tokens.

use crate::accounts::UserId;
use crate::ports::{StoreError, TokenPurpose, TokenStore, UserStore};

use crate::testkit::samples::{NOW, bytes, email, later, new_user};
use crate::testkit::store_tests::fixture::Fixture;

const PURPOSES: [TokenPurpose; 3] = [TokenPurpose::VerifyEmail, TokenPurpose::ResetPassword, TokenPurpose::ChangeEmail];

pub(crate) async fn a_token_works_once<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let user = stores.create(new_user("alice@example.org")).await.unwrap();
    for (purpose, number) in PURPOSES.into_iter().zip(0..) {
        let hash = bytes(number);
        stores.put(purpose, hash, user, None, later(60)).await.unwrap();
        assert_eq!(stores.peek(purpose, &hash, NOW).await, Ok(Some((user, None))));
        assert_eq!(stores.peek(purpose, &hash, NOW).await, Ok(Some((user, None))));
        assert_eq!(stores.take(purpose, &hash, NOW).await, Ok(Some((user, None))));
        assert_eq!(stores.take(purpose, &hash, NOW).await, Ok(None));
        assert_eq!(stores.peek(purpose, &hash, NOW).await, Ok(None));
    }
}

pub(crate) async fn of_many_uses_at_once_one_succeeds<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let user = stores.create(new_user("alice@example.org")).await.unwrap();
    stores.put(TokenPurpose::ResetPassword, bytes(1), user, None, later(60)).await.unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let stores = stores.clone();
            tokio::spawn(async move { stores.take(TokenPurpose::ResetPassword, &bytes(1), NOW).await.unwrap() })
        })
        .collect();
    let mut uses = 0;
    for task in tasks {
        uses += u32::from(task.await.unwrap().is_some());
    }
    assert_eq!(uses, 1);
}

pub(crate) async fn a_token_for_something_else_is_refused_and_stays<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let user = stores.create(new_user("alice@example.org")).await.unwrap();
    stores.put(TokenPurpose::VerifyEmail, bytes(1), user, None, later(60)).await.unwrap();
    for purpose in [TokenPurpose::ResetPassword, TokenPurpose::ChangeEmail] {
        assert_eq!(stores.peek(purpose, &bytes(1), NOW).await, Ok(None));
        assert_eq!(stores.take(purpose, &bytes(1), NOW).await, Ok(None));
    }
    assert_eq!(stores.take(TokenPurpose::VerifyEmail, &bytes(1), NOW).await, Ok(Some((user, None))));
}

pub(crate) async fn an_expired_token_is_refused<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let user = stores.create(new_user("alice@example.org")).await.unwrap();
    let purpose = TokenPurpose::ResetPassword;
    stores.put(purpose, bytes(1), user, None, later(60)).await.unwrap();
    stores.put(purpose, bytes(2), user, None, later(61)).await.unwrap();
    assert_eq!(stores.peek(purpose, &bytes(1), later(59)).await, Ok(Some((user, None))));
    assert_eq!(stores.peek(purpose, &bytes(1), later(60)).await, Ok(None));
    assert_eq!(stores.take(purpose, &bytes(1), later(60)).await, Ok(None));
    assert_eq!(stores.take(purpose, &bytes(2), later(60)).await, Ok(Some((user, None))));
}

pub(crate) async fn a_token_brings_the_new_address_back<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let user = stores.create(new_user("alice@example.org")).await.unwrap();
    let new = email("alice@example.com");
    stores.put(TokenPurpose::ChangeEmail, bytes(1), user, Some(&new), later(60)).await.unwrap();
    assert_eq!(stores.peek(TokenPurpose::ChangeEmail, &bytes(1), NOW).await, Ok(Some((user, Some(new.clone())))));
    assert_eq!(stores.take(TokenPurpose::ChangeEmail, &bytes(1), NOW).await, Ok(Some((user, Some(new)))));
}

pub(crate) async fn a_user_can_have_several_tokens_and_nobody_has_one<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let user = stores.create(new_user("alice@example.org")).await.unwrap();
    for number in 0..3 {
        stores.put(TokenPurpose::VerifyEmail, bytes(number), user, None, later(60)).await.unwrap();
    }
    assert_eq!(stores.take(TokenPurpose::VerifyEmail, &bytes(1), NOW).await, Ok(Some((user, None))));
    assert_eq!(stores.take(TokenPurpose::VerifyEmail, &bytes(0), NOW).await, Ok(Some((user, None))));
    let nobody = stores.put(TokenPurpose::VerifyEmail, bytes(9), UserId(99), None, later(60)).await;
    assert_eq!(nobody, Err(StoreError::NotFound("user")));
}

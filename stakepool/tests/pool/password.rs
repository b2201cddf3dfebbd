//! A new password with the old one.

use std::time::Duration;

use stakepool::accounts::{ChangePasswordError, Denied, NewPassword, SignInError};
use stakepool_core::accounts::PasswordHashes;

use crate::world::{ALICE, OTHER_PASSWORD, PASSWORD, World, home};

const NEW: NewPassword<'_> = NewPassword::once(OTHER_PASSWORD);

#[tokio::test]
async fn all_who_knew_the_old_password_are_out_and_this_browser_goes_on() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let (here, elsewhere) = (world.sign_in(ALICE, PASSWORD).await, world.sign_in(ALICE, PASSWORD).await);
    world.pool.ask_reset(ALICE, &home()).unwrap().send().unwrap();
    let link = world.letters.token(ALICE, "choose a new password").await;
    let session = world.pool.change_password(&user, PASSWORD, NEW, &home()).await.unwrap();
    assert!(world.is_open(&session).await && !world.is_open(&here).await && !world.is_open(&elsewhere).await);
    assert!(world.pool.user_of_reset(&link).await.unwrap().is_none());
    assert_eq!(world.acts(1).await, ["account.password"]);
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.starts_with("The password of your account was changed in the settings."), "{}", letter.text);
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await, Err(SignInError::Wrong)));
    world.sign_in(ALICE, OTHER_PASSWORD).await;
}

#[tokio::test]
async fn what_cannot_be_a_password_is_refused_before_the_old_one_is_asked_for() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 1).await;
    let user = world.account(ALICE).await;
    let change = async |current, new| world.pool.change_password(&user, current, new, &home()).await.err();
    let differ = NewPassword::new(OTHER_PASSWORD, PASSWORD);
    assert!(matches!(change("wrong", differ).await, Some(ChangePasswordError::Mismatch)));
    assert!(matches!(change("wrong", NewPassword::once("short")).await, Some(ChangePasswordError::Password(_))));
    assert!(matches!(change("wrong", NEW).await, Some(ChangePasswordError::Denied(Denied::Wrong))));
    assert!(matches!(change(PASSWORD, NEW).await, Some(ChangePasswordError::Denied(Denied::Wait(_)))));
}

#[tokio::test]
async fn who_is_locked_out_of_signing_in_can_change_the_password() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 1).await;
    let user = world.account(ALICE).await;
    assert!(world.pool.sign_in(ALICE, "wrong", &home(), None).await.is_err());
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await, Err(SignInError::Wait(_))));
    world.pool.change_password(&user, PASSWORD, NEW, &home()).await.unwrap();
}

#[tokio::test]
async fn of_two_changes_at_the_same_moment_one_is_told_of_the_other() {
    let world = World::with(|plan| plan.settings.password_costs.floor = Duration::from_millis(300)).await;
    let user = world.account(ALICE).await;
    let change = async |new| world.pool.change_password(&user, PASSWORD, NewPassword::once(new), &home()).await;
    let (one, other) = tokio::join!(change("the first new one"), change("the second new one"));
    let told = match (one, other) {
        (Ok(_), Err(told)) | (Err(told), Ok(_)) => told,
        both => panic!("{both:?}"),
    };
    assert!(matches!(told, ChangePasswordError::ChangedMeanwhile), "{told:?}");
}

#[tokio::test]
async fn the_predecessors_hash_is_replaced_too() {
    let bcrypt = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga";
    let world = World::start().await;
    let user = world.account(ALICE).await;
    world.change(user.id, |user| user.password = PasswordHashes { bcrypt: Some(bcrypt.into()), argon2: None }).await;
    let user = world.user(user.id).await;
    world.pool.change_password(&user, "allmine", NEW, &home()).await.unwrap();
    let stored = world.user(user.id).await.password;
    assert!(stored.bcrypt.is_some_and(|hash| hash != bcrypt && hash.starts_with("$2a$10$")) && stored.argon2.is_some());
    world.sign_in(ALICE, OTHER_PASSWORD).await;
}

//! Another e-mail address.

use std::time::Duration;

use stakepool::accounts::{ChangeEmailError, ConfirmEmailError, Confirmation, Denied, EmailChange, NewPassword};
use stakepool_core::accounts::{EmailState, User};

use crate::second_step::set_up;
use crate::world::{ALICE, BOB, OTHER_PASSWORD, PASSWORD, World, home};

const NEW: &str = "new@example.org";

async fn change(world: &World, user: &User, to: &str) -> Result<EmailChange, ChangeEmailError> {
    world.pool.change_email(user, to, PASSWORD, &home()).await
}

/// Asks for [`NEW`], and takes the link from the mail.
async fn link(world: &World, user: &User) -> String {
    assert_eq!(change(world, user, NEW).await.unwrap(), EmailChange::Asked);
    world.letters.token(NEW, "confirm your new e-mail address").await
}

#[tokio::test]
async fn an_address_is_changed_by_its_new_holder_and_the_old_one_is_told() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    world.pool.ask_reset(ALICE, &home()).unwrap().send().unwrap();
    let reset = world.letters.token(ALICE, "choose a new password").await;
    let token = link(&world, &user).await;
    let act = world.last_act().await;
    assert_eq!((&act.1[..], &act.3[..]), ("account.email.ask", "new@example.org from 203.0.113.9"));
    world.letters.take(ALICE, "your e-mail address is to be changed").await;
    assert_eq!(world.pool.pending_email(&token).await.unwrap().unwrap().as_str(), NEW);
    assert_eq!(world.user(user.id).await.email.as_str(), ALICE, "looking changes nothing");
    world.pool.confirm_email(&token, &home()).await.unwrap();
    let changed = world.user(user.id).await;
    assert_eq!((changed.email.as_str(), changed.email_state), (NEW, EmailState::Verified));
    let letter = world.letters.take(ALICE, "your e-mail address was changed").await;
    assert!(letter.text.contains(NEW), "{}", letter.text);
    let act = world.last_act().await;
    assert_eq!((&act.1[..], &act.3[..]), ("account.email", "alice@example.org to new@example.org"));
    assert!(world.pool.user_of_reset(&reset).await.unwrap().is_none(), "it was sent to the old address");
    assert!(matches!(world.pool.confirm_email(&token, &home()).await, Err(ConfirmEmailError::Stale)));
    world.sign_in(NEW, PASSWORD).await;
}

#[tokio::test]
async fn a_taken_address_is_told_to_its_holder_only() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    world.account(BOB).await;
    assert_eq!(change(&world, &user, BOB).await.unwrap(), EmailChange::Asked, "as for a free one");
    world.letters.take(BOB, "you have an account already").await;
    world.letters.assert_none(ALICE).await;
    assert_eq!(world.acts(1).await, ["account.email.ask"]);
}

#[tokio::test]
async fn an_address_that_is_taken_meanwhile_stays_its_holders() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let token = link(&world, &user).await;
    world.account(NEW).await;
    assert!(matches!(world.pool.confirm_email(&token, &home()).await, Err(ConfirmEmailError::Taken)));
    assert_eq!(world.user(user.id).await.email.as_str(), ALICE);
}

#[tokio::test]
async fn what_was_begun_with_an_old_password_comes_to_nothing_with_a_new_one() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let token = link(&world, &user).await;
    world.pool.change_password(&user, PASSWORD, NewPassword::once(OTHER_PASSWORD), &home()).await.unwrap();
    assert!(world.pool.pending_email(&token).await.unwrap().is_none());
    assert!(matches!(world.pool.confirm_email(&token, &home()).await, Err(ConfirmEmailError::Stale)));
    // Nor is anything sent for who showed a password that is no longer right.
    world.change(user.id, |user| user.password.argon2 = Some("another".to_owned())).await;
    assert_eq!(change(&world, &user, "third@example.org").await.unwrap(), EmailChange::Asked);
    world.letters.assert_none("third@example.org").await;
}

#[tokio::test]
async fn a_link_works_for_an_hour_once_and_not_for_a_disabled_account() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let (first, token) = (link(&world, &user).await, link(&world, &user).await);
    assert!(world.pool.pending_email(&first).await.unwrap().is_none(), "the last one counts");
    world.clock.advance(Duration::from_secs(3599));
    assert!(world.pool.pending_email(&token).await.unwrap().is_some());
    world.change(user.id, |user| user.disabled = true).await;
    assert!(matches!(world.pool.confirm_email(&token, &home()).await, Err(ConfirmEmailError::Stale)));
    world.change(user.id, |user| user.disabled = false).await;
    let token = link(&world, &user).await;
    world.clock.advance(Duration::from_secs(3600));
    for stale in [&token[..], "nonsense"] {
        assert!(matches!(world.pool.confirm_email(stale, &home()).await, Err(ConfirmEmailError::Stale)));
    }
    assert_eq!(world.user(user.id).await.email.as_str(), ALICE);
}

#[tokio::test]
async fn links_cannot_be_guessed() {
    let world = World::with(|plan| {
        plan.mail = true;
        plan.settings.tries.sign_ins_per_account = 1;
    });
    let world = world.await;
    let guess = "00".repeat(32);
    assert!(matches!(world.pool.confirm_email(&guess, &home()).await, Err(ConfirmEmailError::Stale)));
    assert!(matches!(world.pool.confirm_email(&guess, &home()).await, Err(ConfirmEmailError::Wait(_))));
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_the_password_is_asked_for() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 1).await;
    let user = world.account(ALICE).await;
    let change = async |to, password| world.pool.change_email(&user, to, password, &home()).await.err();
    assert!(matches!(change("nonsense", "wrong").await, Some(ChangeEmailError::Email(_))));
    assert!(matches!(change(" ALICE@example.org", "wrong").await, Some(ChangeEmailError::Same)));
    assert!(matches!(change(NEW, "wrong").await, Some(ChangeEmailError::Denied(Denied::Wrong))));
    assert!(matches!(change(NEW, PASSWORD).await, Some(ChangeEmailError::Denied(Denied::Wait(_)))));
}

#[tokio::test]
async fn without_mail_the_address_changes_at_once() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    assert_eq!(change(&world, &user, NEW).await.unwrap(), EmailChange::Changed);
    assert_eq!(world.user(user.id).await.email.as_str(), NEW);
    assert_eq!(world.acts(1).await, ["account.email"]);
    world.sign_in(NEW, PASSWORD).await;
}

#[tokio::test]
async fn without_mail_taken_addresses_are_not_found_out() {
    let world = World::with(|plan| plan.settings.tries.mails_per_client = 2).await;
    let user = world.account(ALICE).await;
    world.account(BOB).await;
    world.account("c@example.org").await;
    for taken in [BOB, "c@example.org"] {
        assert!(matches!(change(&world, &user, taken).await, Err(ChangeEmailError::Taken)));
    }
    let refused = change(&world, &user, "d@example.org").await;
    assert!(matches!(refused, Err(ChangeEmailError::Wait(_))), "{refused:?}");
}

#[tokio::test]
async fn a_recovery_code_is_not_used_up_where_the_address_stays() {
    let world = World::with(|plan| plan.settings.tries.mails_per_client = 2).await;
    let user = world.account(ALICE).await;
    world.account(BOB).await;
    let (_, codes) = set_up(&world, &user).await;
    let code = codes[0].reveal();
    let change = async |to| {
        let confirmation = Confirmation { password: PASSWORD, code: &code };
        world.pool.change_email(&user, to, confirmation, &home()).await
    };
    for _ in 0..2 {
        assert!(matches!(change(BOB).await, Err(ChangeEmailError::Taken)));
    }
    assert!(matches!(change(NEW).await, Err(ChangeEmailError::Wait(_))));
    assert_eq!(world.pool.second_factor(&user).await.unwrap().unwrap().recovery_left, 10);
}

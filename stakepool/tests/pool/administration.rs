//! What administrators do about users, and the operator for who cannot get into an account.

use stakepool::accounts::SignInError;
use stakepool::administration::{AccountRescue, AdministerError};
use stakepool_core::accounts::{Actor, PasswordHashes, User};
use stakepool_core::ports::{Clock as _, StoreError};
use stakepool_core::testkit::tickets::VERSION;

use crate::second_step::set_up;
use crate::world::{ALICE, BOB, PASSWORD, World, home, token};

/// A pool with an administrator, Bob, and a user, Alice.
async fn world() -> (World, User, User) {
    let world = World::with_mail().await;
    let (bob, alice) = (world.administrator(BOB).await, world.account(ALICE).await);
    (world, bob, alice)
}

#[tokio::test]
async fn a_user_who_is_made_by_the_operator_is_noted_and_may_sign_in_at_once() {
    let (world, bob, alice) = world().await;
    assert!(bob.admin && !alice.admin);
    let act = world.last_act().await;
    assert_eq!((&act.0[..], &act.1[..], &act.2[..]), ("stakepoolctl", "user.create", "2"));
    assert_eq!(act.3, format!("user {ALICE}"));
    assert_eq!(alice.voting.version, VERSION, "as the wallets vote");
    world.sign_in(ALICE, PASSWORD).await;
    let again = world.pool.create_user(Actor::CommandLine, alice.email, PasswordHashes::default(), true).await;
    assert!(matches!(again, Err(StoreError::EmailTaken)));
}

#[tokio::test]
async fn a_disabled_user_is_signed_out_everywhere_until_enabled_again() {
    let (world, bob, alice) = world().await;
    let session = world.sign_in(ALICE, PASSWORD).await;
    world.pool.disable_user(bob.id, &alice, &home()).await.unwrap();
    assert!(!world.is_open(&session).await);
    let act = world.last_act().await;
    assert_eq!((&act.0[..], &act.1[..], &act.2[..], &act.3[..]), ("user 1", "user.disable", "2", ALICE));
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await, Err(SignInError::Disabled)));
    world.pool.enable_user(bob.id, &world.user(alice.id).await, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["user.enable"]);
    assert!(!world.is_open(&session).await, "the old session stays ended");
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn an_administrators_own_account_and_second_factor_are_anothers_to_take() {
    let (world, bob, _) = world().await;
    set_up(&world, &bob).await;
    let refused = world.pool.disable_user(bob.id, &bob, &home()).await;
    assert!(matches!(refused, Err(AdministerError::OwnAccount)));
    let refused = world.pool.remove_second_factor_of(bob.id, &bob, &home()).await;
    assert!(matches!(refused, Err(AdministerError::OwnSecondFactor)));
    assert!(!world.user(bob.id).await.disabled && world.pool.second_factor(&bob).await.unwrap().is_some());
}

#[tokio::test]
async fn sessions_are_ended_but_for_the_one_that_the_administrator_uses() {
    let (world, bob, alice) = world().await;
    let (here, elsewhere) = (world.sign_in(BOB, PASSWORD).await, world.sign_in(BOB, PASSWORD).await);
    let of_alice = world.sign_in(ALICE, PASSWORD).await;
    assert_eq!(world.pool.user_overview(bob.id).await.unwrap().unwrap().sessions, 2);
    world.pool.end_sessions_of(bob.id, &alice, Some(&token(&here)), &home()).await.unwrap();
    assert!(!world.is_open(&of_alice).await && world.is_open(&here).await && world.is_open(&elsewhere).await);
    world.pool.end_sessions_of(bob.id, &bob, Some(&token(&here)), &home()).await.unwrap();
    assert!(world.is_open(&here).await && !world.is_open(&elsewhere).await);
    assert_eq!(world.acts(2).await, ["user.end_sessions", "user.end_sessions"]);
}

#[tokio::test]
async fn a_link_for_verification_is_sent_again_to_who_needs_it() {
    let (world, bob, alice) = world().await;
    let refused = world.pool.resend_verification_to(bob.id, &alice, &home()).await;
    assert!(matches!(refused, Err(AdministerError::NothingToVerify)));
    world.sign_up("new@example.org").await;
    world.letters.take("new@example.org", "verify").await;
    let new = world.by_email("new@example.org").await.unwrap();
    world.pool.resend_verification_to(bob.id, &new, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["user.resend_verification"]);
    let link = world.letters.token("new@example.org", "verify").await;
    world.pool.verify_email(&link, &home()).await.unwrap();
}

#[tokio::test]
async fn a_lost_second_factor_is_taken_away_and_its_user_is_told() {
    let (world, bob, alice) = world().await;
    let refused = world.pool.remove_second_factor_of(bob.id, &alice, &home()).await;
    assert!(matches!(refused, Err(AdministerError::NoSecondFactor)));
    set_up(&world, &alice).await;
    world.letters.take(ALICE, "a change of your account").await;
    world.pool.remove_second_factor_of(bob.id, &alice, &home()).await.unwrap();
    let act = world.last_act().await;
    assert_eq!((&act.0[..], &act.1[..], &act.3[..]), ("user 1", "user.factor.off", ALICE));
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.contains("taken away by the operator of the pool"), "{}", letter.text);
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn a_set_up_that_was_begun_is_taken_away_without_a_note() {
    let (world, bob, alice) = world().await;
    world.pool.propose_second_factor(&alice, PASSWORD, &home()).await.unwrap();
    let noted = world.acts(50).await.len();
    let refused = world.pool.remove_second_factor_of(bob.id, &alice, &home()).await;
    assert!(matches!(refused, Err(AdministerError::NoSecondFactor)));
    assert_eq!(world.acts(50).await.len(), noted);
    let confirmed = world.pool.confirm_second_factor(&alice, "000000", None, &home()).await;
    assert!(matches!(confirmed, Err(stakepool::accounts::ConfirmFactorError::NothingProposed)));
}

#[tokio::test]
async fn a_password_that_the_operator_sets_shuts_all_old_ways_in() {
    let (world, _, alice) = world().await;
    let session = world.sign_in(ALICE, PASSWORD).await;
    world.pool.ask_reset(ALICE, &home()).unwrap().send().unwrap();
    let link = world.letters.token(ALICE, "choose a new password").await;
    let parts = world.pool.parts();
    let rescue = AccountRescue {
        users: parts.users.as_ref(),
        sessions: parts.sessions.as_ref(),
        access: parts.access.as_ref(),
        factors: parts.second_factors.as_ref(),
        audit: parts.audit.as_ref(),
        by: Actor::CommandLine,
        now: world.clock.now(),
    };
    let new = PasswordHashes { argon2: Some("another".to_owned()), bcrypt: None };
    rescue.set_password(&alice, new.clone()).await.unwrap();
    assert_eq!(world.user(alice.id).await.password, new);
    assert!(!world.is_open(&session).await && world.pool.user_of_reset(&link).await.unwrap().is_none());
    let act = world.last_act().await;
    assert_eq!((&act.0[..], &act.1[..], &act.3[..]), ("stakepoolctl", "user.password", ALICE));
    let third = PasswordHashes { argon2: Some("third".to_owned()), bcrypt: None };
    let late = rescue.set_password(&alice, third).await;
    assert!(matches!(late, Err(StoreError::Conflict(_))), "it was changed since the user was read");
}

#[tokio::test]
async fn an_administrator_is_who_the_account_or_the_settings_say() {
    let world =
        World::with(|plan| plan.settings.administrators = vec![stakepool_core::accounts::UserId(2)].into()).await;
    let (bob, alice) = (world.administrator(BOB).await, world.account(ALICE).await);
    let other = world.account("c@example.org").await;
    let administers = [&bob, &alice, &other].map(|user| world.pool.settings().administers(user));
    assert_eq!(administers, [true, true, false]);
}

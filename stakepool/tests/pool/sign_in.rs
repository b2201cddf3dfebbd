//! Signing in with the password.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use stakepool::accounts::{SESSION_LASTS, SignInError, SignedIn};
use stakepool_core::accounts::{PasswordCosts, PasswordHashes};

use crate::racing;
use crate::world::{ALICE, BOB, OTHER_PASSWORD, PASSWORD, World, from, home, token};

/// What comes of a try from a client, as far as it fails.
async fn refused(world: &World, email: &str, password: &str, client: &str) -> Option<SignInError> {
    world.pool.sign_in(email, password, &from(client), None).await.err()
}

#[tokio::test]
async fn the_right_password_begins_a_session_that_lasts_a_week() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let session = world.sign_in("Alice@example.org ", PASSWORD).await;
    assert_eq!((&session.user, session.second_factor_due), (&user, false));
    let (found, who) = world.pool.session(&session.secret.reveal()).await.unwrap().unwrap();
    assert!(found == token(&session) && *who == user);
    let listed = world.pool.sessions_of(user.id).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].1.client, "203.0.113.9, Firefox on Linux");
    world.clock.advance(SESSION_LASTS - Duration::from_secs(1));
    assert!(world.is_open(&session).await);
    world.clock.advance(Duration::from_secs(1));
    assert!(!world.is_open(&session).await);
}

#[tokio::test]
async fn what_a_browser_is_given_stays_out_of_logs() {
    let world = World::start().await;
    world.account(ALICE).await;
    let signed_in = world.pool.sign_in(ALICE, PASSWORD, &from("203.0.113.9"), None).await.unwrap();
    let text = format!("{signed_in:?}");
    let SignedIn::Session(session) = signed_in else { panic!("{text}") };
    for bearer in [&session.known_browser, &session.secret.reveal()] {
        assert!(!bearer.is_empty() && !text.contains(bearer), "{text}");
    }
    let note = SignedIn::SecondFactor("bearer".to_owned());
    assert!(!format!("{note:?}").contains("bearer"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_read_the_same_and_take_the_same_time() {
    let floor = Duration::from_millis(60);
    let world = World::with(|plan| plan.settings.password_costs.floor = floor).await;
    world.account(ALICE).await;
    for (email, password) in [(ALICE, "wrong"), ("unknown@example.org", PASSWORD), ("nonsense", PASSWORD), (ALICE, "")]
    {
        let began = Instant::now();
        let found = refused(&world, email, password, "203.0.113.9").await.unwrap();
        assert_eq!(found.to_string(), "the e-mail address or the password is wrong", "{email}");
        assert!(began.elapsed() >= floor, "{email}: {:?}", began.elapsed());
    }
    let began = Instant::now();
    world.sign_in(ALICE, PASSWORD).await;
    assert!(began.elapsed() >= floor);
}

#[tokio::test]
async fn too_many_failures_from_one_client_lock_the_account_there_and_its_user_comes_from_elsewhere() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    world.account(ALICE).await;
    for typed in [ALICE, " ALICE@example.org"] {
        assert!(matches!(refused(&world, typed, "wrong", "203.0.113.9").await, Some(SignInError::Wrong)));
    }
    let locked = refused(&world, ALICE, PASSWORD, "203.0.113.9").await;
    assert!(matches!(&locked, Some(SignInError::Wait(wait)) if wait.in_words() == "10 minutes"), "{locked:?}");
    assert!(refused(&world, ALICE, PASSWORD, "198.51.100.1").await.is_none());
    // Unknown addresses are locked alike, so that the limit tells nothing.
    for _ in 0..2 {
        assert!(matches!(refused(&world, BOB, "wrong", "203.0.113.9").await, Some(SignInError::Wrong)));
    }
    assert!(matches!(refused(&world, BOB, "wrong", "203.0.113.9").await, Some(SignInError::Wait(_))));
}

#[tokio::test]
async fn a_client_that_tries_many_accounts_must_wait() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_client = 3).await;
    world.account(ALICE).await;
    for n in 0..3 {
        assert!(refused(&world, &format!("u{n}@example.org"), "wrong", "203.0.113.9").await.is_some());
    }
    assert!(matches!(refused(&world, ALICE, PASSWORD, "203.0.113.9").await, Some(SignInError::Wait(_))));
}

#[tokio::test]
async fn the_right_password_forgives_the_failures_of_the_account() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    world.account(ALICE).await;
    for _ in 0..5 {
        assert!(matches!(refused(&world, ALICE, "wrong", "203.0.113.9").await, Some(SignInError::Wrong)));
        world.sign_in(ALICE, PASSWORD).await;
    }
}

#[tokio::test]
async fn a_browser_that_signed_in_before_gets_in_while_a_crowd_locks_the_account() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    world.account(ALICE).await;
    let note = world.sign_in(ALICE, PASSWORD).await.known_browser;
    for n in 0..20 {
        let client = format!("198.51.100.{n}");
        assert!(matches!(refused(&world, ALICE, "wrong", &client).await, Some(SignInError::Wrong)), "{n}");
    }
    assert!(matches!(refused(&world, ALICE, PASSWORD, "203.0.113.7").await, Some(SignInError::Wait(_))));
    let known = from("203.0.113.7").known_browser(Some(note.clone()));
    assert!(world.pool.sign_in(ALICE, PASSWORD, &known, None).await.is_ok());
    // The note is for this account, and its browser may not guess either.
    for _ in 0..2 {
        assert!(matches!(world.pool.sign_in(ALICE, "wrong", &known, None).await.err(), Some(SignInError::Wrong)));
    }
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &known, None).await, Err(SignInError::Wait(_))));
}

#[tokio::test]
async fn tries_at_the_same_moment_count_before_they_are_checked() {
    let world = World::with(|plan| {
        plan.settings.tries.sign_ins_per_account = 2;
        plan.settings.password_costs.floor = Duration::from_millis(200);
    });
    let world = world.await;
    let tries = join_all((0..4).map(|_| refused(&world, ALICE, "wrong", "203.0.113.9"))).await;
    let waits = tries.iter().filter(|refused| matches!(refused, Some(SignInError::Wait(_)))).count();
    assert_eq!(waits, 2, "{tries:?}");
}

#[tokio::test]
async fn a_network_that_crowds_the_queue_is_busy_and_that_is_no_failed_try_of_the_account() {
    let world = World::with(|plan| {
        plan.settings.tries.sign_ins_per_account = 5;
        // So dear that the fifth comes while four are under way.
        plan.settings.password_costs = PasswordCosts { memory_kib: 8 * 1024, passes: 4, floor: Duration::ZERO };
    });
    let world = world.await;
    let tries = join_all((0..5).map(|_| refused(&world, ALICE, "wrong", "203.0.113.9"))).await;
    let busy = tries.iter().filter(|refused| matches!(refused, Some(SignInError::Busy))).count();
    assert_eq!(busy, 1, "{tries:?}");
    assert!(matches!(refused(&world, ALICE, "wrong", "203.0.113.9").await, Some(SignInError::Wrong)));
    assert!(matches!(refused(&world, ALICE, "wrong", "203.0.113.9").await, Some(SignInError::Wait(_))));
}

#[tokio::test]
async fn who_signs_in_without_end_must_wait_and_keeps_nobody_else_from_it() {
    let world = World::with(|plan| {
        plan.settings.tries.right_passwords_per_account = 5;
        plan.settings.tries.sign_ins_per_client = 1000;
    });
    let world = world.await;
    for email in [ALICE, BOB] {
        world.account(email).await;
    }
    let note = world.sign_in(BOB, PASSWORD).await.known_browser;
    let answers = join_all((0..40).map(|n| {
        let client = format!("2001:db8:0:{:x}::1", n % 16);
        let world = &world;
        async move { refused(world, ALICE, PASSWORD, &client).await }
    }));
    let known = from("203.0.113.7").known_browser(Some(note));
    let elsewhere = from("198.51.100.7");
    let (_, by_known, by_unknown) = tokio::join!(
        answers,
        world.pool.sign_in(BOB, PASSWORD, &known, None),
        world.pool.sign_in(BOB, PASSWORD, &elsewhere, None),
    );
    assert!(by_known.is_ok() && by_unknown.is_ok(), "{by_known:?} {by_unknown:?}");
    let waits = refused(&world, ALICE, PASSWORD, "2001:db8:0:1::1").await;
    assert!(matches!(&waits, Some(SignInError::Wait(wait)) if wait.in_words() == "60 minutes"), "{waits:?}");
}

#[tokio::test]
async fn only_who_knows_the_password_learns_that_an_account_is_disabled() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    world.change(user.id, |user| user.disabled = true).await;
    assert!(matches!(refused(&world, ALICE, "wrong", "203.0.113.9").await, Some(SignInError::Wrong)));
    assert!(matches!(refused(&world, ALICE, PASSWORD, "203.0.113.9").await, Some(SignInError::Disabled)));
    assert!(world.pool.sessions_of(user.id).await.unwrap().is_empty());
}

/// The predecessor's hash of `allmine`.
const BCRYPT: &str = "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga";

#[tokio::test]
async fn a_user_of_the_predecessor_gets_a_new_hash_beside_the_old_one() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    world.change(user.id, |user| user.password = PasswordHashes { bcrypt: Some(BCRYPT.into()), argon2: None }).await;
    for _ in 0..2 {
        let session = world.sign_in(ALICE, "allmine").await;
        let stored = world.user(user.id).await;
        assert!(stored.password.argon2.is_some() && stored.password.bcrypt.as_deref() == Some(BCRYPT));
        assert_eq!(session.user.password, stored.password);
    }
}

#[tokio::test]
async fn a_sign_in_with_the_old_password_does_not_outlive_its_change() {
    let world = World::with(|plan| plan.stores = Box::new(racing::password_changes)).await;
    let user = world.account(ALICE).await;
    let refused = refused(&world, ALICE, PASSWORD, "203.0.113.9").await;
    assert!(matches!(&refused, Some(SignInError::PasswordChanged(who)) if who.id == user.id), "{refused:?}");
    assert!(world.pool.sessions_of(user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_browser_that_signs_in_again_leaves_no_session_behind() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let first = world.sign_in(ALICE, PASSWORD).await;
    let second = world.pool.sign_in(ALICE, PASSWORD, &home(), Some(&token(&first))).await.unwrap();
    let SignedIn::Session(second) = second else { panic!("there is no second factor") };
    assert!(!world.is_open(&first).await && world.is_open(&second).await);
    let failed = world.pool.sign_in(ALICE, OTHER_PASSWORD, &home(), Some(&token(&second))).await;
    assert!(failed.is_err() && world.is_open(&second).await, "a failure ends nothing");
    assert_eq!(world.pool.sessions_of(user.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn administrators_are_sent_to_set_up_a_second_factor_where_it_is_required() {
    let world = World::with(|plan| plan.settings.admin_second_factor = true).await;
    world.administrator(ALICE).await;
    world.account(BOB).await;
    assert!(world.sign_in(ALICE, PASSWORD).await.second_factor_due);
    assert!(!world.sign_in(BOB, PASSWORD).await.second_factor_due);
    let world = World::start().await;
    world.administrator(ALICE).await;
    assert!(!world.sign_in(ALICE, PASSWORD).await.second_factor_due, "it is not required");
}

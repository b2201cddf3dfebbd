//! Making an account.

use std::time::{Duration, Instant};

use stakepool::accounts::{NewPassword, SignUpError, SignedUp};
use stakepool_core::accounts::{EmailState, PasswordPolicyError};
use stakepool_core::chain::VoteBits;
use stakepool_core::testkit::tickets::VERSION;

use crate::world::{ALICE, BOB, OTHER_PASSWORD, PASSWORD, World, from, home, until};

/// What comes of a sign-up with the usual password.
async fn sign_up(world: &World, email: &str, client: &str) -> Result<SignedUp, SignUpError> {
    let origin = from(client);
    world.pool.sign_up(email, NewPassword::once(PASSWORD), &origin)?.finish().await
}

#[tokio::test]
async fn without_mail_an_account_can_be_used_at_once() {
    let world = World::start().await;
    let SignedUp::Ready(id) = world.sign_up(" Alice@Example.org ").await else { panic!("no mail is sent") };
    let user = world.user(id).await;
    assert_eq!((user.email.as_str(), user.email_state), (ALICE, EmailState::Verified));
    assert_eq!((user.voting.bits, user.voting.version), (VoteBits::APPROVE, VERSION));
    assert!(user.created == world.now() && !user.admin && !user.disabled && user.registration.is_none());
    let noted = ("user 1", "account.create", "1", "from 203.0.113.9");
    let act = world.last_act().await;
    assert_eq!((&act.0[..], &act.1[..], &act.2[..], &act.3[..]), noted);
    assert_eq!(world.sign_in(ALICE, PASSWORD).await.user.id, id);
}

#[tokio::test]
async fn without_mail_a_known_address_is_said_to_be_known() {
    let world = World::start().await;
    world.account(ALICE).await;
    assert!(matches!(sign_up(&world, ALICE, "203.0.113.9").await, Err(SignUpError::EmailTaken)));
    assert_eq!(world.pool.figures().await.unwrap().users, 1);
}

#[tokio::test]
async fn with_mail_neither_the_answer_nor_its_time_says_whether_there_is_an_account() {
    let world = World::with_mail().await;
    world.account(ALICE).await;
    for (email, subject) in [(ALICE, "you have an account already"), (BOB, "verify your e-mail address")] {
        let began = Instant::now();
        assert_eq!(world.sign_up(email).await, SignedUp::CheckMail);
        assert!(began.elapsed() >= Duration::from_millis(100), "{email}: {:?}", began.elapsed());
        let letter = world.letters.take(email, subject).await;
        assert_eq!(letter.subject, format!("Test pool: {subject}"));
        world.letters.assert_none(email).await;
    }
    assert_eq!(world.by_email(BOB).await.unwrap().email_state, EmailState::Unverified);
}

#[tokio::test]
async fn a_known_address_keeps_its_password_and_its_holder_learns_where_to_sign_in() {
    let world = World::with_mail().await;
    world.account(ALICE).await;
    let origin = home();
    let checked = world.pool.sign_up(ALICE, NewPassword::once(OTHER_PASSWORD), &origin).unwrap();
    checked.finish().await.unwrap();
    let letter = world.letters.take(ALICE, "you have an account already").await;
    for link in ["https://pool.example.org/signin", "https://pool.example.org/passwordreset"] {
        assert!(letter.text.contains(link), "{}", letter.text);
    }
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn a_closed_pool_says_so_and_counts_nothing() {
    let world = World::with(|plan| {
        plan.terms = plan.terms.clone().closed(Some("we move to a new house".to_owned()));
        plan.settings.tries.sign_ups_per_client = 1;
    });
    let world = world.await;
    for _ in 0..3 {
        let refused = sign_up(&world, ALICE, "203.0.113.9").await;
        assert!(matches!(&refused, Err(SignUpError::Closed(text)) if text == "we move to a new house"), "{refused:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_with_the_reason_and_no_mail_is_counted() {
    let world = World::with(|plan| {
        plan.mail = true;
        plan.settings.tries.mails_per_account = 1;
    });
    let (world, origin, long) = (world.await, home(), "x".repeat(1001));
    let refused = |email: &'static str, password| world.pool.sign_up(email, password, &origin).err().unwrap();
    assert!(matches!(refused("nonsense", NewPassword::once(PASSWORD)), SignUpError::Email(_)));
    for (password, reason) in [
        ("short", PasswordPolicyError::TooShort),
        (&long, PasswordPolicyError::TooLong),
        ("password1", PasswordPolicyError::Common),
        ("Alice@example.org", PasswordPolicyError::IsEmail),
    ] {
        let found = refused(ALICE, NewPassword::once(password));
        assert!(matches!(&found, SignUpError::Password(found) if *found == reason), "{found:?}");
    }
    let differs = refused(ALICE, NewPassword::new(PASSWORD, OTHER_PASSWORD));
    assert_eq!(differs.to_string(), "the two passwords differ; type the same one twice");
    world.letters.assert_none(ALICE).await;
    assert_eq!(world.sign_up(ALICE).await, SignedUp::CheckMail);
}

#[tokio::test]
async fn sign_ups_are_limited_by_client_whatever_comes_of_them() {
    let world = World::with(|plan| plan.settings.tries.sign_ups_per_client = 2).await;
    let origin = home();
    for _ in 0..2 {
        assert!(world.pool.sign_up("nonsense", NewPassword::once(PASSWORD), &origin).is_err());
    }
    let refused = sign_up(&world, ALICE, "203.0.113.9").await;
    assert!(
        matches!(&refused, Err(SignUpError::TooManySignUps(wait)) if wait.in_words() == "10 minutes"),
        "{refused:?}"
    );
    assert!(sign_up(&world, ALICE, "203.0.113.10").await.is_ok());
}

#[tokio::test]
async fn an_address_that_nobody_has_shown_to_be_theirs_is_not_bombed_with_mails_and_no_answer_tells() {
    let world = World::with(|plan| {
        plan.mail = true;
        plan.settings.tries.mails_per_unverified_address = 4;
    });
    let world = world.await;
    world.account(ALICE).await;
    for email in [ALICE, BOB] {
        for n in 0..20 {
            let robot = format!("203.0.113.{n}");
            assert_eq!(sign_up(&world, email, &robot).await.unwrap(), SignedUp::CheckMail, "{email}");
            assert!(world.pool.resend_verification(email, &from(&robot)).is_ok(), "{email}");
            assert!(world.pool.ask_reset(email, &from(&robot)).unwrap().send().is_ok(), "{email}");
        }
    }
    let (mut to_alice, mut to_bob) = (0, 0);
    until("the last mail", || {
        (to_alice, to_bob) = (world.letters.count(ALICE), world.letters.count(BOB));
        (to_bob == 4 && to_alice == 6).then_some(())
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!((world.letters.count(ALICE), world.letters.count(BOB)), (6, 4), "three of two kinds; four of all");
}

#[tokio::test]
async fn an_account_that_the_operator_makes_needs_no_mail() {
    let world = World::with_mail().await;
    let user = world.administrator(ALICE).await;
    assert_eq!((user.email_state, user.admin), (EmailState::Verified, true));
    world.letters.assert_none(ALICE).await;
}

#[tokio::test]
async fn a_password_that_the_pools_name_gives_away_is_refused() {
    let world = World::start().await;
    for telling in ["TestPool2026", "pool.example.org", "excc-stakepool", "Alice.example.1"] {
        let refused = world.pool.sign_up(ALICE, NewPassword::once(telling), &home()).err();
        let is_telling = matches!(refused, Some(SignUpError::Password(PasswordPolicyError::Telling)));
        assert_eq!(is_telling, telling != "Alice.example.1", "{telling}: {refused:?}");
    }
}

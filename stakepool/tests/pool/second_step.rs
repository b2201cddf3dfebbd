//! The second step of signing in.

use std::time::Duration;

use stakepool::accounts::{FIRST_STEP_LASTS, SecondStepError, SignedIn, SignedInBy};
use stakepool_core::accounts::{RecoveryCode, StoredSecret, TotpSecret, TotpStep, User};
use stakepool_core::ports::SecondFactorStore;
use stakepool_core::secret::Secret;

use crate::world::{ALICE, PASSWORD, World, from, home, terms, token};

/// The code that a user's device shows now.
pub fn code(world: &World, secret: &TotpSecret) -> String {
    secret.code(TotpStep(world.now().0 / 30))
}

/// Sets a second factor up; afterwards the device shows a new code.
pub async fn set_up(world: &World, user: &User) -> (TotpSecret, Vec<RecoveryCode>) {
    let secret = world.pool.propose_second_factor(user, PASSWORD, &home()).await.unwrap().secret;
    let codes = world.pool.confirm_second_factor(user, &code(world, &secret), None, &home()).await.unwrap();
    world.clock.advance(Duration::from_secs(30));
    (secret, codes)
}

/// Shows the right password, and answers the note of it.
pub async fn first_step(world: &World) -> String {
    match world.pool.sign_in(ALICE, PASSWORD, &home(), None).await.unwrap() {
        SignedIn::SecondFactor(note) => note,
        SignedIn::Session(_) => panic!("the password alone opens the account"),
    }
}

#[tokio::test]
async fn a_code_of_the_device_signs_in_and_counts_once() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    let (note, shown) = (first_step(&world).await, code(&world, &secret));
    assert_eq!(world.pool.first_step(&note).await.unwrap().map(|user| user.id), Some(user.id));
    let (session, by) = world.pool.second_step(&note, &shown, &home(), None).await.unwrap();
    assert_eq!((by, session.user.id), (SignedInBy::Device, user.id));
    assert!(world.is_open(&session).await && !session.second_factor_due);
    for note in [note, first_step(&world).await] {
        let again = world.pool.second_step(&note, &shown, &home(), None).await;
        assert!(matches!(again, Err(SecondStepError::Wrong)), "it was used already");
    }
    world.clock.advance(Duration::from_secs(30));
    let (note, shown) = (first_step(&world).await, code(&world, &secret));
    let (next, _) = world.pool.second_step(&note, &shown, &home(), Some(&token(&session))).await.unwrap();
    assert!(world.is_open(&next).await && !world.is_open(&session).await, "the browser's old session has ended");
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_its_user_is_told() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let (_, codes) = set_up(&world, &user).await;
    world.letters.take(ALICE, "a change of your account").await;
    let (note, recovery) = (first_step(&world).await, codes[0].reveal());
    let (_, by) = world.pool.second_step(&note, &recovery.to_uppercase(), &home(), None).await.unwrap();
    assert_eq!(by, SignedInBy::Recovery);
    assert_eq!(world.acts(1).await, ["account.recovery"]);
    let letter = world.letters.take(ALICE, "a change of your account").await;
    assert!(letter.text.contains("signed in to your account with a recovery code"), "{}", letter.text);
    assert_eq!(world.pool.second_factor(&user).await.unwrap().unwrap().recovery_left, codes.len() as u64 - 1);
    let again = world.pool.second_step(&note, &recovery, &home(), None).await;
    assert!(matches!(again, Err(SecondStepError::Wrong)));
}

#[tokio::test]
async fn the_second_step_needs_the_first_for_ten_minutes() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    let note = first_step(&world).await;
    let end = if note.ends_with("ff") { "00" } else { "ff" };
    let forged = format!("{}{end}", &note[..note.len() - 2]);
    for wrong in ["", "nonsense", &note[2..], &forged] {
        let refused = world.pool.second_step(wrong, &code(&world, &secret), &home(), None).await;
        assert!(matches!(refused, Err(SecondStepError::NoFirstStep)), "{wrong}");
    }
    world.clock.advance(FIRST_STEP_LASTS - Duration::from_secs(1));
    assert!(world.pool.first_step(&note).await.unwrap().is_some());
    world.clock.advance(Duration::from_secs(1));
    assert!(world.pool.first_step(&note).await.unwrap().is_none());
    let late = world.pool.second_step(&note, &code(&world, &secret), &home(), None).await;
    assert!(matches!(late, Err(SecondStepError::NoFirstStep)));
}

#[tokio::test]
async fn the_first_step_ends_with_the_password_and_with_the_account() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    set_up(&world, &user).await;
    let note = first_step(&world).await;
    world.change(user.id, |user| user.disabled = true).await;
    assert!(world.pool.first_step(&note).await.unwrap().is_none());
    world.change(user.id, |user| user.disabled = false).await;
    assert!(world.pool.first_step(&note).await.unwrap().is_some());
    world.change(user.id, |user| user.password.argon2 = Some("another".to_owned())).await;
    assert!(world.pool.first_step(&note).await.unwrap().is_none());
}

#[tokio::test]
async fn codes_cannot_be_guessed_from_however_many_clients() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 3).await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    let note = first_step(&world).await;
    for n in 0..3 {
        let wrong = world.pool.second_step(&note, "no code", &from(&format!("198.51.100.{n}")), None).await;
        assert!(matches!(wrong, Err(SecondStepError::Wrong)));
    }
    let locked = world.pool.second_step(&note, &code(&world, &secret), &home(), None).await;
    assert!(matches!(&locked, Err(SecondStepError::Wait(wait)) if wait.in_words() == "10 minutes"));
}

#[tokio::test]
async fn the_right_code_forgives_the_wrong_ones() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    for _ in 0..3 {
        let note = first_step(&world).await;
        assert!(world.pool.second_step(&note, "000", &home(), None).await.is_err());
        world.pool.second_step(&note, &code(&world, &secret), &home(), None).await.unwrap();
        world.clock.advance(Duration::from_secs(30));
    }
}

#[tokio::test]
async fn a_second_step_with_the_old_password_does_not_outlive_its_change() {
    let world = World::with(|plan| plan.stores = Box::new(crate::racing::password_changes)).await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    let note = first_step(&world).await;
    let refused = world.pool.second_step(&note, &code(&world, &secret), &home(), None).await;
    assert!(matches!(refused, Err(SecondStepError::PasswordChanged(_))));
    assert!(world.pool.sessions_of(user.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_right_recovery_code_is_not_lost_where_the_tries_cannot_be_forgotten() {
    let world = World::with(|plan| plan.stores = Box::new(crate::racing::tries_stay)).await;
    let user = world.account(ALICE).await;
    let (_, codes) = set_up(&world, &user).await;
    let note = first_step(&world).await;
    let (session, by) = world.pool.second_step(&note, &codes[0].reveal(), &home(), None).await.unwrap();
    assert!(by == SignedInBy::Recovery && world.is_open(&session).await);
}

#[tokio::test]
async fn tries_that_are_refused_do_not_lengthen_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let three = |plan: &mut crate::world::Plan| plan.settings.tries.sign_ins_per_account = 3;
    let first = World::in_folder_with(folder.path(), three).await;
    let user = first.account(ALICE).await;
    let (secret, _) = set_up(&first, &user).await;
    let note = first_step(&first).await;
    for _ in 0..3 {
        let wrong = first.pool.second_step(&note, "no code", &home(), None).await;
        assert!(matches!(wrong, Err(SecondStepError::Wrong)));
    }
    // Another instance knows of them by the store alone.
    let second = World::in_folder_with(folder.path(), three).await;
    second.clock.advance(Duration::from_secs(30));
    let note = first_step(&second).await;
    let mut ends = Duration::ZERO;
    for _ in 0..4 {
        let refused = second.pool.second_step(&note, "no code", &home(), None).await;
        let Err(SecondStepError::Wait(wait)) = refused else { panic!("not counted") };
        second.clock.advance(Duration::from_secs(60));
        ends = wait.0;
    }
    second.clock.advance(ends - Duration::from_secs(59));
    let note = first_step(&second).await;
    second.pool.second_step(&note, &code(&second, &secret), &home(), None).await.unwrap();
}

#[tokio::test]
async fn tries_are_counted_by_all_instances_together_and_a_restart_forgets_none() {
    let folder = tempfile::tempdir().unwrap();
    let most = 10;
    let mut note = String::new();
    for instance in 0..3 {
        let world = World::in_folder(folder.path(), terms()).await;
        if instance == 0 {
            let user = world.account(ALICE).await;
            set_up(&world, &user).await;
        }
        note = if instance == 0 { first_step(&world).await } else { note };
        for number in 0..most / 2 {
            let refused = world.pool.second_step(&note, "000000", &home(), None).await;
            let waits = instance == 2;
            assert_eq!(matches!(refused, Err(SecondStepError::Wait(_))), waits, "{instance} {number}");
        }
    }
    let world = World::in_folder(folder.path(), terms()).await;
    let note = first_step(&world).await;
    let refused = world.pool.second_step(&note, "000000", &home(), None).await;
    let Err(SecondStepError::Wait(wait)) = refused else { panic!("not counted") };
    // The first try was half a minute later than it is now.
    assert!(wait.0 <= 2 * world.pool.settings().tries.window, "{wait:?}");
    world.clock.advance(wait.0);
    let note = first_step(&world).await;
    let refused = world.pool.second_step(&note, "000000", &home(), None).await;
    assert!(matches!(refused, Err(SecondStepError::Wrong)));
}

/// What a user's secret is in the store.
async fn stored(world: &World, user: &User) -> StoredSecret {
    world.database.second_factor(user.id).await.unwrap().unwrap().secret
}

#[tokio::test]
async fn secrets_lie_encrypted_and_those_of_earlier_versions_are_encrypted_when_the_pool_runs() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    let sealed = stored(&world, &user).await;
    assert!(sealed.clear().is_none());
    assert!(!sealed.as_bytes().windows(8).any(|part| secret.as_bytes().windows(8).any(|clear| part == clear)));
    let clear = StoredSecret::from_bytes(secret.as_bytes());
    assert!(world.database.change_secret(user.id, &sealed, &clear).await.unwrap());
    let (note, shown) = (first_step(&world).await, code(&world, &secret));
    world.pool.second_step(&note, &shown, &home(), None).await.unwrap();
    let (_stop, _running) = world.run();
    let encrypted = async {
        while stored(&world, &user).await.clear().is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), encrypted).await.expect("it lies clear");
    world.clock.advance(Duration::from_secs(30));
    let (note, shown) = (first_step(&world).await, code(&world, &secret));
    world.pool.second_step(&note, &shown, &home(), None).await.unwrap();
}

#[tokio::test]
async fn under_another_apisecret_no_code_of_the_device_signs_in_and_recovery_codes_do() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let other =
        World::with(|plan| plan.settings.api_secret = Secret::new("another secret of more than 32 characters")).await;
    let others = other.account(ALICE).await;
    set_up(&other, &others).await;
    let (secret, codes) = set_up(&world, &user).await;
    let (ours, foreign) = (stored(&world, &user).await, stored(&other, &others).await);
    assert!(world.database.change_secret(user.id, &ours, &foreign).await.unwrap());
    let (note, shown) = (first_step(&world).await, code(&world, &secret));
    let refused = world.pool.second_step(&note, &shown, &home(), None).await.unwrap_err();
    assert!(refused.to_string().contains("apisecret"), "{refused}");
    let (_, by) = world.pool.second_step(&note, &codes[0].reveal(), &home(), None).await.unwrap();
    assert_eq!(by, SignedInBy::Recovery);
}

#[tokio::test]
async fn under_the_secret_before_codes_sign_in_and_it_is_needed_no_more_once_the_pool_has_run() {
    let before = World::start().await;
    let of_before = before.account(ALICE).await;
    let (secret, _) = set_up(&before, &of_before).await;
    let sealed = stored(&before, &of_before).await;
    let world = World::with(|plan| {
        let new = Secret::new("another secret of more than 32 characters");
        plan.settings.old_api_secret = Some(std::mem::replace(&mut plan.settings.api_secret, new));
    })
    .await;
    let user = world.account(ALICE).await;
    set_up(&world, &user).await;
    let own = stored(&world, &user).await;
    assert!(world.database.change_secret(user.id, &own, &sealed).await.unwrap());
    let (note, shown) = (first_step(&world).await, code(&world, &secret));
    world.pool.second_step(&note, &shown, &home(), None).await.unwrap();
    let (_stop, _running) = world.run();
    let anew = async {
        while stored(&world, &user).await == sealed {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), anew).await.expect("it is encrypted under the secret before");
    world.clock.advance(Duration::from_secs(30));
    let (note, shown) = (first_step(&world).await, code(&world, &secret));
    world.pool.second_step(&note, &shown, &home(), None).await.unwrap();
}

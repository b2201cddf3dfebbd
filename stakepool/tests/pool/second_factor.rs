//! Setting up, renewing and removing the second factor.

use stakepool::accounts::{ConfirmFactorError, Denied, SecondFactorError, SignedIn};

use crate::racing;
use crate::second_step::{code, first_step, set_up};
use crate::world::{ALICE, PASSWORD, World, home, token};

#[tokio::test]
async fn a_factor_counts_once_the_device_has_shown_a_code() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let (here, elsewhere) = (world.sign_in(ALICE, PASSWORD).await, world.sign_in(ALICE, PASSWORD).await);
    let nothing = world.pool.confirm_second_factor(&user, "000000", None, &home()).await;
    assert!(matches!(nothing, Err(ConfirmFactorError::NothingProposed)));
    let secret = world.pool.propose_second_factor(&user, PASSWORD, &home()).await.unwrap().secret;
    assert!(world.pool.second_factor(&user).await.unwrap().is_none());
    let wrong = world.pool.confirm_second_factor(&user, "no code", Some(&token(&here)), &home()).await;
    assert!(matches!(wrong, Err(ConfirmFactorError::Wrong(same)) if *same == secret), "it can be tried again");
    world.sign_in(ALICE, PASSWORD).await;

    let shown = code(&world, &secret);
    let codes = world.pool.confirm_second_factor(&user, &shown, Some(&token(&here)), &home()).await.unwrap();
    assert!(world.is_open(&here).await && !world.is_open(&elsewhere).await, "others have not shown the second factor");
    assert_eq!(world.acts(1).await, ["account.factor.on"]);
    assert!(
        world
            .letters
            .take(ALICE, "a change")
            .await
            .text
            .starts_with("The second factor of your account was turned on.")
    );
    let factor = world.pool.second_factor(&user).await.unwrap().unwrap();
    assert_eq!((factor.recovery_left, codes.len()), (10, 10));
    assert!(matches!(world.pool.sign_in(ALICE, PASSWORD, &home(), None).await.unwrap(), SignedIn::SecondFactor(_)));
    let again = world.pool.second_step(&first_step(&world).await, &shown, &home(), None).await;
    assert!(again.is_err(), "the code of the set-up is used up");
    let on = world.pool.propose_second_factor(&user, PASSWORD, &home()).await;
    assert!(matches!(on, Err(SecondFactorError::IsOn)));
    let on = world.pool.confirm_second_factor(&user, &shown, None, &home()).await;
    assert!(matches!(on, Err(ConfirmFactorError::NothingProposed)));
}

#[tokio::test]
async fn every_change_of_the_factor_asks_for_the_password() {
    let world = World::start().await;
    let user = world.account(ALICE).await;
    let denied = |error| matches!(error, SecondFactorError::Denied(Denied::Wrong));
    assert!(denied(world.pool.propose_second_factor(&user, "wrong", &home()).await.err().unwrap()));
    let (secret, _) = set_up(&world, &user).await;
    let shown = code(&world, &secret);
    assert!(denied(world.pool.renew_recovery_codes(&user, "wrong", &shown, &home()).await.err().unwrap()));
    assert!(denied(world.pool.remove_second_factor(&user, "wrong", &shown, &home()).await.err().unwrap()));
    assert!(world.pool.second_factor(&user).await.unwrap().is_some());
}

#[tokio::test]
async fn the_password_cannot_be_guessed_where_it_is_asked_for_again() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    let user = world.account(ALICE).await;
    for _ in 0..2 {
        assert!(world.pool.propose_second_factor(&user, "wrong", &home()).await.is_err());
    }
    let locked = world.pool.propose_second_factor(&user, PASSWORD, &home()).await.err().unwrap();
    assert!(matches!(locked, SecondFactorError::Denied(Denied::Wait(_))));
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn the_code_of_a_set_up_cannot_be_guessed() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 2).await;
    let user = world.account(ALICE).await;
    let secret = world.pool.propose_second_factor(&user, PASSWORD, &home()).await.unwrap().secret;
    for _ in 0..2 {
        assert!(world.pool.confirm_second_factor(&user, "no code", None, &home()).await.is_err());
    }
    let locked = world.pool.confirm_second_factor(&user, &code(&world, &secret), None, &home()).await;
    assert!(matches!(locked, Err(ConfirmFactorError::Wait(_))));
}

#[tokio::test]
async fn of_two_set_ups_at_the_same_moment_one_is_told_of_the_other() {
    let world = World::with(|plan| plan.stores = Box::new(racing::another_is_proposed)).await;
    let user = world.account(ALICE).await;
    let secret = world.pool.propose_second_factor(&user, PASSWORD, &home()).await.unwrap().secret;
    let refused = world.pool.confirm_second_factor(&user, &code(&world, &secret), None, &home()).await;
    assert!(matches!(refused, Err(ConfirmFactorError::SetUpElsewhere)));
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn new_recovery_codes_void_the_old_ones() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let off = world.pool.renew_recovery_codes(&user, PASSWORD, "000000", &home()).await;
    assert!(matches!(off, Err(SecondFactorError::IsOff)));
    let (secret, old) = set_up(&world, &user).await;
    world.letters.take(ALICE, "a change").await;
    let shown = code(&world, &secret);
    let new = world.pool.renew_recovery_codes(&user, PASSWORD, &shown, &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["account.factor.codes"]);
    assert!(world.letters.take(ALICE, "a change").await.text.contains("the old ones no longer work"));
    let note = first_step(&world).await;
    assert!(world.pool.second_step(&note, &old[0].reveal(), &home(), None).await.is_err());
    assert!(world.pool.second_step(&note, &new[0].reveal(), &home(), None).await.is_ok());
}

#[tokio::test]
async fn without_the_factor_the_password_alone_opens_the_account() {
    let world = World::with_mail().await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    world.letters.take(ALICE, "a change").await;
    world.pool.remove_second_factor(&user, PASSWORD, &code(&world, &secret), &home()).await.unwrap();
    assert_eq!(world.acts(1).await, ["account.factor.off"]);
    assert!(world.letters.take(ALICE, "a change").await.text.contains("was turned off"));
    assert!(world.pool.lacks_second_factor(user.id).await.unwrap());
    world.sign_in(ALICE, PASSWORD).await;
}

#[tokio::test]
async fn the_password_alone_neither_removes_the_factor_nor_makes_recovery_codes() {
    let world = World::with(|plan| plan.settings.tries.sign_ins_per_account = 3).await;
    let user = world.account(ALICE).await;
    let (secret, _) = set_up(&world, &user).await;
    for wrong in ["", "000000", "nonsense"] {
        let refused = world.pool.remove_second_factor(&user, PASSWORD, wrong, &home()).await;
        assert!(matches!(refused, Err(SecondFactorError::WrongCode)), "{wrong}: {refused:?}");
    }
    // Six digits cannot be guessed here either.
    let shown = code(&world, &secret);
    let refused = world.pool.renew_recovery_codes(&user, PASSWORD, &shown, &home()).await.err().unwrap();
    assert!(matches!(refused, SecondFactorError::Denied(Denied::Wait(_))), "{refused:?}");
    assert!(world.pool.second_factor(&user).await.unwrap().is_some());
}

//! Second factors.

use crate::accounts::{StoredSecret, TotpStep, UserId};
use crate::ports::{SecondFactor, SecondFactorStore, StoreError};

use crate::testkit::samples::bytes;
use crate::testkit::store_tests::fixture::Fixture;

const USER: UserId = UserId(1);

fn secret(byte: u8) -> StoredSecret {
    StoredSecret::from_bytes([byte; 48])
}

pub(crate) async fn a_factor_counts_from_its_confirmation_on<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.second_factor(USER).await, Ok(None));
    stores.propose_factor(USER, &secret(1)).await.unwrap();
    stores.propose_factor(USER, &secret(2)).await.unwrap();
    let mut expected = SecondFactor { secret: secret(2), confirmed: false, last_step: TotpStep(0), recovery_left: 0 };
    assert_eq!(stores.second_factor(USER).await, Ok(Some(expected.clone())));
    assert_eq!(stores.use_step(USER, TotpStep(5)).await, Ok(false), "it is not confirmed");
    let codes = [bytes(1), bytes(2)];
    assert_eq!(stores.confirm_factor(USER, &secret(1), TotpStep(7), &codes).await, Ok(false), "another secret");
    assert_eq!(stores.confirm_factor(USER, &secret(2), TotpStep(7), &codes).await, Ok(true));
    assert_eq!(stores.confirm_factor(USER, &secret(2), TotpStep(8), &codes).await, Ok(false));
    expected = SecondFactor { confirmed: true, last_step: TotpStep(7), recovery_left: 2, ..expected };
    assert_eq!(stores.second_factor(USER).await, Ok(Some(expected)));
    assert_eq!(stores.propose_factor(USER, &secret(3)).await, Err(StoreError::Conflict("second factor")));
    assert_eq!(stores.second_factor(UserId(2)).await, Ok(None));
}

pub(crate) async fn no_code_counts_twice<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.propose_factor(USER, &secret(1)).await.unwrap();
    stores.confirm_factor(USER, &secret(1), TotpStep(7), &[bytes(1), bytes(2)]).await.unwrap();
    for (step, counts) in [(7, false), (6, false), (8, true), (8, false), (10, true), (9, false)] {
        assert_eq!(stores.use_step(USER, TotpStep(step)).await, Ok(counts), "{step}");
    }
    assert_eq!(stores.use_recovery(USER, &bytes(9)).await, Ok(false));
    assert_eq!(stores.use_recovery(UserId(2), &bytes(1)).await, Ok(false));
    assert_eq!(stores.use_recovery(USER, &bytes(1)).await, Ok(true));
    assert_eq!(stores.use_recovery(USER, &bytes(1)).await, Ok(false));
    assert_eq!(stores.second_factor(USER).await.unwrap().unwrap().recovery_left, 1);
    stores.renew_recovery(USER, &[bytes(3)]).await.unwrap();
    assert_eq!(stores.use_recovery(USER, &bytes(2)).await, Ok(false));
    assert_eq!(stores.use_recovery(USER, &bytes(3)).await, Ok(true));
}

pub(crate) async fn a_removed_factor_leaves_nothing<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.propose_factor(USER, &secret(1)).await.unwrap();
    stores.confirm_factor(USER, &secret(1), TotpStep(7), &[bytes(1)]).await.unwrap();
    stores.remove_factor(USER).await.unwrap();
    assert_eq!(stores.second_factor(USER).await, Ok(None));
    assert_eq!(stores.use_recovery(USER, &bytes(1)).await, Ok(false));
    stores.renew_recovery(USER, &[bytes(1)]).await.unwrap();
    assert_eq!(stores.use_recovery(USER, &bytes(1)).await, Ok(false), "there is nothing to recover");
}

pub(crate) async fn a_secret_can_be_stored_in_another_form<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    stores.propose_factor(USER, &StoredSecret::from_bytes([1; 20])).await.unwrap();
    stores.confirm_factor(USER, &StoredSecret::from_bytes([1; 20]), TotpStep(7), &[bytes(1)]).await.unwrap();
    stores.propose_factor(UserId(2), &secret(2)).await.unwrap();
    assert_eq!(stores.change_secret(USER, &secret(2), &secret(3)).await, Ok(false), "another secret");
    assert_eq!(stores.change_secret(USER, &StoredSecret::from_bytes([1; 20]), &secret(3)).await, Ok(true));
    let mut secrets = stores.factor_secrets().await.unwrap();
    secrets.sort_by_key(|(user, _)| *user);
    assert_eq!(secrets, [(USER, secret(3)), (UserId(2), secret(2))]);
    let factor = stores.second_factor(USER).await.unwrap().unwrap();
    assert!(factor.confirmed && factor.last_step == TotpStep(7) && factor.recovery_left == 1, "the rest stays");
}

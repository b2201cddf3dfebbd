//! Key indexes and registrations.

use std::collections::BTreeSet;

use crate::accounts::UserId;
use crate::chain::KeyIndex;
use crate::ports::{StoreError, UpkeepStore, UserStore};

use crate::testkit::samples::{new_user, registration};
use crate::testkit::store_tests::fixture::Fixture;

async fn users<S: UserStore>(stores: &S, count: u32) -> Vec<UserId> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(stores.create(new_user(&format!("user{number}@example.org"))).await.unwrap());
    }
    ids
}

pub(crate) async fn indexes_are_given_from_one_up_and_stay<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 3).await;
    for (id, index) in [(ids[2], 1), (ids[0], 2), (ids[2], 1), (ids[1], 3), (ids[0], 2)] {
        assert_eq!(stores.reserve_index(id, 9_999).await, Ok(KeyIndex(index)));
    }
    // A lower limit later takes nothing away.
    assert_eq!(stores.reserve_index(ids[1], 1).await, Ok(KeyIndex(3)));
}

pub(crate) async fn many_reservations_at_once_get_different_indexes<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let other_process = fixture.open().await;
    let ids = users(&stores, 32).await;
    let tasks: Vec<_> = ids
        .iter()
        .zip(0..)
        .map(|(&id, number)| {
            let stores = if number % 2 == 0 { stores.clone() } else { other_process.clone() };
            tokio::spawn(async move { stores.reserve_index(id, 32).await.unwrap() })
        })
        .collect();
    let mut given = BTreeSet::new();
    for task in tasks {
        given.insert(task.await.unwrap().0);
    }
    assert_eq!(given, (1..=32).collect());
}

pub(crate) async fn at_the_limit_the_pool_is_full<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 3).await;
    stores.reserve_index(ids[0], 2).await.unwrap();
    stores.reserve_index(ids[1], 2).await.unwrap();
    assert_eq!(stores.reserve_index(ids[2], 2).await, Err(StoreError::Full(2)));
    assert_eq!(stores.reserve_index(ids[2], 0).await, Err(StoreError::Full(0)));
    assert_eq!(stores.reserve_index(ids[2], 3).await, Ok(KeyIndex(3)));
}

pub(crate) async fn a_gap_is_filled_first<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 4).await;
    stores.register(ids[0], &registration(2)).await.unwrap();
    stores.register(ids[1], &registration(0)).await.unwrap();
    assert_eq!(stores.reserve_index(ids[2], 9).await, Ok(KeyIndex(1)));
    assert_eq!(stores.reserve_index(ids[3], 9).await, Ok(KeyIndex(3)));
}

pub(crate) async fn a_registration_is_found_with_the_user<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 3).await;
    for (id, index) in [(ids[2], 1), (ids[0], 2)] {
        assert_eq!(stores.reserve_index(id, 9).await, Ok(KeyIndex(index)));
        stores.register(id, &registration(index)).await.unwrap();
    }
    assert_eq!(stores.by_id(ids[2]).await.unwrap().unwrap().registration, Some(registration(1)));
    let registered = stores.registered().await.unwrap();
    let found: Vec<_> = registered.into_iter().map(|user| (user.id, user.registration.unwrap())).collect();
    assert_eq!(found, [(ids[0], registration(2)), (ids[2], registration(1))]);
    assert_eq!(stores.counts().await.unwrap(), (3, 2));
}

pub(crate) async fn a_user_registers_once<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 1).await;
    stores.reserve_index(ids[0], 9).await.unwrap();
    let register = || {
        let (stores, id) = (stores.clone(), ids[0]);
        tokio::spawn(async move { stores.register(id, &registration(1)).await })
    };
    let (one, two) = (register(), register());
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let already = Err(StoreError::AlreadyRegistered(ids[0]));
    assert!((one.is_ok() && two == already) || (two.is_ok() && one == already), "{one:?}, {two:?}");
    assert_eq!(stores.reserve_index(ids[0], 9).await, Err(StoreError::AlreadyRegistered(ids[0])));
}

pub(crate) async fn an_index_or_address_of_another_user_is_refused<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 3).await;
    stores.reserve_index(ids[0], 9).await.unwrap();
    stores.register(ids[0], &registration(1)).await.unwrap();
    stores.reserve_index(ids[1], 9).await.unwrap();
    // A registered one, a reserved one, the own one with another user's address, and not the own one.
    let mut same_address = registration(1);
    same_address.key_index = KeyIndex(3);
    assert_eq!(stores.register(ids[2], &registration(1)).await, Err(StoreError::IndexTaken(KeyIndex(1))));
    assert_eq!(stores.register(ids[2], &registration(2)).await, Err(StoreError::IndexTaken(KeyIndex(2))));
    assert_eq!(stores.register(ids[2], &same_address).await, Err(StoreError::IndexTaken(KeyIndex(3))));
    assert_eq!(stores.register(ids[1], &registration(7)).await, Err(StoreError::IndexTaken(KeyIndex(7))));
    // Nothing of this has left a trace.
    assert_eq!(stores.reserve_index(ids[2], 9).await, Ok(KeyIndex(3)));
    assert_eq!(stores.counts().await.unwrap(), (3, 1));
}

pub(crate) async fn nobody_cannot_register<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    assert_eq!(stores.reserve_index(UserId(7), 9).await, Err(StoreError::NotFound("user")));
    assert_eq!(stores.register(UserId(7), &registration(1)).await, Err(StoreError::NotFound("user")));
}

pub(crate) async fn a_change_leaves_the_registration_alone<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 1).await;
    let before = stores.by_id(ids[0]).await.unwrap().unwrap();
    stores.register(ids[0], &registration(4)).await.unwrap();
    let mut after = before.clone();
    after.admin = true;
    stores.update(&before, &after).await.unwrap();
    let stored = stores.by_id(ids[0]).await.unwrap().unwrap();
    assert_eq!((stored.admin, stored.registration), (true, Some(registration(4))));
}

pub(crate) async fn a_withheld_index_is_given_to_nobody_but_a_user_who_comes_back_with_it<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 5).await;
    assert_eq!(stores.reserve_index(ids[0], 9).await, Ok(KeyIndex(1)));
    stores.register(ids[1], &registration(2)).await.unwrap();
    for _ in 0..2 {
        stores.withhold_indexes(&[KeyIndex(1), KeyIndex(2), KeyIndex(3)]).await.unwrap();
    }
    assert_eq!(stores.reserve_index(ids[0], 9).await, Ok(KeyIndex(4)), "what was reserved is somebody else's");
    assert_eq!(stores.reserve_index(ids[2], 9).await, Ok(KeyIndex(5)));
    let given = [(1, None), (2, Some(ids[1])), (3, None), (4, Some(ids[0])), (5, Some(ids[2]))];
    let given = given.map(|(index, id)| (KeyIndex(index), id)).into_iter().collect();
    assert_eq!(stores.key_indexes().await, Ok(given));
    assert_eq!(stores.register(ids[2], &registration(1)).await, Err(StoreError::IndexTaken(KeyIndex(1))));
    stores.register(ids[3], &registration(3)).await.unwrap();
    assert_eq!(stores.key_indexes().await.unwrap()[&KeyIndex(3)], Some(ids[3]));
    // A number that belongs to nobody counts for no user.
    assert_eq!(stores.reserve_index(ids[4], 9).await, Ok(KeyIndex(6)));
    assert_eq!(stores.create(new_user("after@example.org")).await, Ok(UserId(ids[4].0 + 1)));
}

pub(crate) async fn a_guessed_index_is_withheld_only_where_it_is_free_and_can_be_given_back<F: Fixture>(fixture: &F) {
    let stores = fixture.open().await;
    let ids = users(&stores, 3).await;
    assert_eq!(stores.reserve_index(ids[0], 9).await, Ok(KeyIndex(1)));
    let both = [KeyIndex(1), KeyIndex(2)];
    assert_eq!(stores.withhold_free_indexes(&both, "unknown/x", "1,2").await, Ok(false), "1 is reserved");
    assert_eq!(stores.notes("unknown/").await.unwrap(), []);
    assert_eq!(stores.reserve_index(ids[0], 9).await, Ok(KeyIndex(1)), "the reservation stays");
    assert_eq!(stores.withhold_free_indexes(&[KeyIndex(2), KeyIndex(5)], "unknown/x", "2,5").await, Ok(true));
    assert_eq!(stores.withhold_free_indexes(&[KeyIndex(3)], "unknown/x", "3").await, Ok(false), "once an address");
    assert_eq!(stores.withhold_free_indexes(&[KeyIndex(5)], "unknown/y", "5").await, Ok(false));
    assert_eq!(stores.notes("unknown/").await.unwrap(), [("unknown/x".to_owned(), "2,5".to_owned())]);
    assert_eq!(stores.reserve_index(ids[1], 9).await, Ok(KeyIndex(3)));

    let released = [1, 2, 3, 5].map(KeyIndex);
    stores.release_indexes(&released, "unknown/x", "released").await.unwrap();
    assert_eq!(stores.notes("unknown/").await.unwrap(), [("unknown/x".to_owned(), "released".to_owned())]);
    let given = [(KeyIndex(1), Some(ids[0])), (KeyIndex(3), Some(ids[1]))].into_iter().collect();
    assert_eq!(stores.key_indexes().await, Ok(given), "what users have stays theirs");
    assert_eq!(stores.reserve_index(ids[2], 9).await, Ok(KeyIndex(2)));
}

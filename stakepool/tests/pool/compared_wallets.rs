//! The voting wallets compared with the users, and brought up to date, by a program that does not run the pool.

use stakepool_core::testkit::Mood;

use crate::world::{ALICE, World};

#[tokio::test]
async fn what_a_wallet_lacks_is_named_with_the_remedy_until_it_is_brought_over() {
    let world = World::start().await;
    let alice = world.registered(ALICE).await;
    let (index, script) = alice.registration.map(|known| (known.key_index, known.address)).unwrap();
    world.wallets[1].scripts.lock().unwrap().clear();
    let compared = world.pool.compare_wallets().await.unwrap();
    let missing = |number: usize| -> Vec<_> {
        compared[number].missing.as_ref().unwrap().iter().map(|missing| missing.index).collect()
    };
    assert_eq!((missing(0), missing(1), compared[0].users), (vec![], vec![index], 1));
    let problems = &compared[1].report.problems;
    assert!(problems.iter().any(|problem| problem.contains("stakepoolctl wallets sync")), "{problems:?}");
    assert!(world.wallets[1].scripts.lock().unwrap().is_empty(), "comparing changes nothing");

    let synced = world.pool.sync_wallets(|_, _| {}).await;
    let brought: Vec<_> = synced.iter().map(|wallet| wallet.outcome.as_ref().unwrap().scripts).collect();
    assert_eq!(brought, [0, 1]);
    assert!(world.wallets[1].scripts.lock().unwrap().contains(&script));
    let compared = world.pool.compare_wallets().await.unwrap();
    assert!(compared.iter().all(|wallet| wallet.missing.as_ref().is_some_and(Vec::is_empty)));
}

#[tokio::test]
async fn a_wallet_that_does_not_answer_is_named_and_the_others_are_compared() {
    let world = World::start().await;
    world.registered(ALICE).await;
    world.wallets[0].set(Mood::Unreachable);
    let compared = world.pool.compare_wallets().await.unwrap();
    assert!(compared[0].missing.is_none() && !compared[0].report.problems.is_empty(), "{:?}", compared[0]);
    assert!(compared[1].missing.as_ref().is_some_and(Vec::is_empty), "{:?}", compared[1]);
}

//! Many who write through all nodes at once.

use stakepool_core::ports::{LeaseStore, StoreError, TryStore, UpkeepStore, UserStore};
use stakepool_core::testkit::fifty_writers;
use stakepool_core::testkit::samples::{NOW, later, new_user, registration};
use stakepool_core::time::UnixTime;
use stakepool_db::Database;
use tokio::task::JoinSet;

use crate::galera::NODES;
use crate::whole;

/// A program on each node.
async fn one_on_each() -> [Database; NODES] {
    let name = whole().new_database();
    let open = async |node| Database::open_mysql(whole().options(&name, node)).await.unwrap();
    [open(0).await, open(1).await, open(2).await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn fifty_writers_on_three_nodes_lose_no_change_and_give_no_index_twice() {
    let programs = one_on_each().await;
    // Each step through another node than the one before.
    let stores = |writer: usize| [0, 1, 2].map(|step| programs[(writer + step) % NODES].clone());
    fifty_writers(stores, &programs[1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn a_lease_that_three_fight_for_through_three_nodes_has_one_holder_at_each_moment() {
    const ROUNDS: i64 = 300;
    let programs = one_on_each().await;
    for round in 0..ROUNDS {
        // Each second round a work that nobody had before.
        let (work, now) = if round % 2 == 0 { ("work".to_owned(), round) } else { (format!("work {round}"), 0) };
        let claim = async |node: usize| {
            programs[node].lease(&work, &format!("n{node}"), UnixTime(now), UnixTime(now + 2)).await.unwrap()
        };
        let (a, b, c) = tokio::join!(claim(0), claim(1), claim(2));
        assert_eq!([&a, &b, &c].iter().filter(|held| held.is_some()).count(), 1, "round {round}: {a:?} {b:?} {c:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn of_two_who_register_with_one_index_through_two_nodes_at_once_one_hears_that_it_is_taken() {
    const ROUNDS: u32 = 40;
    let programs = one_on_each().await;
    for round in 1..=ROUNDS {
        let user = async |node: usize| {
            programs[node].create(new_user(&format!("user{round}-{node}@example.org"))).await.unwrap()
        };
        let users = tokio::join!(user(0), user(1));
        // Without a reservation, as where the wallets' own indexes are taken over.
        let wanted = registration(round);
        let both = tokio::join!(programs[0].register(users.0, &wanted), programs[1].register(users.1, &wanted),);
        let taken = Err(StoreError::IndexTaken(wanted.key_index));
        assert!(both == (Ok(()), taken.clone()) || both == (taken, Ok(())), "round {round}: {both:?}");
    }
    assert_eq!(programs[2].registered().await.unwrap().len(), ROUNDS as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn what_a_late_holder_does_through_one_node_never_comes_after_what_the_next_does_through_another() {
    const ROUNDS: i64 = 150;
    let programs = one_on_each().await;
    let mut refused = 0;
    for round in 0..ROUNDS {
        let (work, now) = (format!("work {round}"), UnixTime(100));
        let late = programs[0].lease(&work, "late", UnixTime(0), now).await.unwrap().unwrap();
        let next = async {
            let lease = programs[1].lease(&work, "next", now, UnixTime(200)).await.unwrap().unwrap();
            assert!(programs[1].set_note_under(&lease, &work, "next").await.unwrap());
        };
        let (done, ()) = tokio::join!(programs[0].set_note_under(&late, &work, "late"), next);
        refused += usize::from(!done.unwrap());
        let notes = programs[2].notes(&work).await.unwrap();
        assert_eq!(notes, [(work.clone(), "next".to_owned())]);
        assert!(!programs[2].holds(&late).await.unwrap());
    }
    println!("{refused} of {ROUNDS} came late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn of_many_tries_through_three_nodes_at_once_no_more_count_than_may_be() {
    const MOST: u32 = 20;
    let programs = one_on_each().await;
    let mut running = JoinSet::new();
    for number in 0..60 {
        let program = programs[number % NODES].clone();
        running.spawn(async move { program.count_try("account", MOST, NOW, later(600)).await.unwrap() });
    }
    let mut counted = 0;
    while let Some(waits) = running.join_next().await {
        counted += u32::from(waits.unwrap().is_none());
    }
    assert_eq!(counted, MOST);
}

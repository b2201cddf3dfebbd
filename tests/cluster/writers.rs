//! Many who write through all nodes at once.

use std::collections::BTreeSet;

use stakepool_core::accounts::User;
use stakepool_core::ports::{LeaseStore, LedgerStore, UserStore};
use stakepool_core::testkit::samples::{NOW, new_user, report};
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
    const WRITERS: usize = 50;
    let programs = one_on_each().await;
    let mut running = JoinSet::new();
    for writer in 0..WRITERS {
        // Each step through another node than the one before.
        let [one, two, three] = [0, 1, 2].map(|step| programs[(writer + step) % NODES].clone());
        running.spawn(async move {
            let id = one.create(new_user(&format!("writer{writer}@example.org"))).await.unwrap();
            let index = two.reserve_index(id, 1000).await.unwrap();
            let before = three.by_id(id).await.unwrap().unwrap();
            let with = |change: fn(&mut User)| {
                let mut after = before.clone();
                change(&mut after);
                after
            };
            let (disabled, admin) = (with(|user| user.disabled = true), with(|user| user.admin = true));
            // Two changes of different fields at one moment.
            let changed = tokio::join!(one.update(&before, &disabled), two.update(&before, &admin));
            changed.0.unwrap();
            changed.1.unwrap();
            let user = three.by_id(id).await.unwrap().unwrap();
            assert!(user.disabled && user.admin, "user {id}");
            let ticket = u32::try_from(writer).unwrap();
            three.put_tickets("daemon", &[report(ticket, id.0)], NOW).await.unwrap();
            (id, index)
        });
    }
    let mut given = Vec::new();
    while let Some(joined) = running.join_next().await {
        given.push(joined.unwrap());
    }
    let ids: BTreeSet<_> = given.iter().map(|(id, _)| id.0).collect();
    let indexes: BTreeSet<_> = given.iter().map(|(_, index)| index.0).collect();
    assert_eq!(ids, (1..=50).collect());
    assert_eq!(indexes, (1..=50).collect());
    let counts = programs[1].ticket_counts(None).await.unwrap();
    assert_eq!(counts.iter().map(|(_, _, count)| count).sum::<u64>(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn a_lease_that_three_fight_for_through_three_nodes_has_one_holder_at_each_moment() {
    const ROUNDS: i64 = 300;
    let programs = one_on_each().await;
    for round in 0..ROUNDS {
        let claim = async |node: usize| {
            programs[node]
                .lease("work", &format!("n{node}"), UnixTime(round), UnixTime(round + 1))
                .await
                .unwrap()
                .is_some()
        };
        let (a, b, c) = tokio::join!(claim(0), claim(1), claim(2));
        assert_eq!([a, b, c].iter().filter(|held| **held).count(), 1, "round {round}");
    }
}

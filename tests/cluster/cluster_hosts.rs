//! Which host is used while nodes are lost and come back.

use std::time::{Duration, Instant};

use stakepool_core::ports::{StoreError, UpkeepStore, UserStore};
use stakepool_core::testkit::samples::new_user;
use stakepool_core::time::UnixTime;
use stakepool_db::Database;

use crate::galera::{Galera, host};
use crate::stage::until;

async fn used(database: &Database) -> String {
    database.server_state().await.unwrap().unwrap().host
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn everybody_uses_the_first_node_that_serves_and_the_reason_is_said_where_none_does() {
    let galera = Galera::start();
    let name = galera.new_database();
    let programs = [0, 1].map(|_| Database::open_mysql(galera.options(&name, 0)));
    let [one, two] = programs;
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    one.create(new_user("a@example.org")).await.unwrap();
    let cluster = one.server_state().await.unwrap().unwrap().cluster.unwrap();
    assert_eq!((cluster.size, cluster.usual, cluster.local_state.as_str()), (3, 3, "Synced"));

    // A node whose time stands still answers nobody, and nobody waits for it for long.
    galera.pause(0);
    let began = Instant::now();
    let (made, read) = tokio::join!(two.create(new_user("b@example.org")), one.counts());
    println!("a paused node: {:?}", began.elapsed());
    made.unwrap();
    read.unwrap();
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    galera.go_on(0);
    for database in [&one, &two] {
        assert_eq!(used(database).await, host(1));
    }
    // It is taken again once it has been back for a while.
    let back = until("all use the first again", Duration::from_secs(30), async || {
        used(&one).await == host(0) && used(&two).await == host(0)
    });
    println!("back after {:?}", back.await);

    // A node that is lost.
    galera.kill(0);
    let began = Instant::now();
    one.create(new_user("c@example.org")).await.unwrap();
    println!("a lost node: {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(two.counts().await.unwrap().0, 3);
    let is_small = async || {
        let cluster = one.server_state().await.unwrap().unwrap().cluster;
        cluster.is_some_and(|cluster| (cluster.size, cluster.usual) == (2, 3))
    };
    until("that is seen", Duration::from_secs(5), is_small).await;

    // The last one serves nobody, though it answers.
    galera.kill(1);
    until("the last node has left", Duration::from_secs(20), async || !galera.is_ready(2)).await;
    let seen = until("that is seen", Duration::from_secs(3), async || one.check().await.is_err()).await;
    println!("seen after {seen:?}");
    let began = Instant::now();
    let StoreError::Backend(reason) = one.try_write(UnixTime(1)).await.unwrap_err() else { panic!("another error") };
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    println!("{reason}");
    assert!(reason.contains("wsrep_cluster_status"), "{reason}");
    let fails_at_once = async || {
        let began = Instant::now();
        let StoreError::Backend(reason) = two.counts().await.unwrap_err() else { panic!("another error") };
        assert!((0..3).all(|node| reason.contains(&host(node))), "{reason}");
        began.elapsed() < Duration::from_millis(500)
    };
    until("calls fail at once", Duration::from_secs(10), fails_at_once).await;

    // The operator has it count as the whole, and all is well.
    galera.bootstrap(2);
    until("the last serves", Duration::from_secs(20), async || galera.is_ready(2)).await;
    let back = until("writes work", Duration::from_secs(5), async || one.try_write(UnixTime(2)).await.is_ok()).await;
    println!("writes again after {back:?}");
    galera.start_node(0);
    galera.start_node(1);
    assert_eq!(two.counts().await.unwrap().0, 3);
}

//! Tables come up to date through three nodes at once, whoever of those who do it is lost.

use std::time::Duration;

use stakepool_core::ports::UserStore;
use stakepool_db::Database;

use crate::galera::NODES;
use crate::stage::until;
use crate::whole;

/// The oldest generation of the predecessor's tables.
const OLDEST: &str = include_str!("../../stakepool-db/tests/data/exccstakepool-old-1.sql");
/// How many users it has.
const USERS: u64 = 23;

/// A new database with the oldest tables.
fn loaded() -> String {
    let name = whole().new_database();
    whole().sql(0, &format!("USE {name}; {OLDEST}"));
    name
}

/// All tables as a node would make them again, but for the next number of each.
fn tables(name: &str, node: usize) -> Vec<String> {
    let said = whole().sql(node, &format!("SET SESSION wsrep_sync_wait = 15; USE {name}; SHOW TABLES"));
    let of = |table: &str| {
        let text = whole().sql(node, &format!("USE {name}; SHOW CREATE TABLE `{table}`"));
        text.split(' ').filter(|word| !word.starts_with("AUTO_INCREMENT=")).collect::<Vec<_>>().join(" ")
    };
    said.lines().map(of).collect()
}

/// How many steps are marked as done.
fn done(name: &str) -> usize {
    let said = whole().try_sql(0, &format!("SELECT COUNT(*) FROM {name}.schema_steps"));
    said.and_then(|said| said.trim().parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster"]
async fn three_starts_at_once_through_three_nodes_over_an_old_schema_end_in_the_same_also_where_the_first_is_lost() {
    let open = |name: &str, node| {
        let options = whole().options(name, node);
        tokio::spawn(async move { Database::open_mysql(options).await.unwrap() })
    };
    let one = loaded();
    open(&one, 0).await.unwrap().close().await;
    let (expected, steps) = (tables(&one, 0), done(&one));
    assert_eq!(expected, tables(&one, 2), "all nodes have the same tables");
    // The first of them is lost after none, some and most of the steps.
    for lost_after in [None, Some(1), Some(steps / 2), Some(steps - 2)] {
        let name = loaded();
        let first = open(&name, 0);
        if let Some(lost_after) = lost_after {
            until("so many steps are done", Duration::from_secs(30), async || done(&name) >= lost_after).await;
            first.abort();
        }
        // Who comes by the node of the one that was lost need not wait for the end of its lease.
        let others = [open(&name, if lost_after.is_some() { 0 } else { 1 }), open(&name, 2)];
        for start in others.into_iter().chain([first]) {
            let Ok(database) = start.await else {
                assert!(lost_after.is_some(), "a start failed");
                continue;
            };
            assert_eq!(database.counts().await.unwrap().0, USERS);
            database.close().await;
        }
        for node in 0..NODES {
            assert_eq!(tables(&name, node), expected, "node {node}, where the first was lost after {lost_after:?}");
        }
    }
}

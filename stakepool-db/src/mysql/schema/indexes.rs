//! Indexes that a table gets after its rows.
//!
//! Each row would go to another place of each index; once all rows are there, an index is sorted and written at once.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::super::server::Server;
use super::steps::STEP;
use crate::layout::Layout;
use crate::sql::{Failure, Guarded, sql};

/// Removes the indexes of a table, but for those that keep something unique. In a cluster they stay: all nodes would stand still
/// while they are made again.
pub(crate) async fn drop_indexes(server: &Server, layout: &Layout) -> Result<(), Failure> {
    let mut connection = server.connection(Instant::now() + STEP).await?;
    let cluster = sql("SHOW GLOBAL VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'");
    if connection.rows(&cluster).await?.is_empty() {
        let there = there(&mut connection, layout).await?;
        let names = layout.indexes.iter().map(|index| index.name).filter(|name| there.contains(*name));
        let drops: Vec<String> = names.map(|name| format!("DROP KEY {name}")).collect();
        if !drops.is_empty() {
            let change = format!("ALTER TABLE {} {}", layout.name, drops.join(", "));
            connection.change_schema(change, STEP).await?;
        }
    }
    connection.give_back();
    Ok(())
}

/// The tables that lack an index, of these.
pub(crate) async fn unindexed(server: &Server, layouts: &[Layout]) -> Result<BTreeSet<String>, Failure> {
    let mut connection = server.connection(Instant::now() + STEP).await?;
    let mut unindexed = BTreeSet::new();
    for layout in layouts.iter().filter(|layout| !layout.indexes.is_empty()) {
        let there = there(&mut connection, layout).await?;
        if layout.indexes.iter().any(|index| !there.contains(index.name)) {
            unindexed.insert(layout.name.to_owned());
        }
    }
    connection.give_back();
    Ok(unindexed)
}

/// Makes the indexes that a table should have and has not.
pub(crate) async fn make_indexes(server: &Server, layout: &Layout) -> Result<(), Failure> {
    let mut connection = server.connection(Instant::now() + STEP).await?;
    loop {
        let there = there(&mut connection, layout).await?;
        let missing = layout.indexes.iter().filter(|index| !there.contains(index.name));
        let adds: Vec<String> = missing.map(|index| format!("ADD {}", index.definition)).collect();
        if adds.is_empty() {
            break;
        }
        let change = format!("ALTER TABLE {} {}", layout.name, adds.join(", "));
        match connection.change_schema(change, STEP).await {
            // What a program that was killed had asked for came to its end meanwhile.
            Err(failure) if failure.is_numbered(1061) => {}
            made => made?,
        }
    }
    connection.give_back();
    Ok(())
}

async fn there(connection: &mut Guarded, layout: &Layout) -> Result<BTreeSet<String>, Failure> {
    let names = sql("SELECT DISTINCT CAST(index_name AS CHAR) AS name FROM information_schema.statistics \
         WHERE table_schema = DATABASE() AND table_name = ?");
    let rows = connection.rows(&names.bind(layout.name)).await?;
    Ok(rows.iter().map(|row| row.get("name")).collect::<Result<_, sqlx::Error>>()?)
}

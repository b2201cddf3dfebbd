//! Numbers of the predecessor's users whose rows are gone.
//!
//! Such a user may have had an address, whose tickets may be live and whose script the wallets hold. The number, which is
//! the key index of that address, is therefore given to nobody.

use std::collections::BTreeSet;

use crate::sql::{Failure, Transaction, sql};

/// Most numbers that are withheld. Numbers that someone made leap by hand were nobody's.
const MOST: i64 = 100_000;

/// Withholds the numbers below `next`, the next one of the table, that no row has, neither there nor in ours. At the first start
/// alone: numbers that are left out later were nobody's.
pub(crate) async fn withhold(transaction: &mut Transaction, next: i64) -> Result<(), Failure> {
    if transaction.row(&sql("SELECT user_id FROM accounts LIMIT 1")).await?.is_some() {
        return Ok(());
    }
    let known = sql(
        "SELECT UserId AS id FROM Users UNION SELECT user_id FROM accounts UNION SELECT key_index FROM key_indexes",
    );
    let known: BTreeSet<i64> =
        transaction.rows(&known).await?.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
    let mut withheld: u32 = 0;
    for number in (1..next).take_while(|number| *number <= MOST).filter(|number| !known.contains(number)) {
        let row = sql("INSERT INTO key_indexes (key_index, user_id) VALUES (?, ?)").bind(number).bind(-number);
        transaction.insert_new(&row).await?;
        // Nor is the number another user's again, though it was the last.
        transaction.insert_new(&sql("INSERT INTO accounts (user_id, argon2) VALUES (?, '')").bind(number)).await?;
        withheld = withheld.saturating_add(1);
    }
    if withheld > 0 {
        tracing::info!(withheld, "numbers of users whose rows are gone are given to nobody");
    }
    Ok(())
}

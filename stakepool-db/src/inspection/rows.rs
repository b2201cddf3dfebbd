//! What the rows of users and of added tickets are like. They are read by the same statements on every engine.

use std::collections::BTreeMap;

use super::configured::Configured;
use super::defect::Defect;
use super::users::UserRow;
use super::{addresses, emails, low_fee, users};
use crate::layout::Layout;
use crate::sql::{Failure, Transaction, sql};

/// The number of users, and what should be known of rows. `users` is the table of users with the columns that are there.
pub(crate) async fn judge(
    transaction: &mut Transaction,
    users: Option<&Layout>,
    has_indexes: bool,
    has_tickets: bool,
    configured: &Configured,
) -> Result<(u64, Vec<Defect>), Failure> {
    let Some(layout) = users else { return Ok((0, Vec::new())) };
    let mut rows = users::read(transaction, layout).await?;
    if has_indexes {
        give_indexes(transaction, &mut rows).await?;
    }
    let mut defects = users::judge(&rows, layout, configured);
    defects.extend(addresses::judge(&rows, configured));
    defects.extend(emails::judge(&rows, &emails::same_by_collation(transaction).await?));
    if has_tickets {
        defects.extend(low_fee::judge(transaction).await?);
    }
    Ok((rows.len() as u64, defects))
}

/// Notes which key index each user has, where that is not the own number.
async fn give_indexes(transaction: &mut Transaction, rows: &mut [UserRow]) -> Result<(), Failure> {
    let given = transaction.rows(&sql("SELECT user_id, key_index FROM key_indexes WHERE user_id > 0")).await?;
    let given: BTreeMap<i64, i64> =
        given.iter().map(|row| Ok((row.get("user_id")?, row.get("key_index")?))).collect::<Result<_, sqlx::Error>>()?;
    for row in rows {
        row.index = given.get(&row.id.0).copied().unwrap_or(row.id.0);
    }
    Ok(())
}

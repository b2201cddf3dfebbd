//! The number that the table of users would give next.

use crate::sql::{Failure, Transaction, sql};

/// The number that the table would give next. Asked of the table itself: some servers answer from memory otherwise. `None`
/// where the server itself leaves numbers out, as the nodes of a cluster do: those were nobody's, and would take the key
/// indexes from users to come.
pub(super) async fn next_number(transaction: &mut Transaction) -> Result<Option<i64>, Failure> {
    let step = transaction.number(&sql("SELECT CAST(@@auto_increment_increment AS SIGNED)")).await?;
    if step != Some(1) {
        return Ok(None);
    }
    let Some(row) = transaction.row(&sql("SHOW CREATE TABLE Users")).await? else { return Ok(None) };
    let text: &str = row.get("Create Table")?;
    let number = text.split_once(" AUTO_INCREMENT=").map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
    Ok(number.flatten().and_then(|number| number.parse().ok()))
}

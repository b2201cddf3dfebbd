//! The mark of a copy that is not finished, a note in the copy itself.

use crate::sql::{Failure, Row, Statement, Transaction, sql};

/// Its name. It is neither copied nor compared.
pub(crate) const NAME: &str = "unfinished_copy";

/// What it finds.
fn find() -> Statement {
    sql("SELECT text FROM notes WHERE name = ?").bind(NAME)
}

/// Of which database this is an unfinished copy, if it is one. There must be a table of notes.
pub(crate) async fn source_of_unfinished(transaction: &mut Transaction) -> Result<Option<String>, Failure> {
    let row = transaction.row(&find()).await?;
    Ok(row.as_ref().map(|row: &Row| row.get("text")).transpose()?)
}

/// Why nobody may serve from it.
pub(crate) fn refusal(source: &str) -> String {
    format!(
        "it holds an unfinished copy of {source}: finish that with `stakepoolctl db copy`, or begin again with a new file or an \
         empty database"
    )
}

/// Marks a copy as unfinished.
pub(crate) fn set(source: &str) -> Statement {
    sql("REPLACE INTO notes (name, text) VALUES (?, ?)").bind(NAME).bind(source)
}

/// Ends that.
pub(crate) fn remove() -> Statement {
    sql("DELETE FROM notes WHERE name = ?").bind(NAME)
}

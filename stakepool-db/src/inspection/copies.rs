//! Whether a database is a copy that is not finished.

use super::defect::{Defect, Severity};
use super::tables::TableFacts;
use crate::copy_mark;
use crate::sql::{Failure, Transaction};

/// What should be known of a copy that is not finished.
pub(crate) async fn judge(transaction: &mut Transaction, tables: &TableFacts) -> Result<Option<Defect>, Failure> {
    if !tables.has("notes", &["name", "text"]) {
        return Ok(None);
    }
    let source = copy_mark::source_of_unfinished(transaction).await?;
    Ok(source.map(|source| Defect::new(Severity::Error, "unfinished_copy", "database", copy_mark::refusal(&source))))
}

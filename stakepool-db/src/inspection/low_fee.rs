//! Added tickets as they lie in the predecessor's table.

use super::defect::{Defect, Severity};
use crate::sql::{Failure, Transaction, sql};

/// What should be known of added tickets.
pub(super) async fn judge(transaction: &mut Transaction) -> Result<Vec<Defect>, Failure> {
    let said = |kind, text: String| Defect::new(Severity::Warning, kind, "table LowFeeTicket", text);
    let mut defects = Vec::new();
    // The table may still have another character set, in which our collation is an error.
    let doubles = sql("SELECT COUNT(*) FROM (SELECT 1 AS one FROM LowFeeTicket \
                       GROUP BY CAST(TicketHash AS CHAR) COLLATE exact HAVING COUNT(*) > 1) AS doubles");
    match transaction.number(&doubles).await?.unwrap_or(0) {
        0 => {}
        tickets => {
            let text = format!("{tickets} tickets are in it more than once, which count once");
            let remedy = "nothing is needed: removing such a ticket removes all its rows";
            defects.push(Defect { severity: Severity::Note, ..said("same_ticket", text) }.remedy(remedy));
        }
    }
    let nulls = sql(
        "SELECT COUNT(*) FROM LowFeeTicket WHERE AddedByUid IS NULL OR TicketAddress IS NULL OR TicketHash IS NULL \
                     OR TicketExpiry IS NULL OR Voted IS NULL OR Created IS NULL OR Expires IS NULL",
    );
    match transaction.number(&nulls).await?.unwrap_or(0) {
        0 => {}
        rows => {
            let text = format!("{rows} rows have a NULL, on which the predecessor's programs fail");
            defects.push(said("null", text).remedy("look at them, and set the columns to 0 or ''"));
        }
    }
    Ok(defects)
}

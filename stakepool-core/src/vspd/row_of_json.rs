//! Tickets of versions 1 and 2.

use super::row::Row;

/// The row of a JSON object.
///
/// # Errors
/// Why it is none, without a word of what it holds: that may be a voting key.
pub(super) fn row(json: &[u8]) -> Result<Row, String> {
    serde_json::from_slice(json).map_err(|error| format!("it is no JSON of a ticket (byte {})", error.column()))
}

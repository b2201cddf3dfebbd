//! Fields of a JSON object on a line of standard input: every error names the field and what belongs there.

use serde::de::DeserializeOwned;
use serde_json::Value;
use stakepool_core::chain::{Amount, BlockHeight};
use stakepool_core::ticket::PoolFee;

use super::arguments::{NOT_ATOMS, amount};

/// Reads the object. Its fields are looked at by the functions below, so that a fault in one can be named.
pub(super) fn parse<T: DeserializeOwned>(line: &[u8], example: &str) -> Result<T, String> {
    let wrong = |why: String| format!("the line is not a JSON object such as {example}: {why}");
    let value: Value = serde_json::from_slice(line).map_err(|error| wrong(without_place(&error)))?;
    // A list would be taken as the fields in their order.
    let found = match &value {
        Value::Object(_) => return T::deserialize(value).map_err(|error| wrong(error.to_string())),
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
    };
    Err(wrong(format!("it is {found}")))
}

/// The message without "at line 1": every question is one line.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => format!("{message} at column {}", error.column()),
        None => text,
    }
}

/// The field's value, or the option that stands in for it; an error where neither is there.
pub(super) fn field<T: Copy>(
    name: &str,
    value: &Value,
    option: Option<T>,
    read: impl Fn(&Value) -> Option<T>,
    expected: &str,
) -> Result<T, String> {
    match (value, option) {
        (Value::Null, Some(option)) => Ok(option),
        (Value::Null, None) => Err(format!("`{name}` is missing: {expected}")),
        (value, _) => read(value).ok_or_else(|| format!("`{name}` cannot be used: {expected}")),
    }
}

/// A whole number of atoms.
pub(super) fn atoms(name: &str, value: &Value, option: Option<Amount>) -> Result<Amount, String> {
    field(name, value, option, |value| value.as_i64().and_then(amount), NOT_ATOMS)
}

/// The height of a block.
pub(super) fn height(name: &str, value: &Value, option: Option<u32>) -> Result<BlockHeight, String> {
    let read = |value: &Value| value.as_u64().and_then(|height| u32::try_from(height).ok());
    field(name, value, option, read, "give the height of a block, a whole number from 0 to 4294967295").map(BlockHeight)
}

/// A fee in percent.
pub(super) fn pool_fee(name: &str, value: &Value, option: Option<PoolFee>) -> Result<PoolFee, String> {
    let read = |value: &Value| value.as_f64().and_then(|percent| PoolFee::from_percent(percent).ok());
    field(name, value, option, read, "give a percentage from 0 to 100, such as 7.5")
}

//! A fee key as it is shown.

use serde::Serialize;
use stakepool_core::chain::ExtendedPubKey;
use stakepool_core::vsp::FeeKey;

use crate::answer::Answer;

/// A fee key.
#[derive(Serialize)]
pub(super) struct Row {
    key: String,
    /// Whether it is `vspfeexpub`.
    configured: bool,
    retired: bool,
    /// The first and last index of which an address may have been given.
    first_index: Option<u32>,
    last_index: Option<u32>,
}

impl Row {
    /// A key, beside the one that the configuration names.
    pub(super) fn new(key: &FeeKey, configured: Option<&ExtendedPubKey>) -> Self {
        let last_index = key.last_given().map(|index| index.0);
        Self {
            key: key.key().to_string(),
            configured: configured == Some(key.key()),
            retired: key.is_retired(),
            first_index: last_index.map(|_| 1),
            last_index,
        }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let state = match (self.configured, self.retired) {
            (true, true) => "retired, but still vspfeexpub: no ticket can register",
            (true, false) => "in use",
            (false, true) => "retired",
            (false, false) => "not configured any more",
        };
        let given = match (self.first_index, self.last_index) {
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => "none".to_owned(),
        };
        vec![("key", self.key.clone()), ("state", state.to_owned()), ("addresses", given)]
    }
}

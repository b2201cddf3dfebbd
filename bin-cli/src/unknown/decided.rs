//! What became of an address about which the operator decided.

use serde::Serialize;
use stakepool::administration::UnknownAddressError;
use stakepool_core::chain::ScriptAddress;

use crate::answer::Answer;
use crate::error::CliError;

/// The answer for one address.
#[derive(Serialize)]
pub(super) struct Decided {
    pub(super) address: ScriptAddress,
    pub(super) outcome: Outcome,
}

/// What an address is now.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Acknowledged,
    AlreadyAcknowledged,
    AlarmedAgain,
    NotAcknowledged,
}

impl Answer for Decided {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let outcome = match self.outcome {
            Outcome::Acknowledged => "acknowledged: voted for as before, and no problem any more",
            Outcome::AlreadyAcknowledged => "already acknowledged",
            Outcome::AlarmedAgain => "a problem again while it is reported",
            Outcome::NotAcknowledged => "was not acknowledged",
        };
        vec![("address", self.address.to_string()), ("outcome", outcome.to_owned())]
    }
}

/// The address of an argument.
pub(super) fn parse(text: &str) -> Result<ScriptAddress, CliError> {
    text.parse().map_err(|error| CliError::argument("ADDRESS", format!("{text}: {error}")))
}

/// A refusal, or a failure of the database.
pub(super) fn failed(error: UnknownAddressError) -> CliError {
    match error {
        UnknownAddressError::Store(error) => error.into(),
        refused => CliError::argument("ADDRESS", refused),
    }
}

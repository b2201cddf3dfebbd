//! What became of addresses about which the operator decided.

use serde::Serialize;
use stakepool::administration::UnknownAddressError;
use stakepool_core::chain::ScriptAddress;

use crate::answer::Answer;
use crate::console::Console;
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
    Released,
}

impl Answer for Decided {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let outcome = match self.outcome {
            Outcome::Acknowledged => "acknowledged: voted for as before, and no problem any more",
            Outcome::AlreadyAcknowledged => "already acknowledged",
            Outcome::AlarmedAgain => "a problem again while it is reported",
            Outcome::NotAcknowledged => "was not acknowledged",
            Outcome::Released => "the key indexes that were guessed for it are given to others",
        };
        vec![("address", self.address.to_string()), ("outcome", outcome.to_owned())]
    }
}

/// The address of an argument.
pub(super) fn parse(text: &str) -> Result<ScriptAddress, CliError> {
    text.parse().map_err(|error| CliError::argument("ADDRESS", format!("{text}: {error}")))
}

/// A refusal, or a failure of the database.
fn failed(error: UnknownAddressError) -> CliError {
    match error {
        UnknownAddressError::Store(error) => error.into(),
        UnknownAddressError::OtherNetwork { .. } => CliError::argument("ADDRESS", error),
        refused => CliError::refused("ADDRESS", refused),
    }
}

/// What became of all addresses.
#[derive(Default)]
pub(super) struct Decisions {
    pub(super) decided: Vec<Decided>,
    failures: Vec<CliError>,
    asked: usize,
}

impl Decisions {
    /// Goes on with the next address whatever became of the one before.
    pub(super) fn add(&mut self, address: ScriptAddress, outcome: Result<Outcome, UnknownAddressError>) {
        self.asked += 1;
        match outcome {
            Ok(outcome) => self.decided.push(Decided { address, outcome }),
            Err(error) => self.failures.push(failed(error)),
        }
    }

    /// Writes the answers; of several addresses the refusals go to standard error. Success where nothing was refused. `none` is
    /// said where no address was asked for.
    pub(super) fn write(mut self, console: &mut Console<'_>, none: &str) -> Result<(), CliError> {
        if self.asked == 1
            && let Some(only) = self.failures.pop()
        {
            return Err(only);
        }
        for failure in &self.failures {
            console.note(&failure.to_string());
        }
        console.style.write_list(&mut *console.output, &self.decided, none).map_err(CliError::Output)?;
        let refused = self.failures.len();
        let worst = self.failures.into_iter().find(|failure| !matches!(failure, CliError::Refused { .. }));
        match worst {
            Some(failure) => Err(failure),
            None if refused == 0 => Ok(()),
            None => Err(CliError::SomeRefused { what: "addresses", refused, asked: self.asked }),
        }
    }
}

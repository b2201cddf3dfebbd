//! Tickets named as arguments or on standard input, each answered for in order.

use clap::Args;
use stakepool::tickets::low_fee::{LowFeeError, parse_hash};
use stakepool_core::chain::TicketHash;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::lines::answer_each;

/// The tickets that a command is about.
#[derive(Debug, Args)]
pub(super) struct Hashes {
    /// The tickets' hashes, or `-` to read them from standard input, one a line.
    #[arg(value_name = "HASH", required = true)]
    tickets: Vec<String>,
}

/// Why a command did nothing for a ticket.
pub(super) enum Failure {
    /// The ticket is the wrong one; what to do instead.
    Refused(String),
    /// Something is broken.
    Broken(CliError),
}

impl From<LowFeeError> for Failure {
    fn from(error: LowFeeError) -> Self {
        match error {
            LowFeeError::Refused(refusal) => Self::Refused(refusal.to_string()),
            LowFeeError::Store(error) => Self::Broken(error.into()),
        }
    }
}

/// What became of the tickets.
#[derive(Default)]
pub(super) struct Tally {
    /// How many are as they were asked to be.
    pub(super) done: usize,
    refused: usize,
    failures: usize,
    broken: Option<CliError>,
}

impl Tally {
    fn count<A>(&mut self, outcome: Result<A, Failure>) -> Result<A, String> {
        match outcome {
            Ok(answer) => {
                self.done += 1;
                Ok(answer)
            }
            Err(Failure::Refused(reason)) => {
                self.refused += 1;
                Err(reason)
            }
            Err(Failure::Broken(error)) => {
                self.failures += 1;
                let reason = error.to_string();
                self.broken.get_or_insert(error);
                Err(reason)
            }
        }
    }

    /// Success where every ticket is as it was asked to be; else the first failure, or how many were refused.
    pub(super) fn into_result(self) -> Result<(), CliError> {
        match self {
            Self { broken: Some(error), .. } => Err(error),
            Self { refused: 0, .. } => Ok(()),
            Self { done, refused, failures, .. } => {
                Err(CliError::SomeRefused { what: "tickets", refused, asked: done + refused + failures })
            }
        }
    }
}

impl Hashes {
    /// Does something for each ticket, and writes an answer or an error for each in its place. The only one of an
    /// argument is answered on standard error where it is refused, as any wrong argument.
    pub(super) fn each<A: Answer>(
        &self,
        console: &mut Console<'_>,
        tally: &mut Tally,
        mut act: impl FnMut(TicketHash) -> Result<A, Failure>,
    ) -> Result<(), CliError> {
        let style = console.style;
        if let [only] = &self.tickets[..]
            && only != "-"
        {
            parse(only.as_bytes()).map_err(|reason| CliError::argument("HASH", reason))?;
        }
        let mut answer = |text: &[u8]| tally.count(parse(text).map_err(Failure::Refused).and_then(&mut act));
        match &self.tickets[..] {
            [only] if only == "-" => answer_each(style, console.input, console.output, answer),
            many if many.iter().any(|text| text == "-") => {
                Err(CliError::argument("HASH", "`-`, for standard input, stands alone; leave the other hashes out"))
            }
            [only] => match answer(only.as_bytes()) {
                Ok(answer) => style.write_line(&mut *console.output, &Ok(&answer)).map_err(CliError::Output),
                Err(reason) => match tally.broken.take() {
                    Some(error) => Err(error),
                    None => Err(CliError::refused("HASH", reason)),
                },
            },
            many => {
                // All is done before anything is written: a reader that closes the pipe does not change what is done.
                let answers: Vec<_> = many.iter().map(|text| answer(text.as_bytes())).collect();
                let written = answers.iter().try_for_each(|answer| {
                    style.write_line(&mut *console.output, &answer.as_ref().map_err(Clone::clone))
                });
                written.map_err(CliError::Output)
            }
        }
    }
}

fn parse(text: &[u8]) -> Result<TicketHash, String> {
    parse_hash(&String::from_utf8_lossy(text)).map_err(|refusal| refusal.to_string())
}

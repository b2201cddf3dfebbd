//! `mail`: mail that was not sent.

use std::cmp::Reverse;

use clap::Subcommand;
use serde::Serialize;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::MailFailure;
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// Show mail that was not sent.
#[derive(Debug, Subcommand)]
pub(crate) enum MailCommand {
    /// List the users whom mail did not reach, the latest first.
    ///
    /// A user goes from the list with the next mail that is sent, or after 30 days. Whether the mail server takes mail at
    /// all is said on standard error.
    Failures,
}

#[derive(Serialize)]
struct Failure {
    user: UserId,
    at: UnixTime,
    reason: String,
}

impl From<MailFailure> for Failure {
    fn from(MailFailure { user, at, reason }: MailFailure) -> Self {
        Self { user, at, reason }
    }
}

impl Answer for Failure {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("user", self.user.to_string()), ("given up", self.at.readable()), ("why", self.reason.clone())]
    }
}

impl MailCommand {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let Self::Failures = self;
        let open = OpenPool::open_with_mailer(pool)?;
        let troubles = open.wait(open.pool.mail_troubles())?;
        if let Some(outage) = troubles.away.as_ref().filter(|_| open.pool.sends_mail()) {
            console.note(&format!(
                "the mail server takes no mail since {}: {}",
                outage.since.readable(),
                outage.reason
            ));
        }
        let mut failures: Vec<Failure> = troubles.failed.into_values().map(Failure::from).collect();
        failures.sort_by_key(|failure| Reverse((failure.at, failure.user)));
        let none = "no mail to a user was given up";
        console.style.write_table(console.output, &failures, none).map_err(CliError::Output)
    }
}

//! `alerts`: the channels by which the operator is told of problems.

use clap::Subcommand;
use serde::Serialize;
use stakepool::alerts::ChannelTest;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{OpenPool, PoolArguments};

/// Try the channels by which the operator is told of problems.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Send a test by every channel: the webhook, mail to the administrators, the heartbeat.
    ///
    /// Each says whether its message was taken; look whether it arrived. The exit code is 1 where one was not taken, or
    /// where the pool has no channel.
    Test,
}

#[derive(Serialize)]
struct Tried {
    channel: &'static str,
    sent: bool,
    error: Option<String>,
}

impl From<ChannelTest> for Tried {
    fn from(ChannelTest { way, sent }: ChannelTest) -> Self {
        Self { channel: way, sent: sent.is_ok(), error: sent.err().map(|error| error.to_string()) }
    }
}

impl Answer for Tried {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let outcome = match &self.error {
            None => ("sent", "yes".to_owned()),
            Some(error) => ("failed", error.clone()),
        };
        vec![("channel", self.channel.to_owned()), outcome]
    }
}

impl AlertsCommand {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let Self::Test = self;
        let open = OpenPool::open_with_alerts(pool)?;
        let tried: Vec<Tried> = open.wait(open.pool.test_alerts()).into_iter().map(Tried::from).collect();
        let none = "the pool has no channel of alerts: set alertwebhook, or smtphost for mail to the administrators";
        console.style.write_list(console.output, &tried, none).map_err(CliError::Output)?;
        let failed = tried.iter().filter(|tried| !tried.sent).count();
        match tried.len() {
            0 => Err(CliError::NotWell("nobody is told of problems: there is no channel of alerts".to_owned())),
            _ if failed == 0 => Ok(()),
            all => Err(CliError::NotWell(format!("{failed} of {all} channels did not take the test"))),
        }
    }
}

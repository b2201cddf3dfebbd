//! `users show`: all about an account but its secrets.

use clap::Args;
use serde::Serialize;
use stakepool::tickets::Tally;
use stakepool_core::accounts::VotingPreference;
use stakepool_core::chain::RedeemScript;
use stakepool_core::ports::LedgerStore;

use super::account::Account;
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments, find_user};

/// Show a user, with the address, its script and the tickets.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The user's number or e-mail address.
    #[arg(value_name = "ID|EMAIL")]
    user: String,
}

#[derive(Serialize)]
struct Details {
    #[serde(flatten)]
    account: Account,
    script: Option<RedeemScript>,
    voting: VotingPreference,
    tickets: Tickets,
}

/// How many tickets a user has in each state; those that the pool does not vote apart.
#[derive(Serialize)]
struct Tickets {
    immature: u64,
    live: u64,
    voted: u64,
    missed: u64,
    expired: u64,
    ignored: u64,
}

impl From<Tally> for Tickets {
    fn from(Tally { immature, live, voted, missed, expired, ignored }: Tally) -> Self {
        Self { immature, live, voted, missed, expired, ignored }
    }
}

impl Answer for Details {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let Tickets { immature, live, voted, missed, expired, ignored } = self.tickets;
        let mut fields = self.account.fields();
        fields.extend(self.script.as_ref().map(|script| ("script", script.to_string())));
        let voting = format!("bits {}, chosen for vote version {}", self.voting.bits.0, self.voting.version.0);
        fields.push(("votes", voting));
        let tickets = format!(
            "{immature} immature, {live} live, {voted} voted, {missed} missed, {expired} expired, {ignored} ignored"
        );
        fields.push(("tickets", tickets));
        fields
    }
}

impl Show {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let user = find_user(&open, &self.user)?;
        let counts = open.wait(open.database.ticket_counts(Some(user.id)))?;
        let details = Details {
            account: Account::new(&user, &open.pool),
            script: user.registration.map(|registration| registration.script),
            voting: user.voting,
            tickets: Tally::of(&counts).into(),
        };
        console.style.write_single(console.output, &details).map_err(CliError::Output)
    }
}

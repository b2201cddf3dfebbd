//! `users list`: all accounts.

use clap::Args;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::UserStore;

use super::account::Account;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// List all users, by number.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let users = open.wait(open.database.list(UserId(i64::MIN), u64::MAX))?;
        let accounts: Vec<Account> = users.iter().map(|user| Account::new(user, &open.pool)).collect();
        console.style.write_table(console.output, &accounts, "there are no users").map_err(CliError::Output)
    }
}

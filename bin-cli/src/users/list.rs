//! `users list`: all accounts.

use clap::Args;
use stakepool_core::accounts::UserId;
use stakepool_core::ports::UserStore;

use super::Account;
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, Pool, PoolArguments};

/// List all users, by number.
#[derive(Debug, Args)]
pub(crate) struct List {}

impl Answer for Account {
    fn fields(&self) -> Vec<(&'static str, String)> {
        self.fields()
    }
}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let pool = Pool::open(pool, Absent::Refuse)?;
        let users = pool.wait(pool.database.list(UserId(i64::MIN), u64::MAX))?;
        let accounts: Vec<Account> = users.iter().map(|user| Account::new(user, &pool.config)).collect();
        console.style.write_list(console.output, &accounts, "there are no users").map_err(CliError::Output)
    }
}

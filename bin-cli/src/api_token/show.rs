//! `api-token show`: a user's API key.

use clap::Args;
use serde::Serialize;
use stakepool_core::accounts::{Email, UserId};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments, find_user};

/// Show the API key with which a user's wallet calls the pool.
///
/// It opens the account to anyone who has it, as far as wallets go: give it to its user alone. That it was shown is noted in
/// the audit log.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The user's number or e-mail address.
    #[arg(value_name = "ID|EMAIL")]
    user: String,
}

#[derive(Serialize)]
struct Shown {
    id: UserId,
    email: Email,
    /// Null where it is revoked.
    api_token: Option<String>,
}

impl Answer for Shown {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let revoked = || "revoked; `stakepoolctl api-token renew` makes another".to_owned();
        let key = self.api_token.clone().unwrap_or_else(revoked);
        vec![("user", self.id.to_string()), ("e-mail", self.email.to_string()), ("API key", key)]
    }
}

impl Show {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let user = find_user(&open, &self.user)?;
        let api_token = open.wait(open.pool.show_api_key_of(ACTOR, &user)).map_err(CliError::from_key)?;
        let shown = Shown { id: user.id, email: user.email, api_token };
        console.style.write_single(console.output, &shown).map_err(CliError::Output)
    }
}

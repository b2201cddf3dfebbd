//! `stakepoolctl users`: the accounts of the pool.

mod create;
mod list;
mod password;
mod reset;
mod show;

use clap::Subcommand;
use serde::Serialize;
use stakepool_config::WebConfig;
use stakepool_core::accounts::{Email, EmailState, User, UserId};
use stakepool_core::chain::{Address, BlockHeight, KeyIndex, ScriptAddress};
use stakepool_core::ports::UserStore;
use stakepool_core::time::UnixTime;

use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Pool, PoolArguments};

/// What to do with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// Create a user, such as the pool's first administrator.
    Create(create::Create),
    /// List all users.
    List(list::List),
    /// Show a user, with the address, its script and the tickets.
    Show(show::Show),
    /// Give a user who cannot sign in a new password.
    Password(reset::Reset),
}

impl UsersCommand {
    pub(crate) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        match self {
            Self::Create(command) => command.run(pool, console),
            Self::List(command) => command.run(pool, console),
            Self::Show(command) => command.run(pool, console),
            Self::Password(command) => command.run(pool, console),
        }
    }
}

/// The user with a number or an e-mail address.
fn find(pool: &Pool, user: &str) -> Result<User, CliError> {
    let wrong = |reason: String| CliError::argument("ID|EMAIL", reason);
    let found = match user.parse() {
        Ok(id) => pool.wait(pool.database.by_id(UserId(id)))?,
        Err(_) => {
            let email = Email::parse(user).map_err(|error| wrong(format!("give a number, or: {error}")))?;
            pool.wait(pool.database.by_email(&email))?
        }
    };
    found.ok_or_else(|| wrong(format!("there is no user {user}; `stakepoolctl users list` shows all")))
}

/// A user as list and details show them. What is not there is null.
#[derive(Serialize)]
struct Account {
    id: UserId,
    email: Email,
    email_verified: bool,
    admin: bool,
    disabled: bool,
    created: Option<UnixTime>,
    key_index: Option<KeyIndex>,
    address: Option<ScriptAddress>,
    fee_address: Option<Address>,
    registered_at: Option<BlockHeight>,
}

impl Account {
    fn new(user: &User, config: &WebConfig) -> Self {
        let registration = user.registration.as_ref();
        Self {
            id: user.id,
            email: user.email.clone(),
            email_verified: user.email_state != EmailState::Unverified,
            admin: user.admin || config.admin_ids.contains(&user.id),
            disabled: user.disabled,
            created: (user.created.0 != 0).then_some(user.created),
            key_index: registration.map(|registration| registration.key_index),
            address: registration.map(|registration| registration.address),
            fee_address: registration.map(|registration| registration.fee_address),
            registered_at: registration.map(|registration| registration.registered_at),
        }
    }

    /// What people read.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let flags =
            [(self.admin, "administrator"), (self.disabled, "disabled"), (!self.email_verified, "not verified")];
        let flags: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
        let readable = [
            ("user", Some(self.id.to_string())),
            ("e-mail", Some(self.email.to_string())),
            ("is", (!flags.is_empty()).then(|| flags.join(" and "))),
            ("created", self.created.map(UnixTime::readable)),
            ("key index", self.key_index.map(|index| index.to_string())),
            ("address", self.address.map(|address| address.to_string())),
            ("fee address", self.fee_address.map(|address| address.to_string())),
            ("registered at", self.registered_at.map(|height| format!("height {height}"))),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

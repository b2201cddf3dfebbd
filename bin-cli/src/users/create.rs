//! `users create`: a new account, without a sign-up.

use clap::Args;
use serde::Serialize;
use stakepool_core::accounts::{Email, PasswordHashes, UserId};
use stakepool_core::ports::StoreError;

use super::password::{self, Source};
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

const PASSWORD_FILE: &str = "--password-file";

/// Create a user, such as the pool's first administrator.
///
/// Without --password-file the password is asked for at the terminal. The pool's database is made where there is none
/// yet: run this as the user that the pool runs as.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The e-mail address to sign in with.
    #[arg(long, value_name = "E")]
    email: String,
    /// The user may administer the pool.
    #[arg(long)]
    admin: bool,
    /// A file whose first line is the password, or `-` for standard input.
    #[arg(long, value_name = "F")]
    password_file: Option<String>,
}

#[derive(Serialize)]
struct Created {
    id: UserId,
    email: Email,
    admin: bool,
}

impl Answer for Created {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let role = if self.admin { "administrator" } else { "user" };
        vec![("created", format!("{role} {}", self.id)), ("e-mail", self.email.to_string())]
    }
}

impl Create {
    fn source(&self) -> Source<'_> {
        match self.password_file.as_deref() {
            None => Source::Terminal(PASSWORD_FILE),
            Some("-") => Source::Input(PASSWORD_FILE),
            Some(path) => Source::File(PASSWORD_FILE, path),
        }
    }

    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let email = Email::parse(&self.email).map_err(|error| CliError::argument("--email", error))?;
        let password = self.source().read(console.input, &email)?;
        // Only now, so that a wrong argument leaves no database behind.
        let open = OpenPool::open(pool, Absent::Make)?;
        let hashes = PasswordHashes { argon2: Some(open.wait(password::hasher()?.hash(&password))?), bcrypt: None };
        let creation = open.pool.create_user(ACTOR, email.clone(), hashes, self.admin);
        let id = open.wait(creation).map_err(|error| match error {
            StoreError::EmailTaken => taken(&email),
            other => other.into(),
        })?;
        let created = Created { id, email, admin: self.admin };
        console.style.write_single(console.output, &created).map_err(CliError::Output)
    }
}

fn taken(email: &Email) -> CliError {
    let reason = format!("{email} is registered already; `stakepoolctl users show {email}` shows the user");
    CliError::refused("--email", reason)
}

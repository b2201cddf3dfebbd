//! Passwords out of a file, standard input, or a terminal.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::sync::Arc;
use std::time::Duration;

use stakepool_core::accounts::{Email, PasswordCosts, PasswordHasher, SystemRandom, check_policy};

use crate::error::CliError;

/// Bytes that are read at most: more than any password that is taken.
const MOST: u64 = 4096;

/// Where a password comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// A terminal; another way is to give this argument.
    Terminal(&'static str),
    /// Standard input, as this argument says.
    Input(&'static str),
    /// A file, as this argument says.
    File(&'static str, &'a str),
}

impl Source<'_> {
    /// What an error names.
    const fn name(self) -> &'static str {
        match self {
            Self::Terminal(_) => "password",
            Self::Input(argument) | Self::File(argument, _) => argument,
        }
    }

    /// The new password of the user with an e-mail address: what is typed, or the first line of what is read.
    pub(super) fn read(self, input: &mut dyn Read, email: &Email) -> Result<String, CliError> {
        let password = match self {
            Self::Terminal(argument) => typed(argument)?,
            Self::Input(_) => self.first_line(input).map_err(CliError::Input)??,
            Self::File(argument, path) => {
                let unreadable = |error: io::Error| CliError::argument(argument, format!("it cannot be read: {error}"));
                let mut file = File::open(path).map_err(unreadable)?;
                self.first_line(&mut file).map_err(unreadable)??
            }
        };
        check_policy(&password, email).map_err(|error| CliError::argument(self.name(), error))?;
        Ok(password)
    }

    fn first_line(self, from: &mut dyn Read) -> io::Result<Result<String, CliError>> {
        let mut line = Vec::new();
        BufReader::new(from.take(MOST)).read_until(b'\n', &mut line)?;
        // Neither what is read nor a part of it is shown.
        let text = String::from_utf8(line).map_err(|_| CliError::argument(self.name(), "it holds no UTF-8 text"));
        Ok(text.map(|text| text.lines().next().unwrap_or_default().to_owned()))
    }
}

/// Asks at the terminal, twice, without showing what is typed.
fn typed(other_way: &'static str) -> Result<String, CliError> {
    if !io::stdin().is_terminal() {
        let reason = "there is no terminal to ask for the password: use this argument to give it in another way";
        return Err(CliError::argument(other_way, reason));
    }
    let password = rpassword::prompt_password("Password: ").map_err(CliError::Input)?;
    let again = rpassword::prompt_password("Once more: ").map_err(CliError::Input)?;
    if password == again {
        Ok(password)
    } else {
        Err(CliError::Usage("the two passwords differ; type the same one twice".to_owned()))
    }
}

/// Hashes passwords as the web does, but at once: nobody measures here how long it takes.
pub(super) fn hasher() -> Result<PasswordHasher, CliError> {
    let costs = PasswordCosts { floor: Duration::ZERO, ..PasswordCosts::default() };
    Ok(PasswordHasher::new(costs, Arc::new(SystemRandom))?)
}

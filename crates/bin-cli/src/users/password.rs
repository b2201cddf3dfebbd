//! Passwords out of a file, standard input, or a terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Read};

use crate::error::CliError;

const ARGUMENT: &str = "--password-file";
/// Bytes that are read at most: more than any password that is taken.
const MOST: u64 = 4096;

/// The password: the first line of `source` (`-` is standard input), or what is typed where no source is given.
pub(super) fn read(source: Option<&str>, input: &mut dyn Read) -> Result<String, CliError> {
    let unreadable = |error: io::Error| CliError::argument(ARGUMENT, format!("it cannot be read: {error}"));
    let mut bytes = Vec::new();
    match source {
        None => return typed(),
        Some("-") => input.take(MOST).read_to_end(&mut bytes).map_err(CliError::Input)?,
        Some(path) => File::open(path).map_err(unreadable)?.take(MOST).read_to_end(&mut bytes).map_err(unreadable)?,
    };
    // Neither what is read nor a part of it is shown.
    let text = String::from_utf8(bytes).map_err(|_| CliError::argument(ARGUMENT, "its content is not UTF-8 text"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Asks at the terminal, twice, without showing what is typed.
fn typed() -> Result<String, CliError> {
    if !io::stdin().is_terminal() {
        let reason = "there is no terminal to ask for the password: give a file with it, or `-` for standard input";
        return Err(CliError::argument(ARGUMENT, reason));
    }
    let password = rpassword::prompt_password("Password: ").map_err(CliError::Input)?;
    let again = rpassword::prompt_password("Once more: ").map_err(CliError::Input)?;
    if password == again {
        Ok(password)
    } else {
        Err(CliError::Usage("the two passwords differ; type the same one twice".to_owned()))
    }
}

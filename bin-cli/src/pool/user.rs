//! The user that a command names.

use stakepool_core::accounts::{Email, User, UserId};
use stakepool_core::ports::UserStore;
use stakepool_core::typed::pasted;

use super::open::OpenPool;
use crate::error::CliError;

/// The user with a number or an e-mail address.
pub(crate) fn find_user(open: &OpenPool, user: &str) -> Result<User, CliError> {
    let wrong = |reason: String| CliError::argument("ID|EMAIL", reason);
    let found = match pasted(user).parse() {
        Ok(id) => open.wait(open.database.by_id(UserId(id)))?,
        Err(_) => {
            let spellings = Email::spellings(user);
            if spellings.is_empty() {
                Email::parse(user).map_err(|error| wrong(format!("give a number, or: {error}")))?;
            }
            let mut found = None;
            for email in &spellings {
                found = found.or(open.wait(open.database.by_email(email))?);
            }
            found
        }
    };
    let absent = || format!("there is no user {user}; `stakepoolctl users list` shows all");
    found.ok_or_else(|| CliError::refused("ID|EMAIL", absent()))
}

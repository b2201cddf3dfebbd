//! `api-token renew`: a new API key for a user.

use clap::Args;
use serde::Serialize;
use stakepool_core::accounts::{Email, UserId};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, OpenPool, PoolArguments, find_user};

/// Put a new API key in the place of a user's, where somebody else may have it.
///
/// The old one opens nothing from then on; the user must give the new one to the wallet. A revoked key comes back as a new one.
/// The user is mailed, where the pool sends mail and the address is verified; a mail that is not sent is named on standard error.
/// Tickets and votes are not touched.
#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// The user's number or e-mail address.
    #[arg(value_name = "ID|EMAIL")]
    user: String,
}

#[derive(Serialize)]
struct Renewed {
    id: UserId,
    email: Email,
    api_token: String,
    /// Whether the user was mailed.
    mailed: bool,
}

impl Answer for Renewed {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mailed = if self.mailed { "yes" } else { "no: tell the user yourself" };
        vec![
            ("user", self.id.to_string()),
            ("e-mail", self.email.to_string()),
            ("new API key", self.api_token.clone()),
            ("mailed", mailed.to_owned()),
        ]
    }
}

impl Renew {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open_with_mailer(pool)?;
        let user = find_user(&open, &self.user)?;
        let renewed = open.wait(open.pool.renew_api_key_of(ACTOR, &user)).map_err(CliError::from_key)?;
        if let Some(Err(error)) = &renewed.mailed {
            console.note(&format!("the user was not mailed: {error}"));
        }
        let mailed = matches!(renewed.mailed, Some(Ok(())));
        let renewed = Renewed { id: user.id, email: user.email, api_token: renewed.key, mailed };
        console.style.write_single(console.output, &renewed).map_err(CliError::Output)
    }
}

//! `invitations create`: a code with which accounts may be made.

use clap::Args;
use serde::Serialize;
use stakepool::administration::{InvitationWish, InviteError};
use stakepool_core::ports::InvitationId;
use stakepool_core::time::UnixTime;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// Make an invitation, whose code is shown once.
///
/// The code is needed to sign up where the pool's configuration says `invitations=required`. Only its hash is stored.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// How many accounts may be made with it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    uses: u32,
    /// How long it works, in days.
    #[arg(long, value_name = "DAYS", default_value_t = 14)]
    days: u32,
    /// For whom it is; only administrators see this.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

#[derive(Serialize)]
struct Created {
    id: InvitationId,
    code: String,
    link: String,
    uses: u32,
    expires: UnixTime,
}

impl Answer for Created {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("invitation", self.id.to_string()),
            ("code", self.code.clone()),
            ("link", self.link.clone()),
            ("uses", self.uses.to_string()),
            ("ends", self.expires.readable()),
        ]
    }
}

impl Create {
    pub(super) fn run(self, pool: &PoolArguments, mut console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let wish = InvitationWish { note: &self.note, uses: self.uses, days: self.days };
        let invited = open.wait(open.pool.invite(ACTOR, &wish)).map_err(|error| match error {
            InviteError::Uses => CliError::argument("--uses", error),
            InviteError::Days => CliError::argument("--days", error),
            InviteError::Note => CliError::argument("--note", error),
            InviteError::Store(error) => error.into(),
        })?;
        if !open.pool.asks_for_invitations() {
            console.note("nobody needs an invitation: invitations=required is not set");
        }
        let code = invited.code.reveal();
        let link = open.pool.site().url(&format!("/signup?invitation={code}"));
        let created = Created { id: invited.id, code, link, uses: self.uses, expires: invited.expires };
        console.style.write_single(console.output, &created).map_err(CliError::Output)
    }
}

//! `invitations revoke`: nobody signs up with an invitation any more.

use clap::Args;
use serde::Serialize;
use stakepool_core::ports::InvitationId;

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments};

/// End an invitation: nobody signs up with it any more. Accounts that were made with it stay.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Its number, as `invitations list` shows it.
    #[arg(value_name = "NUMBER")]
    id: i64,
}

#[derive(Serialize)]
struct Revoked {
    revoked: InvitationId,
}

impl Answer for Revoked {
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("revoked", format!("invitation {}", self.revoked))]
    }
}

impl Revoke {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let id = InvitationId(self.id);
        if !open.wait(open.pool.revoke_invitation(ACTOR, id))? {
            let reason = format!("invitation {id} is not open; `stakepoolctl invitations list` shows which are");
            return Err(CliError::refused("NUMBER", reason));
        }
        console.style.write_single(console.output, &Revoked { revoked: id }).map_err(CliError::Output)
    }
}

//! `invitations list`: all invitations, without their codes.

use clap::Args;
use serde::Serialize;
use stakepool_core::ports::{Invitation, Slice};

use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// List the invitations, the latest first. Their codes are stored nowhere.
#[derive(Debug, Args)]
pub(crate) struct List {}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    invitation: Invitation,
    open: bool,
}

impl Answer for Listed {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let Invitation { id, made_by, note, uses, used, created, expires, revoked } = &self.invitation;
        let mut fields = vec![
            ("invitation", id.to_string()),
            ("open", if self.open { "yes" } else { "no" }.to_owned()),
            ("used", format!("{used} of {uses}")),
            ("ends", expires.readable()),
            ("made", format!("{} by {made_by}", created.readable())),
        ];
        fields.extend(revoked.map(|at| ("revoked", at.readable())));
        if !note.is_empty() {
            fields.push(("note", note.clone()));
        }
        fields
    }
}

impl List {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let found = open.wait(open.pool.invitations(Slice { offset: 0, limit: u64::MAX }))?;
        let now = open.pool.now();
        let listed = |invitation: Invitation| Listed { open: invitation.is_open(now), invitation };
        let listed: Vec<_> = found.rows.into_iter().map(listed).collect();
        console.style.write_table(console.output, &listed, "there are no invitations").map_err(CliError::Output)
    }
}

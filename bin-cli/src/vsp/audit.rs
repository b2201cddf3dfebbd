//! `vsp audit`: whether the tickets voted what their owners had chosen.

use std::io;

use clap::Args;
use serde::Serialize;
use stakepool::vsp::{AuditedVote, VoteAudit};
use stakepool_core::chain::{BlockHeight, TicketHash, VoteBits};
use stakepool_core::vsp::Followed;

use super::service::service;
use crate::answer::{Answer, Style};
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{Absent, OpenPool, PoolArguments};

/// Compare every mined vote of tickets of wallets of today with the choices that were in force when it was cast.
///
/// The votes come from the node, the choices from what their owners signed. Listed are those that differ, and those of which it
/// cannot be said: records before the last ten are not kept, and agendas are known of versions alone that a wallet has reported. What
/// was chosen within the hour before a vote's block may count or not. The exit code is 1 where a vote differs.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Votes in blocks of this height and above; without it all.
    #[arg(long, value_name = "HEIGHT", default_value_t = 0, hide_default_value = true)]
    from: u32,
}

#[derive(Serialize)]
struct Whole {
    /// How many votes are as was chosen.
    as_chosen: u64,
    differing: usize,
    /// The others, and those of which it cannot be said.
    others: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    ticket: TicketHash,
    height: BlockHeight,
    bits: Option<VoteBits>,
    /// Any of these would have been as chosen; null where that cannot be said.
    chosen: Option<Vec<VoteBits>>,
    /// Why it cannot be said.
    reason: Option<&'static str>,
}

impl From<AuditedVote> for Row {
    fn from(vote: AuditedVote) -> Self {
        let AuditedVote { ticket, height, bits, followed } = vote;
        let (chosen, reason) = match followed {
            Followed::Yes => (bits.map(|bits| vec![bits]), None),
            Followed::No(chosen) => (Some(chosen), None),
            Followed::Unknown(reason) => (None, Some(reason)),
        };
        Self { ticket, height, bits, chosen, reason }
    }
}

impl Answer for Row {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let chosen =
            self.chosen.as_ref().map(|chosen| chosen.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "));
        let readable = [
            ("ticket", Some(self.ticket.to_string())),
            ("block", Some(self.height.to_string())),
            ("voted", self.bits.map(|bits| bits.to_string())),
            ("chosen", chosen.or_else(|| self.reason.map(|reason| format!("unknown: {reason}")))),
        ];
        readable.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl Answer for Whole {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let unknown = self.others.len() - self.differing;
        vec![
            ("as chosen", self.as_chosen.to_string()),
            ("different", self.differing.to_string()),
            ("cannot be said", unknown.to_string()),
        ]
    }
}

impl Whole {
    fn write(&self, console: Console<'_>) -> io::Result<()> {
        if console.style == Style::Text && !self.others.is_empty() {
            console.style.write_table(console.output, &self.others, "")?;
            writeln!(console.output)?;
        }
        console.style.write_single(console.output, self)
    }
}

impl Audit {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let vsp = service(&open)?;
        let audit = open.wait(vsp.audit_votes(BlockHeight(self.from)));
        let audit: VoteAudit =
            audit.map_err(|error| CliError::NotWell(format!("votes cannot be compared: {error}")))?;
        let differing = audit.differing();
        let others = audit.others.into_iter().map(Row::from).collect();
        Whole { as_chosen: audit.as_chosen, differing, others }.write(console).map_err(CliError::Output)?;
        match differing {
            0 => Ok(()),
            votes => Err(CliError::NotWell(format!("{votes} votes say something else than was chosen"))),
        }
    }
}

//! Fills the ledger for daemons that report nothing: the predecessor's, and those of ours without an `rpctoken`.
//!
//! Such a daemon lists the tickets that it votes and those that it ignores; where a list changes, the wallets are asked
//! what became of the tickets of the address (`stakepooluserinfo`), and now and then for all users, since the
//! predecessor does not list immature tickets. What a ticket paid is read from the ticket itself, once.
//!
//! Two things appear in no list: the votes themselves, and how a ticket ended that the wallets refuse for its fee. The latter
//! stays live in the ledger until it must have expired.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{BlockHeight, Params, ScriptAddress, TicketHash};
use stakepool_core::ports::{DaemonError, LedgerStore, LowFeeEntry, StoreError, VotingDaemon, WalletTicket};
use stakepool_core::reports::{TicketReport, TicketState, TicketTimes};
use stakepool_core::ticket::{TicketFacts, Verdict};

use crate::parts::Parts;
use crate::ticket_source::{SourceError, TicketSource};

/// All users are asked for in the first round, and then in every twelfth.
const ALL_EVERY: u32 = 12;

/// Why a round failed. The next begins where it began.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Whether a daemon that answers so has no reports for us, but may have lists.
pub(crate) const fn has_no_reports(error: &DaemonError) -> bool {
    matches!(error, DaemonError::Unsupported { .. } | DaemonError::Unauthorized { .. })
}

/// How many tickets of an address may still vote, by what the wallets list.
///
/// Of one that they refuse for its fee they do not give the state: it is open until the ledger knows its end, or it must
/// have expired.
///
/// # Errors
/// [`ListError`] where no wallet answers, or the ledger fails.
pub(crate) async fn open_tickets(
    source: &dyn TicketSource,
    ledger: &dyn LedgerStore,
    address: &ScriptAddress,
) -> Result<u64, ListError> {
    let listed = source.user_tickets(address).await?;
    let is_over = |ticket: &&WalletTicket| TicketState::from_name(&ticket.status).is_some_and(TicketState::is_over);
    let mut open = listed.tickets.len().saturating_sub(listed.tickets.iter().filter(is_over).count());
    for ticket in &listed.invalid {
        let known = ledger.ticket(ticket).await?;
        if known.as_ref().is_some_and(|known| known.state.is_over()) {
            continue;
        }
        let facts = match known {
            Some(known) => Some(known.facts),
            None => source.judge(ticket).await?,
        };
        let (tip, params) = source.tip().await?;
        let expires = |mined_at: BlockHeight| mined_at.plus(params.ticket_maturity).plus(params.ticket_expiry);
        open += usize::from(facts.is_none_or(|facts| tip < expires(facts.mined_at)));
    }
    Ok(u64::try_from(open).unwrap_or(u64::MAX))
}

/// Reads the lists of one daemon.
#[derive(Debug, Default)]
pub(crate) struct ListReader {
    seen: HashSet<LowFeeEntry>,
    rounds: u32,
}

impl ListReader {
    /// What is new since the last round that succeeded.
    pub(crate) async fn round(
        &mut self,
        parts: &Parts,
        source: &dyn TicketSource,
        daemon: &dyn VotingDaemon,
    ) -> Result<Vec<TicketReport>, ListError> {
        let mut listed: HashSet<_> = daemon.live_tickets().await?.into_iter().collect();
        listed.extend(daemon.ignored_tickets().await?);
        let changed: HashSet<_> = listed.symmetric_difference(&self.seen).map(|entry| entry.address).collect();
        let all = self.rounds.is_multiple_of(ALL_EVERY);
        let mut reports = Vec::new();
        if all || !changed.is_empty() {
            let added = parts.low_fee.active(parts.clock.now()).await?;
            let (tip, params) = source.tip().await?;
            let round = Round {
                parts,
                source,
                tip,
                params,
                listed: listed.iter().map(|entry| entry.ticket).collect(),
                added: added.into_iter().map(|ticket| ticket.ticket).collect(),
            };
            for user in parts.users.registered().await? {
                let Some(registration) = user.registration else { continue };
                if all || changed.contains(&registration.address) {
                    reports.append(&mut round.user(user.id, registration.address).await?);
                }
            }
        }
        self.seen = listed;
        self.rounds = self.rounds.wrapping_add(1);
        Ok(reports)
    }
}

/// What is the same for all users.
struct Round<'a> {
    parts: &'a Parts,
    source: &'a dyn TicketSource,
    tip: BlockHeight,
    params: Params,
    listed: HashSet<TicketHash>,
    added: HashSet<TicketHash>,
}

impl Round<'_> {
    /// What the ledger does not know yet of a user's tickets.
    async fn user(&self, user: UserId, address: ScriptAddress) -> Result<Vec<TicketReport>, ListError> {
        let listed = self.source.user_tickets(&address).await?;
        let accepted = listed.tickets.iter().map(|ticket| (ticket.ticket, Some(ticket)));
        let refused = listed.invalid.iter().map(|ticket| (*ticket, None));
        let mut reports = Vec::new();
        for (ticket, listed) in accepted.chain(refused) {
            let known = self.parts.ledger.ticket(&ticket).await?;
            let Some(facts) = self.facts(&ticket, listed, known.as_ref()).await? else { continue };
            let (state, ended_at) = match listed {
                Some(listed) => self.listed_state(listed, facts.mined_at),
                None => self.state_of_refused(&ticket, facts.mined_at, known.as_ref()),
            };
            let ended = state.is_over();
            // With its end a ticket leaves the added ones, but it stays one that was added.
            let added = self.added.contains(&ticket) || ended && known.as_ref().is_some_and(|known| known.added);
            // Wallets list a miss only once its revocation is mined.
            let is_missed = matches!(state, TicketState::Missed | TicketState::Expired);
            let revoked = is_missed && (listed.is_some() || known.as_ref().is_some_and(|known| known.revoked));
            let (address, user) = (address.into(), Some(user));
            let (times, spend) = (TicketTimes::default(), None);
            let report = TicketReport { ticket, address, user, state, facts, added, ended_at, revoked, times, spend };
            if known.as_ref() != Some(&report) {
                reports.push(report);
            }
        }
        Ok(reports)
    }

    /// A ticket's facts: as they are in the ledger, unless it was mined anew since.
    async fn facts(
        &self,
        ticket: &TicketHash,
        listed: Option<&WalletTicket>,
        known: Option<&TicketReport>,
    ) -> Result<Option<TicketFacts>, SourceError> {
        let is_current = |known: &&TicketReport| listed.is_none_or(|listed| listed.mined_at == known.facts.mined_at);
        if let Some(known) = known.filter(is_current) {
            return Ok(Some(known.facts));
        }
        let mut facts = self.source.judge(ticket).await?;
        // A wallet judges a ticket by the pool's fee of the time when it was mined; that may have been another one.
        if let (Some(facts), Some(_)) = (&mut facts, listed) {
            facts.verdict = Verdict::Accepted;
        }
        Ok(facts)
    }

    fn listed_state(&self, listed: &WalletTicket, mined_at: BlockHeight) -> (TicketState, Option<BlockHeight>) {
        match TicketState::from_name(&listed.status) {
            Some(end @ (TicketState::Voted | TicketState::Missed | TicketState::Expired)) => (end, listed.spent_at),
            // Legacy wallets say `live` of immature tickets, too.
            _ => (self.unended(mined_at), None),
        }
    }

    /// A ticket that the wallets refuse for its fee: they do not give its state.
    fn state_of_refused(
        &self,
        ticket: &TicketHash,
        mined_at: BlockHeight,
        known: Option<&TicketReport>,
    ) -> (TicketState, Option<BlockHeight>) {
        let expires = self.matures_at(mined_at).plus(self.params.ticket_expiry);
        match known {
            Some(known) if known.ended_at.is_some() => (known.state, known.ended_at),
            _ if self.tip >= expires && !self.listed.contains(ticket) => (TicketState::Expired, Some(expires)),
            _ => (self.unended(mined_at), None),
        }
    }

    fn unended(&self, mined_at: BlockHeight) -> TicketState {
        if self.matures_at(mined_at) <= self.tip { TicketState::Live } else { TicketState::Immature }
    }

    const fn matures_at(&self, mined_at: BlockHeight) -> BlockHeight {
        mined_at.plus(self.params.ticket_maturity)
    }
}

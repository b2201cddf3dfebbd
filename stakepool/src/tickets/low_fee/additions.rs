//! Where tickets are added and taken back.

use std::collections::HashMap;

use tokio::sync::OnceCell;

use crate::desired_changed::DesiredChanged;
use crate::tickets::low_fee::known::{Known, Lists};
use crate::tickets::low_fee::reason::reason;
use crate::tickets::low_fee::refusal::Refusal;
use stakepool_core::accounts::Actor;
use stakepool_core::audit::AuditAction;
use stakepool_core::chain::{Params, ScriptAddress, TicketHash};
use stakepool_core::ports::{
    AuditEntry, AuditStore, Clock, LedgerStore, LowFeeStore, LowFeeTicket, StoreError, VotingDaemon,
};

/// Why nothing was done for a ticket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LowFeeError {
    /// The ticket is the wrong one.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a ticket that is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addition {
    /// The ticket's multisig address.
    pub address: ScriptAddress,
    /// Whether it was not added before.
    pub newly: bool,
}

/// Adds tickets and takes them back for one person. What changes something is written to the audit log. The daemons are
/// asked at most once, and only where the ledger does not know a ticket; they are woken after each act.
pub struct LowFeeAdditions<'a> {
    /// Who asks.
    pub actor: Actor,
    /// Why, in the words of who acts, for the audit log; empty for nothing.
    pub note: String,
    /// The consensus parameters, for the time that an added ticket may live.
    pub params: Params,
    /// What is known of tickets.
    pub ledger: &'a dyn LedgerStore,
    /// What is added.
    pub low_fee: &'a dyn LowFeeStore,
    /// Where acts are noted.
    pub audit: &'a dyn AuditStore,
    /// The voting daemons.
    pub daemons: Vec<&'a dyn VotingDaemon>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Wakes the daemons after each act; also where nothing was new, since a daemon may have been restored from an old state.
    pub changed: DesiredChanged,
    /// What is read once for all tickets.
    pub lookups: Lookups,
}

/// What a [`LowFeeAdditions`] reads once; empty at first.
#[derive(Default)]
pub struct Lookups {
    active: OnceCell<HashMap<TicketHash, ScriptAddress>>,
    lists: OnceCell<Lists>,
}

impl LowFeeAdditions<'_> {
    /// Has the pool vote a ticket in spite of its fee. Adding one again is no failure.
    ///
    /// # Errors
    /// [`LowFeeError`].
    pub async fn add(&self, ticket: TicketHash) -> Result<Addition, LowFeeError> {
        let (address, detail) = match self.active().await?.get(&ticket) {
            Some(address) => (*address, "added before".to_owned()),
            None => self.addable(&ticket).await?,
        };
        let low_fee = LowFeeTicket::added_at(self.clock.now(), ticket, address, self.actor.user(), &self.params);
        // Says whether it was added before, whoever did it a moment ago.
        let newly = self.low_fee.add(&low_fee).await?;
        self.changed.changed();
        if newly {
            self.note(AuditAction::TicketAdd, &ticket, detail).await?;
        }
        Ok(Addition { address, newly })
    }

    /// Takes an added ticket back, so that the pool ignores it again. True where it was added; a known ticket that was
    /// not is no failure.
    ///
    /// # Errors
    /// [`LowFeeError`].
    pub async fn remove(&self, ticket: TicketHash) -> Result<bool, LowFeeError> {
        if self.low_fee.remove(&ticket).await? {
            self.changed.changed();
            self.note(AuditAction::TicketRemove, &ticket, String::new()).await?;
            return Ok(true);
        }
        match self.known(&ticket).await? {
            Known::Nothing { away } => Err(Refusal::Unknown { ticket, list: "added", away }.into()),
            Known::Report(_) | Known::Ignored(_) | Known::Live => {
                self.changed.changed();
                Ok(false)
            }
        }
    }

    /// The address of a ticket that is ignored, and what is known of it for the audit log.
    async fn addable(&self, ticket: &TicketHash) -> Result<(ScriptAddress, String), LowFeeError> {
        let refusal = match self.known(ticket).await? {
            Known::Report(report) => {
                let of_user = report.user.zip(ScriptAddress::try_from(report.address).ok());
                match (Refusal::of_adding(&report), of_user) {
                    (Some(refusal), _) => refusal,
                    (None, None) => Refusal::ByOwnKey(*ticket),
                    (None, Some((user, address))) => {
                        let detail = format!("of user {user}, {}, {}", report.state, reason(&report.facts));
                        return Ok((address, detail));
                    }
                }
            }
            Known::Ignored(entry) => return Ok((entry.address, "ignored by a voting daemon".to_owned())),
            Known::Live => Refusal::VotedAlready(*ticket),
            Known::Nothing { away } => Refusal::Unknown { ticket: *ticket, list: "ignored", away },
        };
        Err(refusal.into())
    }

    async fn known(&self, ticket: &TicketHash) -> Result<Known, StoreError> {
        if let Some(report) = self.ledger.ticket(ticket).await? {
            return Ok(Known::Report(Box::new(report)));
        }
        let lists = self.lookups.lists.get_or_init(|| Lists::ask(&self.daemons)).await;
        Ok(lists.known(ticket))
    }

    async fn active(&self) -> Result<&HashMap<TicketHash, ScriptAddress>, StoreError> {
        let read = || async {
            let active = self.low_fee.active(self.clock.now()).await?;
            Ok(active.into_iter().map(|ticket| (ticket.ticket, ticket.address)).collect())
        };
        self.lookups.active.get_or_try_init(read).await
    }

    async fn note(&self, action: AuditAction, ticket: &TicketHash, detail: String) -> Result<(), StoreError> {
        let detail = match (detail.as_str(), self.note.as_str()) {
            (_, "") => detail,
            ("", note) => format!("note: {note}"),
            (detail, note) => format!("{detail}; note: {note}"),
        };
        self.audit.append(&AuditEntry::new(self.clock.now(), self.actor, action, ticket, detail)).await
    }
}

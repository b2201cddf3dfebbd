//! The registered tickets as the daemons must know them.

use std::sync::Arc;

use stakepool_core::accounts::VotingPreference;
use stakepool_core::chain::{PrivateKey, TicketHash};
use stakepool_core::desired::{DesiredState, FeeIndexes, KeyTicket};
use stakepool_core::ports::{StoreError, TicketKey};

use super::known_keys::{Known, Use};
use super::service::Vsp;
use super::vault::VaultError;

impl Vsp {
    /// Every ticket whose fee the node has and that has not ended, or whose end may still be undone, with its key and what to vote.
    ///
    /// # Errors
    /// [`StoreError`] where the tickets cannot be read. One whose key cannot be opened is left out and logged.
    pub async fn key_tickets(&self) -> Result<Vec<KeyTicket>, StoreError> {
        Ok(self.known_keys().await?.0)
    }

    /// As [`Vsp::key_tickets`], and the tickets that are not to be voted any more.
    async fn known_keys(&self) -> Result<(Vec<KeyTicket>, Vec<TicketHash>), StoreError> {
        let version = self.terms.vote_version();
        // Choices are taken only for agendas that are known, and what was known once is kept: where nothing is known, there are
        // no choices but those of an import.
        let agendas = self.known_agendas().await?.unwrap_or_default();
        let mut known = self.keys.lock().await;
        let changes = self.parts.stores.vsp_tickets.key_changes(known.up_to()).await?;
        known.take(changes, |ticket| self.open_key(ticket));
        let mut unopened = 0;
        let mut voted = Vec::new();
        for Known { ticket, key } in known.used(Use::Vote) {
            // One that could not be opened is tried again each time: the key file may be back.
            let Some(key) = key.clone().or_else(|| self.open_key(ticket)) else {
                unopened += 1;
                continue;
            };
            let voting = VotingPreference { bits: ticket.preferences.vote_bits(&agendas), version };
            voted.push(KeyTicket { ticket: ticket.ticket, key, voting });
        }
        self.key_check.note_unopened(unopened);
        let withdrawn = known.used(Use::Withdrawn).map(|known| known.ticket.ticket).collect();
        Ok((voted, withdrawn))
    }

    fn open_key(&self, ticket: &TicketKey) -> Option<Arc<PrivateKey>> {
        let opened = self.vault.voting_key(&ticket.ticket, ticket.voting_key.as_ref()?);
        let failed = |error: &VaultError| {
            tracing::error!(%error, ticket = %ticket.ticket, "a registered ticket cannot be voted");
        };
        opened.inspect_err(failed).ok().map(Arc::new)
    }

    /// A desired state with what daemons should know of registered tickets: those to be voted, those that are not any more, and
    /// how far the addresses of fee keys were given, which they remember for a database that is restored from a backup.
    ///
    /// # Errors
    /// [`StoreError`] where the database cannot be read.
    pub async fn add_to(&self, state: DesiredState) -> Result<DesiredState, StoreError> {
        let fee_keys = self.parts.stores.fee_keys.fee_keys().await?;
        let fee_indexes = FeeIndexes::new(fee_keys.iter().map(|key| (key.key().to_string(), key.next())));
        let (tickets, withdrawn) = self.known_keys().await?;
        Ok(state.with_withdrawn(withdrawn).with_key_tickets(tickets).with_fee_indexes(fee_indexes))
    }
}

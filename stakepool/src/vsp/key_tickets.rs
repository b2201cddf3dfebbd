//! The registered tickets as the daemons must know them.

use std::collections::HashMap;
use std::sync::Arc;

use stakepool_core::accounts::VotingPreference;
use stakepool_core::desired::KeyTicket;
use stakepool_core::ports::{RegisteredWhere, StoreError};

use super::service::Vsp;

impl Vsp {
    /// Every ticket whose fee the node has and that has not ended, or whose end may still be undone, with its key and what to vote.
    ///
    /// # Errors
    /// [`StoreError`] where the tickets cannot be read. One whose key cannot be opened is left out and logged.
    pub async fn key_tickets(&self) -> Result<Vec<KeyTicket>, StoreError> {
        let version = self.terms.vote_version();
        // Choices are taken only for agendas that are known, and what was known once is kept: where nothing is known, there are
        // no choices but those of an import.
        let agendas = self.known_agendas().await?.unwrap_or_default();
        let tickets = self.parts.stores.vsp_tickets.registered_where(RegisteredWhere::WithDaemons).await?;
        let open = |ticket: &stakepool_core::ports::RegisteredTicket| {
            let hash = ticket.registration.ticket;
            let bits = ticket.registration.preferences.vote_bits(&agendas);
            let sealed = ticket.voting_key.as_ref()?;
            let opened = match self.opened_keys.get(&hash, sealed) {
                Some(key) => Ok(key),
                None => self.vault.voting_key(&hash, sealed).map(Arc::new),
            };
            match opened {
                Ok(key) => Some(KeyTicket { ticket: hash, key, voting: VotingPreference { bits, version } }),
                Err(error) => {
                    tracing::error!(%error, ticket = %hash, "a registered ticket cannot be voted");
                    None
                }
            }
        };
        let opened: Vec<_> = tickets.iter().filter_map(open).collect();
        self.key_check.note_unopened(tickets.len() - opened.len());
        let keys: HashMap<_, _> = opened.iter().map(|entry| (entry.ticket, Arc::clone(&entry.key))).collect();
        let sealed = tickets.into_iter().filter_map(|ticket| {
            let hash = ticket.registration.ticket;
            Some((hash, (ticket.voting_key?, Arc::clone(keys.get(&hash)?))))
        });
        self.opened_keys.keep(sealed.collect());
        Ok(opened)
    }
}

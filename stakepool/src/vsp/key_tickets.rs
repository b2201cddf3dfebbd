//! The registered tickets as the daemons must know them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use stakepool_core::accounts::VotingPreference;
use stakepool_core::desired::{DesiredState, FeeIndexes, KeyTicket};
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

    /// A desired state with what daemons should know of registered tickets: those to be voted, those that are not any more, and
    /// how far the addresses of fee keys were given, which they remember for a database that is restored from a backup.
    ///
    /// # Errors
    /// [`StoreError`] where the database cannot be read.
    pub async fn add_to(&self, state: DesiredState) -> Result<DesiredState, StoreError> {
        let stores = &self.parts.stores;
        let withdrawn = stores.vsp_tickets.registered_where(RegisteredWhere::Withdrawn).await?;
        let fee_keys = stores.fee_keys.fee_keys().await?;
        let fee_indexes = FeeIndexes::new(fee_keys.iter().map(|key| (key.key().to_string(), key.next())));
        // Read last: what was withdrawn a moment ago may be among them again, but not the other way round.
        let tickets = self.key_tickets().await?;
        let voted: HashSet<_> = tickets.iter().map(|entry| entry.ticket).collect();
        let withdrawn = withdrawn.iter().map(|ticket| ticket.registration.ticket).filter(|hash| !voted.contains(hash));
        Ok(state.with_withdrawn(withdrawn).with_key_tickets(tickets).with_fee_indexes(fee_indexes))
    }
}

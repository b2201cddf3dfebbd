//! What is written of a plan.

use stakepool_core::ports::{RegisteredTicket, SealedRecord};
use stakepool_core::vspd::VspdDatabase;

use super::candidate::Candidate;
use super::error::ImportError;
use super::keys::{FeeKeyStep, ServerKeyStep};
use super::plan::Plan;
use super::progress::ImportProgress;
use super::report::{ImportNote, NoteKind};
use super::service::Import;
use super::written::Written;
use crate::vsp::chain_work::Place;
use crate::vsp::vault::VaultError;

impl Import {
    /// Writes the keys first, so that no address is given twice, then tickets one by one, each with its records.
    pub(super) async fn write(
        &self,
        plan: &mut Plan,
        database: &VspdDatabase,
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<Written, ImportError> {
        self.write_server_key(plan.server_key, database).await?;
        for step in plan.fee_keys.iter().filter(|step| step.is_change()) {
            self.write_fee_key(step).await?;
        }
        Place::begin(self.parts.stores.upkeep.as_ref(), &plan.best).await?;
        let all = plan.new.len();
        let mut written = Written::default();
        for (number, candidate) in plan.new.iter().enumerate() {
            progress(ImportProgress::Writing { done: number + 1, all });
            if self.write_ticket(candidate).await? {
                written.count(candidate);
            } else {
                let reason = "its fee address is already that of another registered ticket";
                plan.notes.push(ImportNote::new(candidate.ticket.registration.ticket, NoteKind::Ticket, reason));
            }
        }
        Ok(written)
    }

    async fn write_server_key(&self, step: ServerKeyStep, database: &VspdDatabase) -> Result<(), ImportError> {
        let sealed = self.parts.stores.sealed.as_ref();
        let is_written = match step {
            ServerKeyStep::Same => true,
            ServerKeyStep::Taken => self.vault.add_server_key(sealed, &database.server_key).await?,
            ServerKeyStep::Replaced => self.vault.replace_server_key(sealed, &database.server_key).await?,
        };
        if is_written { Ok(()) } else { Err(ImportError::Contended) }
    }

    async fn write_fee_key(&self, step: &FeeKeyStep) -> Result<(), ImportError> {
        let store = self.parts.stores.fee_keys.as_ref();
        let is_written = match &step.before {
            Some(before) => store.change_fee_key(before, &step.after).await?,
            None => store.add_fee_key(&step.after, self.parts.clock.now()).await?,
        };
        if is_written { Ok(()) } else { Err(ImportError::Contended) }
    }

    /// False where another ticket has its fee address.
    async fn write_ticket(&self, candidate: &Candidate) -> Result<bool, ImportError> {
        let hash = candidate.ticket.registration.ticket;
        let key = candidate.voting_key.as_ref().map(|key| self.vault.seal_voting_key(&hash, key)).transpose()?;
        let records =
            (0..).zip(&candidate.records).map(|(number, record)| self.vault.seal_record(&hash, number, record));
        let records = records.collect::<Result<Vec<SealedRecord>, VaultError>>()?;
        let ticket = RegisteredTicket { voting_key: key, ..candidate.ticket.clone() };
        Ok(self.parts.stores.vsp_tickets.add_registered_with(&ticket, &records).await?)
    }
}

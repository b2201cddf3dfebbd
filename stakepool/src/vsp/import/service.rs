//! The import as a whole.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use stakepool_core::chain::{Generation, Network};
use stakepool_core::vsp::AnswerSigner as _;
use stakepool_core::vspd::VspdDatabase;

use super::candidate::Scene;
use super::error::ImportError;
use super::keys::{fee_key_steps, server_key_step};
use super::plan::{CHUNK, Plan, Tickets, has_tickets, known};
use super::progress::ImportProgress;
use super::report::{ImportReport, StateCounts, state};
use super::turn::Turn;
use super::written::Written;
use crate::sealed::SealingKey;
use crate::vsp::server_key::{ServerKey, ServerKeyError};
use crate::vsp::terms::VspParts;
use crate::vsp::vault::Vault;

/// Takes over what a database of the predecessor's server holds.
pub struct Import {
    pub(super) network: Network,
    pub(super) parts: VspParts,
    pub(super) vault: Vault,
}

impl Import {
    /// Into the stores of a pool, sealed under the key of its key file.
    pub fn new(network: Network, parts: VspParts, key: SealingKey) -> Self {
        Self { network, parts, vault: Vault::new(key) }
    }

    /// Says what would be imported. Nothing is changed.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn look(
        &self,
        database: &VspdDatabase,
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<ImportReport, ImportError> {
        let plan = self.plan(database, progress).await?;
        let all = Written::all(&plan);
        self.report(plan, all, database).await
    }

    /// Imports. What the pool has stays as it is; what was imported before something failed stays imported, and the rest
    /// comes with the next time.
    ///
    /// # Errors
    /// [`ImportError`]; [`ImportError::WebRuns`] where a web runs on the same database.
    pub async fn carry_out(
        &self,
        database: &VspdDatabase,
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<ImportReport, ImportError> {
        let holder = holder()?;
        let turn = Turn::take(self.parts.stores.leases.as_ref(), self.parts.clock.as_ref(), &holder).await?;
        let work = async {
            let mut plan = self.plan(database, progress).await?;
            let written = self.write(&mut plan, database, progress).await?;
            self.report(plan, written, database).await
        };
        let done = tokio::select! {
            done = work => done,
            lost = turn.keep() => Err(lost),
        };
        turn.end().await?;
        done
    }

    async fn plan(
        &self,
        database: &VspdDatabase,
        progress: &mut dyn FnMut(ImportProgress),
    ) -> Result<Plan, ImportError> {
        let stores = &self.parts.stores;
        let theirs = ServerKey::from_seed(&database.server_key)?;
        let has_tickets = has_tickets(stores.vsp_tickets.as_ref()).await?;
        let server_key = server_key_step(stores.sealed.as_ref(), &self.vault, &theirs, has_tickets).await?;
        let fee_keys = fee_key_steps(stores.fee_keys.as_ref(), database).await?;
        let known = known(stores.vsp_tickets.as_ref(), database).await?;
        let node = self.parts.node.as_ref();
        if !node.has_transaction_index().await? {
            return Err(ImportError::NoIndex(node.name().to_owned()));
        }
        let best = node.best_header().await?;
        let params = self.network.params(Generation::Today);
        let now = self.parts.clock.now();
        let scene = Scene { node, network: self.network, params: &params, best: &best, now };
        let (new, notes) = Tickets::new(database, &theirs).look(&known, scene, progress).await?;
        Ok(Plan { best, server_key, fee_keys, new, known: known.len(), notes })
    }

    async fn report(&self, plan: Plan, written: Written, database: &VspdDatabase) -> Result<ImportReport, ImportError> {
        Ok(ImportReport {
            version: database.version,
            public_key: ServerKey::from_seed(&database.server_key)?.public_key(),
            server_key: plan.server_key,
            fee_keys: plan.fee_keys,
            imported: written.tickets,
            known: plan.known,
            records: written.records,
            forgotten: database.forgotten,
            states: self.states(database).await?,
            notes: plan.notes,
        })
    }

    /// How the file's tickets stand there and here.
    async fn states(&self, database: &VspdDatabase) -> Result<StateCounts, ImportError> {
        let mut counts = StateCounts::new();
        for some in database.tickets.chunks(CHUNK) {
            for ticket in some {
                counts.entry(state(ticket.fee, ticket.outcome)).or_default().in_file += 1;
            }
            let hashes: Vec<_> = some.iter().map(|ticket| ticket.hash).collect();
            for ticket in self.parts.stores.vsp_tickets.registered_among(&hashes).await? {
                let registration = &ticket.registration;
                counts.entry(state(registration.fee, registration.outcome)).or_default().in_database += 1;
            }
        }
        Ok(counts)
    }
}

/// A name that no other instance has.
fn holder() -> Result<String, ImportError> {
    let mut name = [0; 8];
    rand::fill(&mut name).map_err(|Unspecified| ServerKeyError::Random)?;
    Ok(format!("vsp import {}", hex::encode(name)))
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import").field("network", &self.network).field("parts", &self.parts).finish_non_exhaustive()
    }
}

//! What can be voted on with the vote version of today. The daemons' wallets know; what they said last is noted in the
//! database, so that choices which were taken are voted by every instance and every command, whether a wallet answers or
//! not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stakepool_core::chain::VoteVersion;
use stakepool_core::log_throttle::LogThrottle;
use stakepool_core::ports::{Agenda, AgendaSource, StoreError};
use stakepool_core::vsp::{Code, Preferences, Refusal};
use tokio::time::Instant;

use super::fault::Fault;
use super::service::Vsp;
use crate::agendas::Agendas;
use crate::json_note::set_json_note;

/// How the names of the notes begin; the version of the agendas follows. Those of earlier versions stay.
const NOTE: &str = "vsp agendas/";

/// The agendas as they are noted.
#[derive(Serialize, Deserialize)]
struct Note {
    version: VoteVersion,
    agendas: Vec<Agenda>,
}

impl Vsp {
    /// Says who knows the agendas: the first source that answers counts. What was said first stays.
    pub fn choose_from(&self, sources: Vec<Arc<dyn AgendaSource>>) {
        self.agendas.sources.get_or_init(|| Agendas::new(sources));
    }

    /// The agendas as they were last reported, to whichever instance; `None` where that never happened.
    pub(super) async fn known_agendas(&self) -> Result<Option<Arc<[Agenda]>>, StoreError> {
        let version = self.terms.vote_version();
        let reported = match self.agendas.sources.get() {
            Some(sources) => sources.of(version).await,
            None => None,
        };
        match reported {
            Some(agendas) => {
                self.note_agendas(version, &agendas).await;
                Ok(Some(agendas))
            }
            None => self.noted_agendas(version).await,
        }
    }

    /// The agendas of a version, of today or of before; `None` where they were never reported.
    pub(super) async fn agendas_of(&self, version: VoteVersion) -> Result<Option<Arc<[Agenda]>>, StoreError> {
        if version == self.terms.vote_version() {
            self.known_agendas().await
        } else {
            self.noted_agendas(version).await
        }
    }

    /// The agendas to judge preferences by: none are needed where nothing is chosen.
    ///
    /// # Errors
    /// The code of a pool that takes no tickets now, where there are choices and agendas are not known: what cannot be judged is
    /// neither refused for good nor left out.
    pub(super) async fn agendas_for(&self, preferences: &Preferences) -> Result<Arc<[Agenda]>, Fault> {
        match self.known_agendas().await? {
            Some(agendas) => Ok(agendas),
            None if preferences.choices.is_empty() => Ok(Arc::default()),
            None => {
                let message = "vsp is closed: no voting daemon has said yet which agendas there are";
                Err(Refusal::new(Code::VspClosed, message).into())
            }
        }
    }

    /// Notes the agendas where they are new. A database that takes no writes keeps nobody from what was just reported.
    async fn note_agendas(&self, version: VoteVersion, agendas: &Arc<[Agenda]>) {
        static LINES: LogThrottle = LogThrottle::new();
        if self.agendas.is_noted(agendas) {
            return;
        }
        let note = Note { version, agendas: agendas.to_vec() };
        match set_json_note(self.parts.stores.upkeep.as_ref(), &format!("{NOTE}{version}"), &note).await {
            Ok(()) => self.agendas.set_noted(agendas.clone()),
            Err(error) => {
                if let Some(unsaid) = LINES.pass(Instant::now().into_std()) {
                    tracing::warn!(%error, unsaid, "the agendas could not be noted");
                }
            }
        }
    }

    async fn noted_agendas(&self, version: VoteVersion) -> Result<Option<Arc<[Agenda]>>, StoreError> {
        let name = format!("{NOTE}{version}");
        let notes = self.parts.stores.upkeep.notes(&name).await?;
        let Some((_, text)) = notes.into_iter().find(|(found, _)| *found == name) else { return Ok(None) };
        match serde_json::from_str::<Note>(&text) {
            Ok(note) => Ok((note.version == version).then(|| note.agendas.into())),
            Err(error) => {
                tracing::error!(%error, "the note of the agendas cannot be read: the next answer of a wallet replaces it");
                Ok(None)
            }
        }
    }
}

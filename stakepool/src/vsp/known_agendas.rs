//! Who knows the agendas of the vote version of today, and which of them were noted last.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use stakepool_core::ports::Agenda;

use crate::agendas::Agendas;

/// Who knows the agendas, and what was noted last.
#[derive(Debug, Default)]
pub(super) struct KnownAgendas {
    pub(super) sources: OnceLock<Agendas>,
    noted: Mutex<Option<Arc<[Agenda]>>>,
}

impl KnownAgendas {
    pub(super) fn is_noted(&self, agendas: &Arc<[Agenda]>) -> bool {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).as_ref() == Some(agendas)
    }

    pub(super) fn set_noted(&self, agendas: Arc<[Agenda]>) {
        *self.noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(agendas);
    }
}

//! While something is imported, no web may run: it would go on signing with its old key, and would not see the tickets.

use std::time::Duration;

use stakepool_core::ports::{Clock, LeaseStore};
use tokio::time::sleep;

use super::error::ImportError;
use crate::vsp::work_lease::{LEASE, WORK};

/// The pause before the lease is asked for again: a web that was stopped has left one behind.
const PAUSE: Duration = Duration::from_secs(1);
/// After how long the lease is asked for anew: well before its end.
const RENEW: Duration = Duration::from_secs(5);

/// The lease of the work of blocks, which a web that runs renews each second.
pub(super) struct Turn<'a> {
    leases: &'a dyn LeaseStore,
    clock: &'a dyn Clock,
    holder: &'a str,
}

impl<'a> Turn<'a> {
    /// Waits for as long as a web that was stopped keeps the lease.
    pub(super) async fn take(
        leases: &'a dyn LeaseStore,
        clock: &'a dyn Clock,
        holder: &'a str,
    ) -> Result<Self, ImportError> {
        let begun = clock.now();
        loop {
            let now = clock.now();
            if leases.lease(WORK, holder, now, now.plus(LEASE)).await?.is_some() {
                return Ok(Self { leases, clock, holder });
            }
            if now > begun.plus(LEASE).plus(PAUSE) {
                return Err(ImportError::WebRuns);
            }
            sleep(PAUSE).await;
        }
    }

    /// Keeps the lease for as long as this is waited for. Ends where it is lost, and says why.
    pub(super) async fn keep(&self) -> ImportError {
        loop {
            sleep(RENEW).await;
            let now = self.clock.now();
            match self.leases.lease(WORK, self.holder, now, now.plus(LEASE)).await {
                Ok(Some(_)) => {}
                Ok(None) => return ImportError::WebRuns,
                Err(error) => return error.into(),
            }
        }
    }

    /// Ends the lease, so that a web can begin at once.
    pub(super) async fn end(self) -> Result<(), ImportError> {
        Ok(self.leases.give_back(WORK, self.holder).await?)
    }
}

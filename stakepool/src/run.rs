//! The work of a pool that runs.

use std::future::{Future, pending};

use stakepool_core::chain::Generation;

use crate::pool::Pool;
use crate::tickets::{block_facts, mailer};
#[cfg(feature = "vsp")]
use crate::vsp_work;
use crate::wallets::WalletsError;
use crate::{accounts, alerts, history, notices, terms_keeper};

impl Pool {
    /// Runs the pool until `shutdown`: probes and repairs the wallets, keeps the daemons at the desired state and collects
    /// what they report, mails users, removes accounts that were never verified, notes the history and the terms, fills in
    /// what the ledger does not know of tickets, and watches for troubles. All of it goes on while a wallet, a daemon or the mail server is away, and picks up where it
    /// was. Dropping the future is a stop, too: every step can be repeated; only another instance then waits for the end of
    /// this one's lease.
    ///
    /// # Errors
    /// [`WalletsError`] where the wallets are none of this pool's.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<(), WalletsError> {
        // Daemons get the terms with the first state that they are given.
        terms_keeper::begin(self).await;
        let params = self.terms.network.params(Generation::Today);
        let ended = tokio::select! {
            () = shutdown => Ok(()),
            error = self.keep_wallets() => Err(error),
            () = self.reconciler.run() => Ok(()),
            () = history::keep(self) => Ok(()),
            () = terms_keeper::keep(self) => Ok(()),
            () = block_facts::keep(&self.parts, &params, &self.instance) => Ok(()),
            () = notices::keep(self) => Ok(()),
            () = mailer::run(&self.parts, &self.outbox, &self.settings.site, &params) => Ok(()),
            () = alerts::watch::run(self) => Ok(()),
            () = accounts::unverified::run(self) => Ok(()),
            () = accounts::factor_secrets::seal_clear_ones(self) => Ok(()),
            () = self.parts.database.watch(|| self.now()) => Ok(()),
            () = self.serve_wallets_of_today() => Ok(()),
        };
        alerts::watch::give_up(self).await;
        ended
    }

    /// Does the work of the service for wallets of today, where there is one.
    async fn serve_wallets_of_today(&self) {
        #[cfg(feature = "vsp")]
        if let Some(vsp) = &self.parts.vsp {
            vsp_work::run(self, vsp).await;
        }
        pending().await
    }

    /// Keeps the voting wallets in service, where that is left to the pool.
    async fn keep_wallets(&self) -> WalletsError {
        match &self.parts.wallets {
            Some(wallets) => wallets.keep().await,
            None => pending().await,
        }
    }
}

//! The status of a pool: of one that runs here, or of one that is only looked at.

use std::collections::BTreeMap;

use stakepool_core::wallets::MemberStatus;

use crate::daemons::DaemonView;
use crate::pool::Pool;
use crate::status::judge::{PoolStatus, Seen};
use crate::status::mail::add_mail;

impl Pool {
    /// How the pool is at this moment, by what was last heard of its wallets and daemons while it [runs](Pool::run).
    pub async fn status(&self) -> PoolStatus {
        self.judge(&self.parts.stats.wallets(), &self.reconciler.views()).await
    }

    /// How the pool is at this moment, for a program that does not run it: asks all wallets and daemons once, at the
    /// same time, and judges as [`Pool::status`] does where the pool runs. Nothing is repaired, and no daemon is given
    /// anything.
    ///
    /// What shows only when the pool works is not seen: that a wallet lacks scripts or makes others than the pool, or
    /// that a daemon refuses the desired state. In return a daemon that lacks the desired state is out of sync here,
    /// where a running pool gives it to the daemon at once.
    pub async fn look(&self) -> PoolStatus {
        let (wallets, daemons) = tokio::join!(self.parts.stats.look(), self.reconciler.look());
        self.judge(&wallets, &daemons).await
    }

    async fn judge(&self, wallets: &[MemberStatus], views: &BTreeMap<String, DaemonView>) -> PoolStatus {
        let named = |name: &str| (name.to_owned(), views.get(name).cloned());
        let daemons: Vec<_> = self.parts.daemons.iter().map(|daemon| named(daemon.name())).collect();
        let database = self.parts.users.counts().await;
        let mut status = PoolStatus::of(&Seen {
            now: self.now(),
            wallets,
            quorum: self.parts.stats.quorum(),
            daemons: &daemons,
            database_error: database.err().map(|error| error.to_string()),
            ours: &self.terms,
            warnings: &self.settings.warnings,
        });
        add_mail(&mut status, &self.outbox.troubles());
        status
    }
}

//! The status of a running pool.

use crate::pool::Pool;
use crate::status::judge::{PoolStatus, Seen};

impl Pool {
    /// How the pool is at this moment, by what was last heard of its wallets and daemons.
    pub async fn status(&self) -> PoolStatus {
        let views = self.reconciler.views();
        let named = |name: &str| (name.to_owned(), views.get(name).cloned());
        let daemons: Vec<_> = self.parts.daemons.iter().map(|daemon| named(daemon.name())).collect();
        let database = self.parts.users.counts().await;
        PoolStatus::of(&Seen {
            now: self.now(),
            wallets: &self.parts.stats.wallets(),
            quorum: self.parts.stats.quorum(),
            daemons: &daemons,
            database_error: database.err().map(|error| error.to_string()),
            ours: &self.terms,
            warnings: &self.settings.warnings,
        })
    }
}

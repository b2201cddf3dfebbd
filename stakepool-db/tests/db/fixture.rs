//! What a case needs of an engine.

use stakepool_core::ports::{AccessStore, SecondFactorStore, TicketMailStore};
use stakepool_core::ports::{
    AdminStore, AuditStore, HistoryStore, LeaseStore, LedgerStore, LowFeeStore, RescanStore, SessionStore, TokenStore,
    UserStore,
};

/// All stores in one, as a program holds them.
pub trait Stores:
    UserStore
    + LowFeeStore
    + TokenStore
    + SessionStore
    + LedgerStore
    + HistoryStore
    + RescanStore
    + LeaseStore
    + AccessStore
    + SecondFactorStore
    + TicketMailStore
    + AuditStore
    + AdminStore
    + Clone
    + 'static
{
}

impl<T> Stores for T where
    T: UserStore
        + LowFeeStore
        + TokenStore
        + SessionStore
        + LedgerStore
        + HistoryStore
        + RescanStore
        + LeaseStore
        + AccessStore
        + SecondFactorStore
        + TicketMailStore
        + AuditStore
        + AdminStore
        + Clone
        + 'static
{
}

/// A database of an engine, empty at first, that goes away with the value.
pub trait Fixture: Sync + Sized {
    /// What the engine opens.
    type Stores: Stores;

    /// A new database.
    async fn empty() -> Self;

    /// Opens it, as a process does. What is open already stays so.
    async fn open(&self) -> Self::Stores;

    /// Ends what was opened.
    async fn close(&self, stores: Self::Stores);
}

/// Lists the cases of a file; each becomes a test for every engine. A new engine is added here, and nowhere else.
macro_rules! conformance {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            use crate::fixture::Fixture as _;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&crate::sqlite::SqliteFixture::empty().await).await;
                }
            )+
        }
    };
}

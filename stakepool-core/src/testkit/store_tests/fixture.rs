//! What a case needs of a store.

use crate::ports::{
    AccessStore, AdminStore, AuditStore, ClaimStore, FeeKeyStore, HistoryStore, InvitationStore, LeaseStore,
    LedgerStore, LowFeeStore, MailFailureStore, MoneyStore, RescanStore, SealedStore, SecondFactorStore, SessionStore,
    TicketMailStore, TokenStore, TryStore, UnverifiedStore, UpkeepStore, UserStore, VspTicketStore,
};

/// All stores in one, as a program holds them. Clones are the same store.
pub trait Stores:
    UserStore
    + LowFeeStore
    + TokenStore
    + SessionStore
    + LedgerStore
    + MoneyStore
    + HistoryStore
    + RescanStore
    + LeaseStore
    + AccessStore
    + SecondFactorStore
    + TicketMailStore
    + AuditStore
    + AdminStore
    + InvitationStore
    + MailFailureStore
    + TryStore
    + UnverifiedStore
    + UpkeepStore
    + VspTicketStore
    + ClaimStore
    + FeeKeyStore
    + SealedStore
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
        + MoneyStore
        + HistoryStore
        + RescanStore
        + LeaseStore
        + AccessStore
        + SecondFactorStore
        + TicketMailStore
        + AuditStore
        + AdminStore
        + InvitationStore
        + MailFailureStore
        + TryStore
        + UnverifiedStore
        + UpkeepStore
        + VspTicketStore
        + ClaimStore
        + FeeKeyStore
        + SealedStore
        + Clone
        + 'static
{
}

/// A database, empty at first, that is gone with the value.
pub trait Fixture: Sync + Sized {
    /// What is opened.
    type Stores: Stores;

    /// A new database.
    fn empty() -> impl Future<Output = Self>;

    /// Opens it, as a process does. What is open already stays so.
    fn open(&self) -> impl Future<Output = Self::Stores>;

    /// Ends what was opened, as the end of a process does.
    fn close(&self, stores: Self::Stores) -> impl Future<Output = ()>;
}

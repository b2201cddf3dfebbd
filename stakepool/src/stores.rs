//! The stores of a pool: all in one, as a database is, or some of them apart.

use std::fmt;
use std::sync::Arc;

use stakepool_core::ports::{
    AccessStore, AdminStore, AuditStore, ClaimStore, FeeKeyStore, HistoryStore, InvitationStore, LeaseStore,
    LedgerStore, LowFeeStore, MailFailureStore, MoneyStore, RescanStore, SealedStore, SecondFactorStore, SessionStore,
    TicketMailStore, TokenStore, TryStore, UnverifiedStore, UpkeepStore, UserStore, VspTicketStore,
};

/// All stores of a pool in one, such as a database. Whatever has all the traits is one.
pub trait PoolStore:
    UserStore
    + SessionStore
    + TokenStore
    + AccessStore
    + SecondFactorStore
    + LowFeeStore
    + LedgerStore
    + MoneyStore
    + AdminStore
    + AuditStore
    + HistoryStore
    + LeaseStore
    + RescanStore
    + TicketMailStore
    + InvitationStore
    + MailFailureStore
    + TryStore
    + UnverifiedStore
    + UpkeepStore
    + VspTicketStore
    + ClaimStore
    + FeeKeyStore
    + SealedStore
{
}

impl<S> PoolStore for S where
    S: UserStore
        + SessionStore
        + TokenStore
        + AccessStore
        + SecondFactorStore
        + LowFeeStore
        + LedgerStore
        + MoneyStore
        + AdminStore
        + AuditStore
        + HistoryStore
        + LeaseStore
        + RescanStore
        + TicketMailStore
        + InvitationStore
        + MailFailureStore
        + TryStore
        + UnverifiedStore
        + UpkeepStore
        + VspTicketStore
        + ClaimStore
        + FeeKeyStore
        + SealedStore
{
}

/// The stores of a pool, one by one. Made of a [`PoolStore`] by `into()`; to keep something elsewhere, put another store in
/// the place of one of them:
///
/// ```
/// use std::sync::Arc;
/// use stakepool::{PoolStore, Stores};
/// use stakepool_core::ports::SessionStore;
///
/// fn with_sessions_elsewhere<S: PoolStore + 'static>(database: Arc<S>, sessions: Arc<dyn SessionStore>) -> Stores {
///     Stores { sessions, ..database.into() }
/// }
/// ```
///
/// Stores that must agree with each other, such as users and the tokens in their mails, are best left together.
#[derive(Clone)]
pub struct Stores {
    /// The users.
    pub users: Arc<dyn UserStore>,
    /// The signed-in browsers.
    pub sessions: Arc<dyn SessionStore>,
    /// Secrets in mails.
    pub tokens: Arc<dyn TokenStore>,
    /// Sessions and links that open accounts.
    pub access: Arc<dyn AccessStore>,
    /// Second factors.
    pub second_factors: Arc<dyn SecondFactorStore>,
    /// Low-fee tickets that an administrator added.
    pub low_fee: Arc<dyn LowFeeStore>,
    /// Tickets and votes.
    pub ledger: Arc<dyn LedgerStore>,
    /// What tickets cost and paid.
    pub money: Arc<dyn MoneyStore>,
    /// Lists for administrators.
    pub admin: Arc<dyn AdminStore>,
    /// Acts that matter to the safety of the pool and its accounts.
    pub audit: Arc<dyn AuditStore>,
    /// The past of the network and of the pool's tickets.
    pub history: Arc<dyn HistoryStore>,
    /// Work that only one of several instances does.
    pub leases: Arc<dyn LeaseStore>,
    /// What wallets must still look through.
    pub rescans: Arc<dyn RescanStore>,
    /// What users are mailed about their tickets.
    pub ticket_mails: Arc<dyn TicketMailStore>,
    /// Codes with which accounts may be made.
    pub invitations: Arc<dyn InvitationStore>,
    /// Whom mail did not reach.
    pub mail_failures: Arc<dyn MailFailureStore>,
    /// Tries that all instances count together.
    pub tries: Arc<dyn TryStore>,
    /// Accounts that nobody has shown to be theirs.
    pub unverified: Arc<dyn UnverifiedStore>,
    /// Whether writes work, and small notes.
    pub upkeep: Arc<dyn UpkeepStore>,
    /// Registered tickets of wallets of today.
    pub vsp_tickets: Arc<dyn VspTicketStore>,
    /// Claims of users on these.
    pub claims: Arc<dyn ClaimStore>,
    /// The keys whose addresses take fees.
    pub fee_keys: Arc<dyn FeeKeyStore>,
    /// Secrets that lie sealed.
    pub sealed: Arc<dyn SealedStore>,
}

impl<S: PoolStore + 'static> From<Arc<S>> for Stores {
    fn from(store: Arc<S>) -> Self {
        let store: Arc<dyn PoolStore> = store;
        store.into()
    }
}

impl From<Arc<dyn PoolStore>> for Stores {
    fn from(store: Arc<dyn PoolStore>) -> Self {
        Self {
            users: store.clone(),
            sessions: store.clone(),
            tokens: store.clone(),
            access: store.clone(),
            second_factors: store.clone(),
            low_fee: store.clone(),
            ledger: store.clone(),
            money: store.clone(),
            admin: store.clone(),
            audit: store.clone(),
            history: store.clone(),
            leases: store.clone(),
            rescans: store.clone(),
            ticket_mails: store.clone(),
            invitations: store.clone(),
            mail_failures: store.clone(),
            tries: store.clone(),
            unverified: store.clone(),
            upkeep: store.clone(),
            vsp_tickets: store.clone(),
            claims: store.clone(),
            fee_keys: store.clone(),
            sealed: store,
        }
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

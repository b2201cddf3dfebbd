//! What the pool needs from outside. Each trait is small, and has one concrete error.

#[cfg(feature = "accounts")]
mod access;
#[cfg(feature = "accounts")]
mod admin;
#[cfg(feature = "engine")]
mod agendas;
#[cfg(feature = "accounts")]
mod alerts;
#[cfg(feature = "accounts")]
mod claims;
mod clock;
#[cfg(feature = "engine")]
mod daemon;
mod database_server;
mod database_state;
#[cfg(feature = "engine")]
mod desired_source;
mod events;
#[cfg(feature = "accounts")]
mod history;
#[cfg(feature = "accounts")]
mod invitations;
#[cfg(feature = "accounts")]
mod leases;
#[cfg(feature = "accounts")]
mod mail_failures;
#[cfg(feature = "accounts")]
mod mailer;
#[cfg(feature = "accounts")]
mod money;
#[cfg(feature = "engine")]
mod node;
#[cfg(feature = "accounts")]
mod rescans;
#[cfg(feature = "engine")]
mod state_file;
#[cfg(feature = "accounts")]
mod stores;
#[cfg(feature = "engine")]
mod ticket_counts;
#[cfg(feature = "accounts")]
mod ticket_mails;
#[cfg(feature = "engine")]
mod ticket_sets;
#[cfg(feature = "engine")]
mod transactions;
#[cfg(feature = "accounts")]
mod tries;
#[cfg(feature = "accounts")]
mod unverified;
#[cfg(feature = "accounts")]
mod upkeep;
#[cfg(all(feature = "accounts", feature = "engine"))]
mod vsp;
#[cfg(feature = "engine")]
mod vsp_node;
#[cfg(feature = "engine")]
mod wallet;
#[cfg(feature = "engine")]
mod wallet_faults;

#[cfg(feature = "engine")]
pub use crate::agenda::{Agenda, AgendaChoice};
#[cfg(feature = "accounts")]
pub use access::{AccessStore, SecondFactor, SecondFactorStore};
#[cfg(feature = "accounts")]
pub use admin::{AdminStore, AuditQuery, Listed, Slice, UserFilter, UserOverview, VoteOverview, VoteQuery};
#[cfg(feature = "engine")]
pub use agendas::AgendaSource;
#[cfg(feature = "accounts")]
pub use alerts::{AlertError, AlertSink, Heartbeat};
#[cfg(feature = "accounts")]
pub use claims::{Claim, ClaimStore};
pub use clock::{Clock, SystemClock};
#[cfg(feature = "engine")]
pub use daemon::{
    DaemonError, DaemonStatus, LowFeeEntry, MOST_BLOCKS, MissingUser, TicketCheck, UnknownAddress, VotingDaemon,
    WalletState,
};
pub use database_server::{DatabaseServer, DatabaseTls};
pub use database_state::{ClusterState, ServerState};
#[cfg(feature = "engine")]
pub use desired_source::{DesiredFound, DesiredSource, DesiredSourceError};
pub use events::{EventBatch, EventCursor};
#[cfg(feature = "accounts")]
pub use history::{HistoryStore, NetworkDay, Turnover};
#[cfg(feature = "accounts")]
pub use invitations::{Invitation, InvitationId, InvitationStore, NewInvitation};
#[cfg(feature = "accounts")]
pub use leases::{Lease, LeaseStore};
#[cfg(feature = "accounts")]
pub use mail_failures::{MOST_MAIL_FAILURES, MailFailure, MailFailureStore};
#[cfg(feature = "accounts")]
pub use mailer::{Mail, MailError, Mailer, NoMailer};
#[cfg(feature = "accounts")]
pub use money::{DayFees, MoneyStamp, MoneyStore, PaidBack, TicketMoney};
#[cfg(feature = "engine")]
pub use node::{Block, MinedTransaction, Node, NodeError, NodeEvent, NodeInfo, SpentOrMissed, VoteSubmission};
#[cfg(feature = "accounts")]
pub use rescans::RescanStore;
#[cfg(feature = "engine")]
pub use state_file::{StateFile, StateFileError};
#[cfg(feature = "accounts")]
pub use stores::{
    AuditEntry, AuditStore, LedgerStore, LostAddress, LowFeeStore, LowFeeTicket, MOST_SESSIONS, NewUser, Session,
    SessionStore, SessionToken, StoreError, StoredVote, TicketOrder, TicketPage, TicketQuery, TokenPurpose, TokenStore,
    UserStore,
};
#[cfg(feature = "engine")]
pub use ticket_counts::count_tickets;
#[cfg(feature = "accounts")]
pub use ticket_mails::{MailWishes, TicketMail, TicketMailKind, TicketMailStore};
#[cfg(feature = "engine")]
pub use ticket_sets::{TicketSet, TicketSets};
#[cfg(feature = "engine")]
pub use transactions::TransactionSource;
#[cfg(feature = "accounts")]
pub use tries::{CountedTry, TryStore};
#[cfg(feature = "accounts")]
pub use unverified::UnverifiedStore;
#[cfg(feature = "accounts")]
pub use upkeep::UpkeepStore;
#[cfg(all(feature = "accounts", feature = "engine"))]
pub use vsp::{
    FeeIncome, FeeKeyStore, KEYS_KEPT, KeyChanges, RecordChange, RegisteredFigures, RegisteredQuery, RegisteredTicket,
    RegisteredWhere, SealedRecord, SealedSecret, SealedStore, TicketKey, VspTicketStore,
};
#[cfg(feature = "engine")]
pub use vsp_node::{NodeLook, TransactionSubmission, UnspentOutput, VspNode};
#[cfg(feature = "engine")]
pub use wallet::{
    ChainWallet, DaemonWallet, PoolWallet, ScriptWallet, StakeInfo, TicketCounts, TicketWallet, VoteRequest,
    VoteSigner, WalletError, WalletInfo, WalletTicket, WalletTickets,
};

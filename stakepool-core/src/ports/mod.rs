//! What the pool needs from outside. Each trait is small, and has one concrete error.

mod access;
mod admin;
mod agendas;
mod alerts;
mod clock;
mod daemon;
mod history;
mod leases;
mod mailer;
mod node;
mod rescans;
mod state_file;
mod stores;
mod ticket_mails;
mod transactions;
mod wallet;

pub use access::{AccessStore, SecondFactor, SecondFactorStore};
pub use admin::{AdminStore, AuditQuery, Listed, Slice, UserFilter, UserOverview, VoteOverview, VoteQuery};
pub use agendas::{Agenda, AgendaChoice, AgendaSource};
pub use alerts::{AlertError, AlertSink};
pub use clock::{Clock, SystemClock};
pub use daemon::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, VotingDaemon, WalletState};
pub use history::{HistoryStore, NetworkDay, Turnover};
pub use leases::LeaseStore;
pub use mailer::{Mail, MailError, Mailer, NoMailer};
pub use node::{Block, MinedTransaction, Node, NodeError, NodeEvent, NodeInfo, SpentOrMissed, VoteSubmission};
pub use rescans::RescanStore;
pub use state_file::{StateFile, StateFileError};
pub use stores::{
    AuditEntry, AuditStore, LedgerStore, LowFeeStore, LowFeeTicket, MOST_SESSIONS, NewUser, Session, SessionStore,
    SessionToken, StoreError, StoredVote, TicketOrder, TicketPage, TicketQuery, TokenPurpose, TokenStore, UserStore,
};
pub use ticket_mails::{MailWishes, TicketMail, TicketMailKind, TicketMailStore};
pub use transactions::TransactionSource;
pub use wallet::{
    ChainWallet, PoolWallet, ScriptWallet, StakeInfo, TicketWallet, VoteRequest, VoteSigner, VotingWallet, WalletError,
    WalletInfo, WalletTicket, WalletTickets,
};

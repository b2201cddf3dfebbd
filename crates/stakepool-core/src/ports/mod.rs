//! What the pool needs from outside. Each trait is small, and has one concrete error.

mod clock;
mod daemon;
mod node;
mod state_file;
mod stores;
mod wallet;

pub use clock::{Clock, SystemClock};
pub use daemon::{DaemonError, DaemonStatus, EventBatch, EventCursor, LowFeeEntry, VotingDaemon, WalletState};
mod rescans;
pub use node::{Block, MinedTransaction, Node, NodeError, NodeEvent, NodeInfo, SpentOrMissed, VoteSubmission};
pub use state_file::{StateFile, StateFileError};
pub use stores::{
    AuditEntry, AuditStore, LedgerStore, LowFeeStore, LowFeeTicket, NewUser, Session, SessionStore, SessionToken,
    StoreError, StoredVote, TicketPage, TicketQuery, TokenPurpose, TokenStore, UserStore,
};
pub use wallet::{
    PoolWallet, ScriptWallet, StakeInfo, TicketWallet, VoteRequest, VoteSigner, WalletError, WalletInfo, WalletTicket,
    WalletTickets,
};
pub use rescans::RescanStore;

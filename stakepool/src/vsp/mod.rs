//! The pool as a voting service provider for wallets of today. The rules are [`stakepool_core::vsp`].
//!
//! [`Vsp`] has a method for each call of the API, and background work: [`Vsp::look`] once a second, [`Vsp::pass`] once a block.

mod agendas;
mod audit;
mod chain_work;
mod closing;
mod condition;
mod depth;
mod fault;
mod fee_address;
mod figures;
mod hanging;
mod import;
mod key_check;
mod key_tickets;
mod known_agendas;
mod known_keys;
mod nodes;
mod passes;
mod pay_fee;
mod proof;
mod recording;
mod report;
mod sending;
mod server_key;
mod service;
mod set_alt_sign_addr;
mod set_vote_choices;
mod signed_ticket;
mod standing;
mod terms;
mod ticket_status;
mod vault;
pub(crate) mod work_lease;

pub use audit::{AuditedVote, VoteAudit, VoteAuditError};
pub use chain_work::PassError;
pub use closing::ClosedByCommand;
pub(crate) use closing::{forget_closed, note_closed, read_closed};
pub use condition::{DaemonsSeen, NodeReport};
pub use figures::{Figures, Income};
pub use import::{
    FeeKeyStep, Import, ImportError, ImportNote, ImportProgress, ImportReport, NoteKind, ServerKeyStep, StateCount,
    StateCounts,
};
pub use key_check::KeyFileCheck;
pub use nodes::NodesInTurn;
pub use proof::{
    Checked, CheckedRecord, CheckedVote, Proof, ProofError, ProofRecord, ProofVote, SignedBy, Unproven, verify_proof,
};
pub use report::VspReport;
pub use server_key::{ServerKeyError, is_signed_by};
pub use service::{Request, Vsp, VspError};
pub use standing::Standing;
pub use terms::{VspParts, VspTerms};
pub use vault::{VaultError, check_key, holds_secrets};

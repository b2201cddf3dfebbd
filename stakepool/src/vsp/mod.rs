//! The pool as a voting service provider for wallets of today. The rules are [`stakepool_core::vsp`].
//!
//! [`Vsp`] has a method for each call of the API, and background work: [`Vsp::look`] once a second, [`Vsp::pass`] once a block.

mod agendas;
mod chain_work;
mod condition;
mod depth;
mod fault;
mod fee_address;
mod import;
mod key_tickets;
mod known_agendas;
mod nodes;
mod passes;
mod pay_fee;
mod recording;
mod sending;
mod server_key;
mod service;
mod set_alt_sign_addr;
mod set_vote_choices;
mod signed_ticket;
mod standing;
mod terms;
mod ticket_proof;
mod ticket_status;
mod vault;
pub(crate) mod work_lease;

pub use chain_work::PassError;
pub use condition::DaemonsSeen;
pub use import::{
    FeeKeyStep, Import, ImportError, ImportNote, ImportProgress, ImportReport, NoteKind, ServerKeyStep, StateCount,
    StateCounts,
};
pub use nodes::NodesInTurn;
pub use server_key::{ServerKeyError, is_signed_by};
pub use service::{Request, Vsp, VspError};
pub use standing::Standing;
pub use terms::{VspParts, VspTerms};
pub use ticket_proof::{Proof, ProofRecord, ProofVote};
pub use vault::{VaultError, check_key, holds_secrets};

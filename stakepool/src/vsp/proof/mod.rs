//! The proof of what was signed for a ticket, and of how it was voted: made by the service, and checked by anyone.
//!
//! A proof is the body of the answer of `ticketproof`, and the file that the operator gives away. The server signs the whole of
//! it, so that no byte of it can be changed.

mod file;
mod records;
#[cfg(test)]
mod tests;
mod use_case;
mod verify;
mod vote;

pub use file::{Proof, ProofRecord, ProofVote};
pub use records::{CheckedRecord, SignedBy};
pub use use_case::ProofError;
pub use verify::{Checked, Unproven, verify_proof};
pub use vote::CheckedVote;

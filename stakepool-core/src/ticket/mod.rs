//! Tickets: what they say, the fee that the pool asks of them, and the verdict on each.

mod fee;
mod submission;
mod terms;
mod verdict;

pub use fee::{FeeError, PoolFee, required_fee};
pub use submission::TicketSubmission;
pub use terms::{Terms, TermsHistory};
pub use verdict::{Evaluator, FeeAddresses, TicketFacts, Verdict};

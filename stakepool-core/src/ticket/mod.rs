//! Tickets: what they say, the fee that the pool asks of them, and the verdict on each.

mod evaluate;
mod fee;
mod submission;
mod terms;

pub use evaluate::{Evaluator, FeeAddresses, TicketFacts, Verdict};
pub use fee::{FeeError, PoolFee, required_fee};
pub use submission::TicketSubmission;
pub use terms::{Terms, TermsHistory};

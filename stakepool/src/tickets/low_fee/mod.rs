//! Tickets that pay too small a fee. The pool leaves them to their owners unless an administrator adds them: here is
//! which tickets may be added or taken back, and what is answered. The web and the command line both ask here. Whether a fee
//! is too small is judged by [`Evaluator`](stakepool_core::ticket::Evaluator).

mod additions;
mod known;
mod lists;
mod reason;
mod refusal;

pub use additions::{Addition, Lookups, LowFeeAdditions, LowFeeError};
pub use lists::{DaemonOnly, LowFeeLists};
pub use reason::reason;
pub use refusal::{Refusal, parse_hash};

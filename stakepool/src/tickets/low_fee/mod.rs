//! Tickets that pay too small a fee. The pool leaves them to their owners unless an administrator adds them: here is
//! which tickets may be added or taken back, and what is answered. The web and the command line both ask here.

mod additions;
mod known;
mod refusal;

pub use additions::{Addition, Lookups, LowFeeAdditions, LowFeeError};
pub use known::known_to_daemons_only;
pub use refusal::{Refusal, parse_hash};

use stakepool_core::ticket::{TicketFacts, Verdict};

/// Why the pool does not vote a ticket by itself, for people.
pub fn reason(facts: &TicketFacts) -> String {
    let (found, required) = (facts.committed_fee, facts.required_fee);
    match facts.verdict {
        Verdict::Accepted => format!("pays a fee of {found} EXCC, and {required} EXCC is required"),
        Verdict::LowFee => format!("pays a fee of {found} EXCC, but {required} EXCC is required"),
        Verdict::UnknownFeeAddress => {
            format!("pays its fee of {found} EXCC to {}, which is not the pool's", facts.fee_address)
        }
    }
}

//! Why a ticket is ignored.

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
        Verdict::FeeLost => "has no fee any more, since another transaction has spent its coins".to_owned(),
    }
}

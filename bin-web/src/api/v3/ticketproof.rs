//! `ticketproof`: asks for everything that was signed for a ticket, and its vote.

use stakepool::vsp::Vsp;
use stakepool_core::vsp::SignedAnswer;

use super::call::Call;

/// Answers a call.
pub(super) async fn answer(vsp: &Vsp, call: &Call) -> SignedAnswer {
    vsp.ticket_proof(call.request()).await
}

//! `feeaddress`: asks for the address that takes a ticket's fee, and registers the ticket.

use stakepool::vsp::Vsp;
use stakepool_core::vsp::SignedAnswer;

use super::call::Call;

/// Answers a call.
pub(super) async fn answer(vsp: &Vsp, call: &Call) -> SignedAnswer {
    vsp.fee_address(call.request()).await
}

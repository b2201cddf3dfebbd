//! `ticketstatus`: asks how a ticket stands.

use stakepool::vsp::Vsp;
use stakepool_core::vsp::SignedAnswer;

use super::call::Call;

/// Answers a call.
pub(super) async fn answer(vsp: &Vsp, call: &Call) -> SignedAnswer {
    vsp.ticket_status(call.request()).await
}

//! `setaltsignaddr`: names another address whose key may sign for a ticket.

use stakepool::vsp::Vsp;
use stakepool_core::vsp::SignedAnswer;

use super::call::Call;

/// Answers a call.
pub(super) async fn answer(vsp: &Vsp, call: &Call) -> SignedAnswer {
    vsp.set_alt_sign_addr(call.request()).await
}

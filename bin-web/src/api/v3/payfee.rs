//! `payfee`: pays a ticket's fee and hands over its voting key.

use stakepool::vsp::Vsp;
use stakepool_core::vsp::SignedAnswer;

use super::call::Call;

/// Answers a call.
pub(super) async fn answer(vsp: &Vsp, call: &Call) -> SignedAnswer {
    vsp.pay_fee(call.request()).await
}

//! `setvotechoices`: sets what a ticket votes.

use stakepool::vsp::Vsp;
use stakepool_core::vsp::SignedAnswer;

use super::call::Call;

/// Answers a call.
pub(super) async fn answer(vsp: &Vsp, call: &Call) -> SignedAnswer {
    vsp.set_vote_choices(call.request()).await
}

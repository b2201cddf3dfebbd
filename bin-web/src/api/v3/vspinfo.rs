//! `vspinfo`: what the pool says of itself, for everybody.

use stakepool::vsp::Vsp;
use warp::reply::Response;

use super::answer::signed;

/// Answers a call. The answer was made at most a second ago.
pub fn answer(vsp: &Vsp) -> Response {
    signed(&vsp.info())
}

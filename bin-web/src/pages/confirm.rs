//! The status of a page whose form brought a password that was refused.

use stakepool::accounts::Denied;
use warp::http::StatusCode;

/// The status of the page that says why.
pub const fn denied_status(denied: Denied) -> StatusCode {
    match denied {
        Denied::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        Denied::Wrong => StatusCode::OK,
        Denied::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

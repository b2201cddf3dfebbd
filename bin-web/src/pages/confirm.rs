//! How it is answered that a password that was asked for again does not open the way.

use stakepool::accounts::Denied;
use warp::http::StatusCode;

/// The status of the page that says so.
pub const fn denied_status(denied: Denied) -> StatusCode {
    match denied {
        Denied::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        Denied::Wrong => StatusCode::OK,
        Denied::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

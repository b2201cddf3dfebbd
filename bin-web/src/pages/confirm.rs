//! What a form brings to confirm an act, and the status of the page where it was refused.

use stakepool::accounts::{Confirmation, Denied};
use warp::http::StatusCode;

use crate::visit::Visit;

/// The password and the code of the second factor that a form brings.
pub fn confirmation(visit: &Visit) -> Confirmation<'_> {
    Confirmation { password: visit.form.text("password"), code: visit.form.text("code") }
}

/// The status of the page that says why.
pub const fn denied_status(denied: Denied) -> StatusCode {
    match denied {
        Denied::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        Denied::Wrong | Denied::Code => StatusCode::OK,
        Denied::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

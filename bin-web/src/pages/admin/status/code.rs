//! The HTTP code of a status: an error where the pool cannot serve, so that any monitor sees it.

use stakepool::status::{Overall, PoolStatus};
use warp::http::StatusCode;

/// The code under which a status is shown.
pub(super) const fn code(status: &PoolStatus) -> StatusCode {
    match status.state {
        Overall::Ok | Overall::Degraded | Overall::Starting => StatusCode::OK,
        Overall::Down => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

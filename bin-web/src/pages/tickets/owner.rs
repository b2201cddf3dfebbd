//! Whose tickets they are: a user who has registered, or claimed some.

use stakepool_core::accounts::Registration;
use warp::reply::Response;

use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::visit::Visit;

/// The user's registration, or the way to one.
pub fn registration(visit: &Visit) -> Result<Result<&Registration, Response>, PageError> {
    let registration = visit.need_user()?.registration.as_ref();
    Ok(registration.ok_or_else(|| visit.done(Flash::AddressFirst, "/address")))
}

/// The way to a registration, for a user who has none and no ticket either: one whose wallet registers tickets by itself needs
/// none.
pub async fn without_tickets(visit: &Visit) -> Result<Option<Response>, PageError> {
    let Err(elsewhere) = registration(visit)? else { return Ok(None) };
    let has_claims = visit.site.pool.has_claims(visit.need_user()?.id).await?;
    Ok((!has_claims).then_some(elsewhere))
}

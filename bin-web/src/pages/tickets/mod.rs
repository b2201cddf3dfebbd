//! A user's tickets, read from the pool's own ledger: what they are worth, lists of them, how to buy, and what to keep.

mod backup;
mod buy;
mod buying;
pub mod download;
mod filter;
mod heads;
mod list;
mod listing;
mod overview;
mod row;
pub mod ticket;

pub use self::backup::show as backup;
pub use self::buy::show as buy;
pub use self::buying::Buying;
pub use self::filter::Choice;
pub use self::listing::show as list;

use stakepool_core::accounts::Registration;
use stakepool_core::chain::BlockHeight;
use warp::reply::Response;

use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::site::Site;
use crate::visit::{Outcome, Visit};

/// Shows the overview, or a list where an address of before asks for one.
pub async fn show(visit: Visit) -> Outcome {
    let asks_for_a_list = ["show", "q", "sort", "age", "page"].iter().any(|field| visit.form.get(field).is_some());
    if asks_for_a_list { listing::show(visit).await } else { overview::show(visit).await }
}

/// The user's registration, or the way to one.
fn registration(visit: &Visit) -> Result<Result<&Registration, Response>, PageError> {
    let registration = visit.need_user()?.registration.as_ref();
    Ok(registration.ok_or_else(|| visit.done(Flash::AddressFirst, "/address")))
}

/// The way to a registration, for a user who has none and no ticket either: one whose wallet registers tickets by itself needs
/// none.
async fn without_tickets(visit: &Visit) -> Result<Option<Response>, PageError> {
    let Err(elsewhere) = registration(visit)? else { return Ok(None) };
    let claimed = visit.site.pool.claimed_tickets(visit.need_user()?.id).await?;
    Ok(claimed.is_empty().then_some(elsewhere))
}

/// The best height: the wallets', or, while none answers, the best that anybody else has reported.
pub async fn tip(site: &Site) -> Option<BlockHeight> {
    match site.pool.figures().await {
        Ok(figures) => Some(figures.stake.height),
        Err(_) => site.pool.status().await.height.map(BlockHeight),
    }
}

//! Closing an account that holds no tickets.

use stakepool::accounts::CloseError;
use warp::http::StatusCode;

use super::form::{Fault, deny_both, page};
use crate::browser::cookies;
use crate::browser::flash::Flash;
use crate::http::respond::add_cookie;
use crate::pages::confirm::confirmation;
use crate::visit::{Outcome, Visit};

const NOT_DONE: &str = "Your account stays open";
/// The fields for the password and the code, and the box to tick, by their ids.
const FIELDS: (&str, &str) = ("close-password", "close-code");
const SURE: &str = "close-sure";

/// Closes the account.
pub async fn close(visit: &Visit) -> Outcome {
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    if visit.form.get("closeSure").is_none() {
        let fault = Fault::of(SURE, NOT_DONE, "tick the box that says that you are sure");
        return page(visit, StatusCode::OK, fault).await;
    }
    let reason = match pool.close_account(user, confirmation(visit), &visit.origin).await {
        Ok(()) => {
            let mut response = visit.done(Flash::AccountClosed, "/");
            add_cookie(&mut response, visit.site.cookies.clear(cookies::SESSION));
            return Ok(response);
        }
        Err(CloseError::Denied(denied)) => return deny_both(visit, FIELDS, NOT_DONE, denied).await,
        Err(CloseError::Store(error)) => return Err(error.into()),
        Err(CloseError::HoldsTickets(open)) => held(open),
        Err(CloseError::NobodyKnows) => {
            "the pool cannot see at this moment whether it holds tickets, since neither its \
                                         voting daemons nor its wallets answer. Try again later"
                .to_owned()
        }
    };
    page(visit, StatusCode::OK, format!("{NOT_DONE}: {reason}.")).await
}

fn held(open: u64) -> String {
    let tickets = if open == 1 { "a ticket that is" } else { "tickets that are" };
    let count = if open == 1 { String::new() } else { format!("{open} ") };
    format!("it holds {count}{tickets} live or immature. Close it when all have voted or expired")
}

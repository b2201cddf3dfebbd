//! Signing out. Looking at the page changes nothing, so that no image on another site signs anybody out.

use warp::http::StatusCode;

use crate::browser::cookies;
use crate::browser::flash::Flash;
use crate::http::respond::{add_cookie, see_other};
use crate::visit::{Outcome, Visit};

/// Shows a button.
pub async fn show(visit: Visit) -> Outcome {
    if visit.user().is_none() {
        return Ok(see_other("/"));
    }
    visit.page("signout.html.tera", StatusCode::OK, &())
}

/// Ends the session.
pub async fn submit(visit: Visit) -> Outcome {
    let Some(session) = visit.session() else { return Ok(see_other("/")) };
    visit.site.pool.sign_out(session).await?;
    let mut response = visit.done(Flash::SignedOut, "/");
    add_cookie(&mut response, visit.site.cookies.clear(cookies::SESSION));
    Ok(response)
}

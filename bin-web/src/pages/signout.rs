//! Signing out. Looking at the page changes nothing, so that no image on another site signs anybody out.

use warp::http::StatusCode;

use crate::browser::flash::Flash;
use crate::session;
use crate::visit::{Outcome, Visit};
use crate::http::respond::{add_cookie, see_other};

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
    visit.app.services.sessions.end(session).await?;
    let mut response = visit.done(Notice::SignedOut, "/");
    add_cookie(&mut response, visit.app.cookies.clear(session::COOKIE));
    Ok(response)
}

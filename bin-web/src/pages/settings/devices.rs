//! Signing devices out.

use crate::browser::cookies;
use crate::browser::flash::Flash;
use crate::http::respond::add_cookie;
use crate::visit::{Outcome, Visit};

/// Ends one of the user's own sessions.
pub async fn end(visit: &Visit) -> Outcome {
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    let ended = pool.end_session(user, visit.form.text("endSession"), &visit.origin).await?;
    if ended.is_some() && ended.as_ref() == visit.session() {
        let mut response = visit.done(Flash::SignedOut, "/");
        add_cookie(&mut response, visit.site.cookies.clear(cookies::SESSION));
        return Ok(response);
    }
    Ok(visit.done(Flash::SessionEnded, "/settings"))
}

/// Ends all sessions but this one.
pub async fn end_others(visit: &Visit) -> Outcome {
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    pool.end_other_sessions(user, visit.session(), &visit.origin).await?;
    Ok(visit.done(Flash::SessionsEnded, "/settings"))
}

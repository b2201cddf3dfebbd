//! What follows a sign-in: cookies, and the page that the visitor wanted.

use stakepool::accounts::{NewSession, SESSION_LASTS};
use warp::http::HeaderValue;
use warp::reply::Response;

use crate::browser::cookies;
use crate::browser::flash::Flash;
use crate::browser::return_to::ReturnTo;
use crate::http::respond::{add_cookie, see_other};
use crate::site::Site;
use crate::visit::Visit;

/// Sends a visitor to the sign-in who must sign in to see a page, and remembers that page.
pub fn first(site: &Site, return_to: Option<&ReturnTo>) -> Response {
    let mut response = see_other("/signin");
    add_cookie(&mut response, Flash::SignInFirst.cookie(site.cookies));
    add_cookie(&mut response, return_to.and_then(|page| site.return_tos.cookie(page, site.now())));
    response
}

/// Sends a user on whose session has begun.
pub fn enter(visit: &Visit, session: &NewSession, flash: Option<Flash>) -> Response {
    let site = &visit.site;
    let to = match &session.user.registration {
        // Where something is wrong, they see it first.
        _ if visit.may_administer(&session.user) => "/status",
        Some(_) => "/tickets",
        None => "/start",
    };
    let mut response = if session.second_factor_due {
        visit.done(Flash::SecondFactorNeeded, "/twofactor")
    } else {
        let mut response = visit.return_to.as_ref().map_or_else(|| see_other(to), ReturnTo::go);
        add_cookie(&mut response, flash.and_then(|flash| flash.cookie(site.cookies)));
        response
    };
    if visit.return_to.is_some() {
        add_cookie(&mut response, site.return_tos.clear());
    }
    add_cookie(&mut response, session_cookie(visit, session));
    let known = site.cookies.set(cookies::KNOWN_BROWSER, &session.known_browser, Some(cookies::KNOWN_BROWSER_LASTS));
    add_cookie(&mut response, known);
    response
}

/// The cookie of a session that has begun.
pub fn session_cookie(visit: &Visit, session: &NewSession) -> Option<HeaderValue> {
    visit.site.cookies.set(cookies::SESSION, &session.secret.reveal(), Some(SESSION_LASTS))
}

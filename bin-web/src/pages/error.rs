//! The pages that say what went wrong.

use std::sync::Arc;

use serde::Serialize;
use stakepool::accounts::ClientAddress;
use stakepool_core::alert::AlertKind;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use crate::browser::flash::Flash;
use crate::http::form::Form;
use crate::http::respond::{add_cookie, see_other};
use crate::page_error::{Explanation, PageError};
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

/// The answer to somebody of whom nothing is known.
pub fn answer(error: PageError, site: &Arc<Site>, client: ClientAddress) -> Response {
    answer_to(error, &Visit::unknown(site.clone(), client), None)
}

/// The answer to a visitor, with the menu as on every page. `form` is where the form is that was sent, if one was.
pub fn answer_to(error: PageError, visit: &Visit, form: Option<&str>) -> Response {
    let explanation = match error {
        PageError::SignInFirst => return see_other("/signin"),
        PageError::SecondFactorFirst => {
            let mut response = see_other("/twofactor");
            add_cookie(&mut response, Flash::SecondFactorNeeded.cookie(visit.site.cookies));
            return response;
        }
        other => other,
    };
    let next = match &explanation {
        PageError::NoSuchUser => Some(Next { to: "/adminusers", title: "All users" }),
        PageError::StaleForm => form.map(|to| Next { to, title: "Back to the form" }),
        _ => None,
    };
    let user = visit.user().filter(|_| matches!(explanation, PageError::AdministratorsOnly));
    let is_administrator = user.is_some_and(|user| visit.site.pool.settings().administers(user));
    let is_told = visit.site.pool.operator_is_told(AlertKind::Database);
    let (status, explanation) = explanation.explained(is_administrator, is_told);
    let who = user.map(|user| format!("You are user {} and come from {}.", user.id, visit.client));
    let content = Shown { explanation, who, next };
    visit.page("error.html.tera", status, &content).unwrap_or_else(|_| plain(status, &explanation))
}

/// Answers a visitor with what went wrong. The session is looked up anew, because the page may have ended it.
pub async fn show_error(
    site: Arc<Site>,
    client: ClientAddress,
    path: String,
    headers: &HeaderMap,
    error: PageError,
    form: Option<&str>,
) -> Response {
    if error.is_ours() {
        // The database may be what failed.
        return answer(error, &site, client);
    }
    match Visit::begin(site.clone(), client, path, headers, Form::default(), false).await {
        Ok(visit) => answer_to(error, &visit, form),
        Err(_) => answer(error, &site, client),
    }
}

/// What the page of an error shows.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    explanation: Explanation,
    /// As whom the server sees the visitor, where that decides.
    who: Option<String>,
    next: Option<Next<'a>>,
}

/// Where to go on, beside the front page.
#[derive(Serialize)]
struct Next<'a> {
    to: &'a str,
    title: &'static str,
}

/// The page without a template, for when the template itself is wrong.
fn plain(status: StatusCode, explanation: &Explanation) -> Response {
    let Explanation { title, happened, lost, remedy } = explanation;
    let mut response = Response::new(format!("{title}\n\n{happened}\n{lost}\n{remedy}\n").into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The page `/error`, to which old links lead: it says how things stand, and leads nowhere else.
pub async fn show(visit: Visit) -> Outcome {
    visit.page("error.html.tera", StatusCode::OK, &Shown { explanation: OLD_LINK, who: None, next: None })
}

const OLD_LINK: Explanation = Explanation {
    title: "Something went wrong",
    happened: "You were sent here from an old link of this pool.",
    lost: "Nothing was changed.",
    remedy: "Go on from the front page.",
};

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let next = Some(Next { to: "/", title: "sample" });
    let pages = [(None, None), (Some("sample".to_owned()), next)];
    pages.map(|(who, next)| Sample::new("error.html.tera", &Shown { explanation: OLD_LINK, who, next })).into()
}

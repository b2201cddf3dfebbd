//! Which request goes where.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use stakepool::accounts::ClientAddress;
use stakepool_core::time::Day;
use warp::filters::BoxedFilter;
use warp::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use warp::http::{HeaderMap, Method, StatusCode, Uri};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::api::command::{Command, VERSIONS};
use crate::api::v3;
use crate::http::filters::{at, client, path, query};
use crate::http::respond::{moved_to, see_other};
use crate::page_error::PageError;
use crate::pages::error;
use crate::site::Site;
use crate::view::assets;
use crate::{api, pages};

/// All routes. The API comes first, since it has most of the traffic.
pub fn all(site: &Arc<Site>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<> {
    let refused = site.clone();
    api::routes(site)
        .or(of_assets(site))
        .unify()
        .or(pages::routes(site))
        .unify()
        .or(lost(site))
        .unify()
        .recover(move |rejection: Rejection| {
            let site = refused.clone();
            async move { Ok::<_, Infallible>(of_rejection(&site, &rejection)) }
        })
        .unify()
}

/// A request that the application has an answer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRoute {
    /// How it is asked for.
    pub method: Method,
    /// Its path.
    pub path: Cow<'static, str>,
}

const ASSETS: &str = "/assets/";
const ICON: &str = "/favicon.ico";
const ROBOTS: &str = "/robots.txt";
/// Where password managers find the form for a new password.
const CHANGE_PASSWORD: &str = "/.well-known/change-password";
/// Where who found a weakness finds whom to tell (RFC 9116).
const SECURITY: &str = "/.well-known/security.txt";
/// How long that is said to be right.
const SECURITY_EXPIRES: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Every page, form, command of the API and file of its own; of the assets the folder.
pub fn known_routes() -> impl Iterator<Item = KnownRoute> {
    let pages = pages::known().map(|(method, path)| KnownRoute { method, path: path.into() });
    let files = [ASSETS, ICON, ROBOTS, CHANGE_PASSWORD, SECURITY]
        .map(|path| KnownRoute { method: Method::GET, path: path.into() });
    pages.chain(api_routes()).chain(files)
}

fn api_routes() -> impl Iterator<Item = KnownRoute> {
    let commands = |version| {
        let route = move |command: Command| {
            let path = format!("/api/{version}/{}", command.name()).into();
            KnownRoute { method: command.method(), path }
        };
        Command::ALL.map(route)
    };
    let of_today = v3::command::Command::ALL.into_iter().map(|command| KnownRoute {
        method: command.method(),
        path: format!("/api/{}{}", v3::command::PREFIX, command.name()).into(),
    });
    VERSIONS.into_iter().flat_map(commands).chain(of_today)
}

/// Whether there is something at a path, however it is asked for.
pub fn is_known(path: &str) -> bool {
    label(path) != OTHER
}

/// How what is at a path may be asked for, where there is something.
fn allowed(path: &str) -> Option<&'static str> {
    static FORMS: LazyLock<BTreeSet<Cow<'static, str>>> =
        LazyLock::new(|| known_routes().filter(|route| route.method == Method::POST).map(|route| route.path).collect());
    is_known(path).then(|| if FORMS.contains(path) { "GET, HEAD, POST" } else { "GET, HEAD" })
}

/// The path without slashes at its end, where something is there.
fn without_slashes(path: &str) -> Option<&str> {
    let plain = path.trim_end_matches('/');
    (plain.len() < path.len() && !path.starts_with("/api/") && !plain.is_empty() && is_known(plain)).then_some(plain)
}

/// The answer to a request whose target alone says it: about the server as a whole, or a page with a slash too many.
pub fn of_target(method: &Method, uri: &Uri) -> Option<Response> {
    if uri.path() == "*" && method == Method::OPTIONS {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, OPTIONS"));
        return Some(response);
    }
    let plain = without_slashes(uri.path())?;
    moved_to(&uri.query().map_or_else(|| plain.to_owned(), |query| format!("{plain}?{query}")))
}

/// What figures of all other paths are kept by.
const OTHER: &str = "other";

/// The path of a request as figures are kept by it: without what visitors put into it.
pub fn label(path: &str) -> &'static str {
    static LABELS: LazyLock<BTreeSet<Cow<'static, str>>> =
        LazyLock::new(|| known_routes().map(|route| route.path).collect());
    let path = if path.starts_with(ASSETS) { ASSETS } else { path };
    LABELS.get(path).map_or(OTHER, |label| label)
}

fn of_assets(site: &Arc<Site>) -> BoxedFilter<(Response,)> {
    let (folder, icon) = (site.clone(), site.clone());
    let asset = warp::path(ASSETS.trim_matches('/'))
        .and(warp::path::tail())
        .and(warp::get())
        .and(query())
        .and(warp::header::headers_cloned())
        .and_then(move |name: warp::path::Tail, query: String, headers| {
            let answer = folder.assets.answer(name.as_str(), &query, &headers);
            async move { answer.ok_or_else(warp::reject::not_found) }
        });
    let icon = at(ICON).and(warp::get()).and(warp::header::headers_cloned()).and_then(move |headers| {
        let icon = &icon.assets;
        let answer = icon.answer("favicon.ico", "", &headers).or_else(|| icon.answer("icon.svg", "", &headers));
        async move { answer.ok_or_else(warp::reject::not_found) }
    });
    let change_password = well_known(CHANGE_PASSWORD).map(|| see_other("/settings#password"));
    let security = site.clone();
    let security = well_known(SECURITY).and_then(move || {
        let answer = security_text(&security);
        async move { answer.ok_or_else(warp::reject::not_found) }
    });
    let robots = at(ROBOTS).and(warp::get()).map(|| {
        let mut response = Response::new(assets::ROBOTS.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    });
    let texts = robots.or(change_password).unify().or(security).unify();
    asset.or(icon).unify().or(texts).unify().boxed()
}

/// Takes exactly this path of two parts.
fn well_known(path: &'static str) -> BoxedFilter<()> {
    warp::get()
        .and(warp::path::full())
        .and_then(move |full: FullPath| async move {
            if full.as_str() == path { Ok(()) } else { Err(warp::reject::not_found()) }
        })
        .untuple_one()
        .boxed()
}

/// Whom to tell of a weakness, where the operator named somebody.
fn security_text(site: &Site) -> Option<Response> {
    let identity = site.pool.site();
    let contact = match site.options.security_contact.as_deref() {
        Some(contact) if contact.contains(':') => contact.to_owned(),
        Some(email) => format!("mailto:{email}"),
        None if identity.help_email.is_empty() => return None,
        None => format!("mailto:{}", identity.help_email),
    };
    let expires = Day::of(site.now().plus(SECURITY_EXPIRES));
    let base = &identity.base_url;
    let text = format!(
        "Contact: {contact}\nExpires: {expires}T00:00:00Z\nPreferred-Languages: en\nCanonical: {base}{SECURITY}\n"
    );
    let mut response = Response::new(text.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Some(response)
}

/// A page for a request that cannot be taken apart.
fn of_rejection(site: &Arc<Site>, rejection: &Rejection) -> Response {
    tracing::debug!(?rejection, "a request was refused");
    error::answer(PageError::bad_request(), site, ClientAddress::LOCAL)
}

/// Answers a request that no route takes.
pub fn lost(site: &Arc<Site>) -> BoxedFilter<(Response,)> {
    let site = site.clone();
    warp::method()
        .and(client())
        .and(path())
        .and(warp::header::headers_cloned())
        .then(move |method: Method, client, path: String, headers: HeaderMap| {
            let site = site.clone();
            let allowed = allowed(&path).filter(|_| method != Method::GET);
            let error = if allowed.is_some() { PageError::wrong_method() } else { PageError::not_found() };
            async move {
                let mut response = error::show_error(site, client, path, &headers, error, None).await;
                if let Some(allowed) = allowed {
                    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
                }
                response
            }
        })
        .boxed()
}

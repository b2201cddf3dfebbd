//! Which request goes where.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use stakepool::accounts::ClientAddress;
use warp::filters::BoxedFilter;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::http::{HeaderMap, Method};
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::api::command::{Command, VERSIONS};
use crate::http::filters::{at, client, path, query};
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

/// Every page, form, command of the API and file of its own; of the assets the folder.
pub fn known_routes() -> impl Iterator<Item = KnownRoute> {
    let pages = pages::known().map(|(method, path)| KnownRoute { method, path: path.into() });
    let files = [ASSETS, ICON, ROBOTS].map(|path| KnownRoute { method: Method::GET, path: path.into() });
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
    VERSIONS.into_iter().flat_map(commands)
}

/// Whether there is something at a path, however it is asked for.
pub fn is_known(path: &str) -> bool {
    label(path) != OTHER
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
    let robots = at(ROBOTS).and(warp::get()).map(|| {
        let mut response = Response::new(assets::ROBOTS.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    });
    asset.or(icon).unify().or(robots).unify().boxed()
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
            let is_known = method != Method::GET && is_known(&path);
            let error = if is_known { PageError::wrong_method() } else { PageError::not_found() };
            async move { error::show_error(site, client, path, &headers, error, None).await }
        })
        .boxed()
}

//! Which request goes where.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::site::Site;
use stakepool::accounts::ClientAddress;
use crate::page_error::PageError;
use crate::{api, pages};
use crate::view::assets;

/// All routes. The API comes first, since it has most of the traffic.
pub fn all(app: &Arc<App>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<> {
    let refused = app.clone();
    api::routes(app)
        .or(of_assets(app))
        .unify()
        .or(pages::routes(app))
        .unify()
        .or(pages::lost(app))
        .unify()
        .recover(move |rejection: Rejection| {
            let app = refused.clone();
            async move { Ok::<_, Infallible>(of_rejection(&app, &rejection)) }
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
        let route = move |command: api::Command| {
            let path = format!("/api/{version}/{}", command.name()).into();
            KnownRoute { method: command.method(), path }
        };
        api::Command::ALL.map(route)
    };
    api::VERSIONS.into_iter().flat_map(commands)
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

/// The query as it lies in the address, or nothing.
pub fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Copy {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// The client's address, as the server found it.
pub fn client() -> impl Filter<Extract = (ClientAddress,), Error = Infallible> + Copy {
    warp::ext::optional::<ClientAddress>().map(|client: Option<ClientAddress>| client.unwrap_or(ClientAddress::LOCAL))
}

fn of_assets(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    let (folder, icon) = (app.clone(), app.clone());
    let asset = warp::path(ASSETS.trim_matches('/'))
        .and(warp::path::tail())
        .and(warp::get())
        .and(query())
        .and(warp::header::headers_cloned())
        .and_then(move |name: warp::path::Tail, query: String, headers| {
            let answer = folder.assets.answer(name.as_str(), &query, &headers);
            async move { answer.ok_or_else(warp::reject::not_found) }
        });
    let icon = pages::at(ICON).and(warp::get()).and(warp::header::headers_cloned()).and_then(move |headers| {
        let icon = &icon.assets;
        let answer = icon.answer("favicon.ico", "", &headers).or_else(|| icon.answer("icon.svg", "", &headers));
        async move { answer.ok_or_else(warp::reject::not_found) }
    });
    let robots = pages::at(ROBOTS).and(warp::get()).map(|| {
        let mut response = Response::new(assets::ROBOTS.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    });
    asset.or(icon).unify().or(robots).unify().boxed()
}

/// A page for a request that cannot be taken apart.
fn of_rejection(app: &Arc<App>, rejection: &Rejection) -> Response {
    tracing::debug!(?rejection, "a request was refused");
    Trouble::bad_request().answer(app, ClientAddress::LOCAL)
}

/// The path without what comes after it, for the navigation.
pub fn path() -> impl Filter<Extract = (String,), Error = Infallible> + Copy {
    warp::path::full().map(|path: FullPath| path.as_str().to_owned())
}

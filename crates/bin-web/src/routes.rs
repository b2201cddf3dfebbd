//! Which request goes where.

use std::convert::Infallible;
use std::sync::Arc;

use warp::filters::BoxedFilter;
use warp::http::header::{CONTENT_TYPE, HeaderValue};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::app::App;
use crate::client::ClientAddress;
use crate::pages::error::Trouble;
use crate::{api, assets, pages};

/// All routes. The API comes first, since it has most of the traffic.
pub fn all(app: &Arc<App>) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone + use<> {
    let lost = app.clone();
    api::routes(app)
        .or(of_assets(app))
        .unify()
        .or(pages::routes(app))
        .unify()
        .recover(move |rejection: Rejection| {
            let app = lost.clone();
            async move { Ok::<_, Infallible>(of_rejection(&app, &rejection)) }
        })
        .unify()
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
    let asset = warp::path("assets")
        .and(warp::path::tail())
        .and(warp::get())
        .and(query())
        .and(warp::header::headers_cloned())
        .and_then(move |name: warp::path::Tail, query: String, headers| {
            let answer = folder.assets.answer(name.as_str(), &query, &headers);
            async move { answer.ok_or_else(warp::reject::not_found) }
        });
    let icon =
        warp::path!("favicon.ico").and(warp::get()).and(warp::header::headers_cloned()).and_then(move |headers| {
            let icon = &icon.assets;
            let answer = icon.answer("favicon.ico", "", &headers).or_else(|| icon.answer("icon.svg", "", &headers));
            async move { answer.ok_or_else(warp::reject::not_found) }
        });
    let robots = warp::path!("robots.txt").and(warp::get()).map(|| {
        let mut response = Response::new(assets::ROBOTS.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    });
    asset.or(icon).unify().or(robots).unify().boxed()
}

/// A page for a request that no route takes.
fn of_rejection(app: &Arc<App>, rejection: &Rejection) -> Response {
    let trouble = if rejection.is_not_found() {
        Trouble::not_found()
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        Trouble::wrong_method()
    } else {
        tracing::debug!(?rejection, "a request was refused");
        Trouble::bad_request()
    };
    trouble.answer(app, ClientAddress::LOCAL)
}

/// The path without what comes after it, for the navigation.
pub fn path() -> impl Filter<Extract = (String,), Error = Infallible> + Copy {
    warp::path::full().map(|path: FullPath| path.as_str().to_owned())
}

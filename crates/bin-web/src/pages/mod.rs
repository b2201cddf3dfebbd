//! The pages, one module each.

pub mod address;
pub mod error;
pub mod home;
pub mod settings;
pub mod signin;
pub mod signout;
pub mod signup;
pub mod stats;
pub mod tickets;

use std::future::Future;
use std::sync::Arc;

use hyper::body::Bytes;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::HeaderMap;
use warp::reply::Response;

use crate::app::App;
use crate::client::ClientAddress;
use crate::form::Form;
use crate::routes::{client, path, query};
use crate::visit::{Outcome, Visit};

/// All pages.
pub fn routes(app: &Arc<App>) -> BoxedFilter<(Response,)> {
    [
        show(app, "", home::show),
        show(app, "signin", signin::show),
        submit(app, "signin", signin::submit),
        show(app, "signup", signup::show),
        submit(app, "signup", signup::submit),
        show(app, "logout", signout::show),
        submit(app, "logout", signout::submit),
        show(app, "settings", settings::show),
        submit(app, "settings", settings::submit),
        show(app, "address", address::show),
        submit(app, "address", address::submit),
        show(app, "tickets", tickets::show),
        show(app, "stats", stats::show),
        show(app, "error", error::show),
    ]
    .into_iter()
    .reduce(|routes, route| routes.or(route).unify().boxed())
    .unwrap_or_else(|| warp::any().and_then(|| async { Err(warp::reject::not_found()) }).boxed())
}

/// A page that is looked at.
fn show<F, Fut>(app: &Arc<App>, name: &'static str, page: F) -> BoxedFilter<(Response,)>
where
    F: Fn(Visit) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let app = app.clone();
    at(name)
        .and(warp::get())
        .and(client())
        .and(path())
        .and(query())
        .and(warp::header::headers_cloned())
        .then(move |client, path, query: String, headers: HeaderMap| {
            let form = Form::urlencoded(query.as_bytes());
            run(app.clone(), client, path, headers, form, false, page.clone())
        })
        .boxed()
}

/// A form that is sent.
fn submit<F, Fut>(app: &Arc<App>, name: &'static str, page: F) -> BoxedFilter<(Response,)>
where
    F: Fn(Visit) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send + 'static,
{
    let app = app.clone();
    at(name)
        .and(warp::post())
        .and(client())
        .and(path())
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .then(move |client, path, headers: HeaderMap, body: Bytes| {
            // Unlike in the API, the query does not count: a password must not come from a link.
            let form = Form::read(&headers, "", &body);
            run(app.clone(), client, path, headers, form, true, page.clone())
        })
        .boxed()
}

fn at(name: &'static str) -> BoxedFilter<()> {
    if name.is_empty() { warp::path::end().boxed() } else { warp::path(name).and(warp::path::end()).boxed() }
}

async fn run<F, Fut>(
    app: Arc<App>,
    client: ClientAddress,
    path: String,
    headers: HeaderMap,
    form: Form,
    is_post: bool,
    page: F,
) -> Response
where
    F: Fn(Visit) -> Fut,
    Fut: Future<Output = Outcome>,
{
    let outcome = match Visit::begin(app.clone(), client, path, &headers, form, is_post).await {
        Ok(visit) => page(visit).await,
        Err(trouble) => Err(trouble),
    };
    outcome.unwrap_or_else(|trouble| trouble.answer(&app, client))
}

//! The pages, one module each.

pub mod address;
pub mod admin;
pub mod emailupdate;
pub mod emailverify;
pub mod error;
pub mod home;
pub mod passwordreset;
pub mod passwordupdate;
pub mod settings;
pub mod signin;
pub mod signincode;
pub mod signout;
pub mod signup;
pub mod stats;
pub mod tickets;
pub mod told;
pub mod twofactor;
pub mod voting;

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
use crate::pages::error::Trouble;
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
        show(app, "signincode", signincode::show),
        submit(app, "signincode", signincode::submit),
        show(app, "emailverify", emailverify::show),
        submit(app, "emailverify", emailverify::submit),
        show(app, "emailupdate", emailupdate::show),
        submit(app, "emailupdate", emailupdate::submit),
        show(app, "passwordreset", passwordreset::show),
        submit(app, "passwordreset", passwordreset::submit),
        show(app, "passwordupdate", passwordupdate::show),
        submit(app, "passwordupdate", passwordupdate::submit),
        show(app, "twofactor", twofactor::show),
        submit(app, "twofactor", twofactor::submit),
        show(app, "logout", signout::show),
        submit(app, "logout", signout::submit),
        show(app, "settings", settings::show),
        submit(app, "settings", settings::submit),
        show(app, "address", address::show),
        submit(app, "address", address::submit),
        show(app, "tickets", tickets::show),
        show(app, "tickets.json", tickets::download::tickets_json),
        show(app, "tickets.csv", tickets::download::tickets_csv),
        show(app, "address.json", tickets::download::address_json),
        show(app, "address.csv", tickets::download::address_csv),
        show(app, "voting", voting::show),
        submit(app, "voting", voting::submit),
        show(app, "stats", stats::show),
        show(app, "error", error::show),
        show(app, "status", admin::status::show),
        admin::status::json(app),
        show(app, "admintickets", admin::tickets::show),
        submit(app, "admintickets", admin::tickets::submit),
        show(app, "adminusers", admin::users::show),
        show(app, "adminuser", admin::user::show),
        submit(app, "adminuser", admin::user::submit),
        show(app, "adminvotes", admin::votes::show),
        show(app, "adminaudit", admin::audit::show),
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
            to_the_end(app.clone(), client, run(app.clone(), client, path, headers, form, true, page.clone()))
        })
        .boxed()
}

/// Runs what a form asks for to its end, even where the client hangs up: nothing is left half done.
async fn to_the_end(
    app: Arc<App>,
    client: ClientAddress,
    work: impl Future<Output = Response> + Send + 'static,
) -> Response {
    tokio::spawn(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a form broke down");
        Trouble::internal().answer(&app, client)
    })
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

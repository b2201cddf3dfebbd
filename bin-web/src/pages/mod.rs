//! The pages, one module each.

pub mod address;
pub mod admin;
pub mod captcha;
pub mod charts;
pub mod confirm;
mod email_form;
pub mod emailupdate;
pub mod emailverify;
pub mod enter;
pub mod error;
pub mod events;
pub mod home;
pub mod message;
pub mod passwordreset;
pub mod passwordupdate;
mod set_up;
pub mod settings;
pub mod signin;
pub mod signincode;
pub mod signout;
pub mod signup;
pub mod start;
pub mod stats;
pub mod tickets;
pub mod twofactor;
pub mod voting;
pub mod vsp;

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hyper::body::Bytes;
use stakepool::accounts::ClientAddress;
use stakepool_process::isolated;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, Method};
use warp::reply::Response;

use crate::browser::return_to::ReturnTo;
use crate::http::filters::at;
use crate::http::filters::{client, path, query};
use crate::http::form::Form;
use crate::page_error::PageError;
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

/// What a page does with a visit.
type Page = Arc<dyn Fn(Visit) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// What answers by itself who asks: the site, the client, the path and the headers.
type OwnAnswer = Arc<dyn Fn(Arc<Site>, ClientAddress, String, HeaderMap) -> BoxFuture<'static, Response> + Send + Sync>;

/// How a page is asked for, and what answers.
enum Handler {
    /// It is looked at.
    Show(Page),
    /// Its form is sent.
    Submit(Page),
    /// It is looked at, and no visitor needs to be known for that.
    Own(OwnAnswer),
}

/// A page, and how it is asked for.
struct Route {
    path: &'static str,
    handler: Handler,
}

/// All pages. Whatever must hold for every page and every form is tested on this list.
fn table() -> Vec<Route> {
    vec![
        Route::show("/", home::show),
        Route::show("/signin", signin::show),
        Route::submit("/signin", signin::submit),
        Route::show("/signup", signup::show),
        Route::submit("/signup", signup::submit),
        Route::show("/signincode", signincode::show),
        Route::submit("/signincode", signincode::submit),
        Route::show("/emailverify", emailverify::show),
        Route::submit("/emailverify", emailverify::submit),
        Route::show("/emailupdate", emailupdate::show),
        Route::submit("/emailupdate", emailupdate::submit),
        Route::show("/passwordreset", passwordreset::show),
        Route::submit("/passwordreset", passwordreset::submit),
        Route::show("/passwordupdate", passwordupdate::show),
        Route::submit("/passwordupdate", passwordupdate::submit),
        Route::show("/twofactor", twofactor::show),
        Route::submit("/twofactor", twofactor::submit),
        Route::show("/logout", signout::show),
        Route::submit("/logout", signout::submit),
        Route::show("/settings", settings::show),
        Route::submit("/settings", settings::submit),
        Route::show("/address", address::show),
        Route::submit("/address", address::submit),
        Route::show("/tickets", tickets::show),
        Route::show("/tickets/list", tickets::list),
        Route::show("/tickets/buy", tickets::buy),
        Route::show("/tickets/backup", tickets::backup),
        Route::show("/ticket", tickets::ticket::show),
        Route::show("/start", start::show),
        Route::show("/tickets.json", tickets::download::tickets_json),
        Route::show("/tickets.csv", tickets::download::tickets_csv),
        Route::show("/income.csv", tickets::income::csv),
        Route::show("/income.json", tickets::income::as_json),
        Route::show("/address.json", tickets::download::address_json),
        Route::show("/address.csv", tickets::download::address_csv),
        Route::show("/voting", voting::show),
        Route::submit("/voting", voting::submit),
        Route::show("/stats", stats::show),
        Route::show("/vsp", vsp::buying::show),
        Route::show("/vsp/ticket", vsp::ticket::show),
        Route::submit("/vsp/ticket", vsp::ticket::submit),
        Route::show("/vsp/claims", vsp::claims::show),
        Route::submit("/vsp/claims", vsp::claims::submit),
        Route::show("/error", error::show),
        Route::show("/status", admin::status::show),
        Route::own("/events", events::serve),
        Route::own("/status.json", admin::status::json::json),
        Route::show("/admintickets", admin::tickets::show),
        Route::submit("/admintickets", admin::tickets::submit),
        Route::show("/adminusers", admin::users::show),
        Route::show("/adminuser", admin::user::show),
        Route::submit("/adminuser", admin::user::submit),
        Route::show("/admininvitations", admin::invitations::show),
        Route::submit("/admininvitations", admin::invitations::submit),
        Route::show("/adminmail", admin::mail::show),
        Route::show("/adminvotes", admin::votes::show),
        Route::show("/adminincome", admin::income::show),
        Route::show("/adminincome.csv", admin::income::csv),
        Route::show("/adminvsp", admin::vsp::show),
        Route::show("/adminvsp.csv", admin::vsp_income::csv),
        Route::show("/adminaudit", admin::audit::show),
    ]
}

/// All pages.
pub fn routes(site: &Arc<Site>) -> BoxedFilter<(Response,)> {
    table()
        .into_iter()
        .map(|route| route.filter(site))
        .reduce(|routes, route| routes.or(route).unify().boxed())
        .unwrap_or_else(|| warp::any().and_then(|| async { Err(warp::reject::not_found()) }).boxed())
}

/// Every page that visitors see who have not signed in, as it may be made.
pub fn public_samples(site: &Site) -> Vec<Sample> {
    let pages = [
        home::samples(),
        stats::samples(),
        start::samples(),
        vsp::buying::samples(),
        vsp::ticket::samples(),
        signin::samples(site),
        signincode::samples(),
        signup::samples(site),
        emailverify::samples(site),
        emailupdate::samples(),
        passwordreset::samples(site),
        passwordupdate::samples(),
        error::samples(),
        vec![message::Message::RESET_SENT.sample()],
    ];
    pages.into_iter().flatten().collect()
}

/// The method and path of each page and form.
pub fn known() -> impl Iterator<Item = (Method, &'static str)> {
    table().into_iter().map(|route| (route.method(), route.path))
}

impl Route {
    /// A page that is looked at.
    fn show<F, Fut>(path: &'static str, page: F) -> Self
    where
        F: Fn(Visit) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        Self { path, handler: Handler::Show(Arc::new(move |visit| Box::pin(page(visit)))) }
    }

    /// A form that is sent.
    fn submit<F, Fut>(path: &'static str, page: F) -> Self
    where
        F: Fn(Visit) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        Self { path, handler: Handler::Submit(Arc::new(move |visit| Box::pin(page(visit)))) }
    }

    /// A page that finds out by itself who asks.
    fn own<F, Fut>(path: &'static str, answer: F) -> Self
    where
        F: Fn(Arc<Site>, ClientAddress, String, HeaderMap) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Response> + Send + 'static,
    {
        let answer =
            move |site, client, path, headers| Box::pin(answer(site, client, path, headers)) as BoxFuture<'static, _>;
        Self { path, handler: Handler::Own(Arc::new(answer)) }
    }

    const fn method(&self) -> Method {
        match self.handler {
            Handler::Show(_) | Handler::Own(_) => Method::GET,
            Handler::Submit(_) => Method::POST,
        }
    }

    fn filter(self, site: &Arc<Site>) -> BoxedFilter<(Response,)> {
        let here = at(self.path);
        match self.handler {
            Handler::Show(page) => here.and(show(site, page)).boxed(),
            Handler::Submit(page) => here.and(submit(site, page)).boxed(),
            Handler::Own(answer) => here.and(own(site, answer)).boxed(),
        }
    }
}

/// Answers whoever asks.
fn own(site: &Arc<Site>, answer: OwnAnswer) -> BoxedFilter<(Response,)> {
    let site = site.clone();
    warp::get()
        .and(client())
        .and(path())
        .and(warp::header::headers_cloned())
        .then(move |client, path, headers: HeaderMap| answer(site.clone(), client, path, headers))
        .boxed()
}

/// Answers a visitor who looks at a page.
fn show(site: &Arc<Site>, page: Page) -> BoxedFilter<(Response,)> {
    let site = site.clone();
    warp::get()
        .and(client())
        .and(path())
        .and(query())
        .and(warp::header::headers_cloned())
        .then(move |client, path, query: String, headers: HeaderMap| {
            let form = Form::urlencoded(query.as_bytes());
            run(site.clone(), client, path, headers, form, false, page.clone())
        })
        .boxed()
}

/// Answers a visitor who sends a form.
fn submit(site: &Arc<Site>, page: Page) -> BoxedFilter<(Response,)> {
    let site = site.clone();
    warp::post()
        .and(client())
        .and(path())
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .then(move |client, path, headers: HeaderMap, body: Bytes| {
            // Unlike in the API, the query does not count: a password must not come from a link.
            let form = Form::read(&headers, "", &body);
            to_the_end(site.clone(), client, run(site.clone(), client, path, headers, form, true, page.clone()))
        })
        .boxed()
}

/// Runs what a form asks for to its end, even where the client hangs up: nothing is left half done.
async fn to_the_end(
    site: Arc<Site>,
    client: ClientAddress,
    work: impl Future<Output = Response> + Send + 'static,
) -> Response {
    tokio::spawn(isolated(work)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a form broke down");
        error::answer(PageError::internal(), &site, client)
    })
}

async fn run(
    site: Arc<Site>,
    client: ClientAddress,
    path: String,
    headers: HeaderMap,
    form: Form,
    is_post: bool,
    page: Page,
) -> Response {
    let sent = is_post.then(|| form_place(&path, &form));
    // What a form brings must never get into an address.
    let return_to = ReturnTo::of(&path, &if is_post { String::new() } else { form.encoded() });
    let outcome = match Visit::begin(site.clone(), client, path.clone(), &headers, form, is_post).await {
        Ok(visit) => page(visit).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(response) => response,
        Err(PageError::SignInFirst) => enter::first(&site, return_to.as_ref()),
        Err(error) => error::show_error(site, client, path, &headers, error, sent.as_deref()).await,
    }
}

/// Where the form is that was sent to a path: some are found by a field.
fn form_place(path: &str, form: &Form) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    fields.extend_pairs(["id", "t"].into_iter().filter_map(|name| Some((name, form.get(name)?))));
    match fields.finish().as_str() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

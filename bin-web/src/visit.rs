//! One visit to a page: who comes, with what, and how they are answered.

use std::sync::Arc;

use serde::Serialize;
use stakepool_core::accounts::User;
use stakepool_core::chain::Network;
use stakepool_core::ports::{SessionToken, StoreError};
use tera::Context;
use warp::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

use crate::site::Site;
use stakepool::user_cache::CachedUser;
use stakepool::accounts::ClientAddress;
use crate::http::form::Form;
use crate::browser::return_to::ReturnTo;
use stakepool::accounts::KnownBrowser;
use stakepool::accounts::MustWait;
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::pages::signincode;
use crate::browser::{csrf, device};
use crate::session;

/// A request for a page.
pub struct Visit {
    /// The application.
    pub app: Arc<App>,
    /// From where.
    pub client: ClientAddress,
    /// The fields of the form and the query.
    pub form: Form,
    /// Which page, for the navigation.
    pub path: String,
    /// The signed note of who showed the right password and lacks the second factor.
    pub first_step: Option<String>,
    /// The browser, where it has signed in before to the account of the address that was typed.
    pub known: Option<KnownBrowser>,
    /// Where the visitor wanted to go before signing in.
    pub goal: Option<Goal>,
    device: String,
    session: Option<(SessionToken, Arc<CachedUser>)>,
    csrf: String,
    set_csrf: bool,
    notice: Option<Notice>,
}

/// A page's outcome: an answer, or what went wrong.
pub type Outcome = Result<Response, Trouble>;

/// What every page shows.
#[derive(Serialize)]
struct Frame<'a> {
    name: &'a str,
    network: &'a str,
    is_mainnet: bool,
    fee: String,
    email: &'a str,
    link: &'a str,
    closed: Option<&'a str>,
    /// Whether the pool sends mail.
    mail: bool,
    style: String,
    script: String,
    icon: String,
    version: &'static str,
}

/// The signed-in user as pages show them.
#[derive(Serialize)]
struct Me<'a> {
    id: i64,
    email: &'a str,
    has_address: bool,
    is_admin: bool,
}

impl Visit {
    /// Finds out who comes. A browser whose form is not ours is refused where `is_post`.
    ///
    /// # Errors
    /// [`Trouble`] where the store fails or the form is forged.
    pub async fn begin(
        app: Arc<App>,
        client: ClientAddress,
        path: String,
        headers: &HeaderMap,
        form: Form,
        is_post: bool,
    ) -> Result<Self, Trouble> {
        let session = match session::find(&app, headers).await? {
            Some((token, user)) => app.user(user).await?.filter(|user| !user.user.disabled).map(|user| (token, user)),
            None => None,
        };
        let token = session.as_ref().map(|(token, _)| token);
        let cookie = app.cookies.read(headers, csrf::COOKIE);
        if is_post && app.csrf.check(cookie, form.get(csrf::FIELD), token).is_err() {
            return Err(Trouble::StaleForm);
        }
        let valid = cookie.filter(|cookie| app.csrf.is_valid(cookie, token));
        let set_csrf = valid.is_none();
        let csrf = valid.map_or_else(|| app.csrf.issue(token, app.services.random.as_ref()), str::to_owned);
        let notice = Notice::read(app.cookies, headers);
        let first_step = app.cookies.read(headers, signincode::COOKIE).map(str::to_owned);
        let known = form.get("email").and_then(|typed| app.known.browser(headers, typed));
        let (goal, device) = (app.goals.read(headers, app.now()), device::name(headers));
        Ok(Self { app, client, form, path, first_step, known, goal, device, session, csrf, set_csrf, notice })
    }

    /// A visit of which nothing is known, for the page that tells of an error.
    pub fn unknown(app: Arc<App>, client: ClientAddress) -> Self {
        let (form, path, csrf) = (Form::default(), String::new(), String::new());
        Self {
            app,
            client,
            form,
            path,
            first_step: None,
            known: None,
            goal: None,
            device: String::new(),
            session: None,
            csrf,
            set_csrf: false,
            notice: None,
        }
    }

    /// A visit of somebody of whom nothing is known but the token for forms.
    pub fn anonymous(app: Arc<App>, path: String, csrf: String) -> Self {
        Self { path, csrf, ..Self::unknown(app, ClientAddress::LOCAL) }
    }

    /// The visit of a user to the front page, of whom only templates learn that are tried out.
    pub fn of_sample(app: Arc<App>, user: Arc<CachedUser>) -> Self {
        let session = Some((SessionToken([0; 32]), user));
        Self { session, ..Self::anonymous(app, "/".to_owned(), String::new()) }
    }

    /// The signed-in user, if any.
    pub fn user(&self) -> Option<&User> {
        self.session.as_ref().map(|(_, user)| &user.user)
    }

    /// The signed-in user, or a way to sign in.
    ///
    /// # Errors
    /// [`Trouble::SignInFirst`].
    pub fn need_user(&self) -> Result<&User, Trouble> {
        self.user().ok_or(Trouble::SignInFirst)
    }

    /// The signed-in user, where they may administer the pool from where they are.
    pub fn administrator(&self) -> Option<&User> {
        self.user().filter(|user| self.app.options.administration.admits(user, self.client.0))
    }

    /// From where and with what the visitor comes, for people.
    pub fn comes_from(&self) -> String {
        format!("{}, {}", self.client, self.device)
    }

    /// The session, if any.
    pub fn session(&self) -> Option<&SessionToken> {
        self.session.as_ref().map(|(token, _)| token)
    }

    /// Makes a page.
    ///
    /// # Errors
    /// [`Trouble`] where the template is wrong.
    pub fn page(&self, template: &str, status: StatusCode, content: &impl Serialize) -> Outcome {
        let html = self.app.renderer.render(template, &self.frame(), content)?;
        let mut response = Response::new(html.into());
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if self.set_csrf {
            add_cookie(&mut response, self.app.cookies.set(csrf::COOKIE, &self.csrf, None));
        }
        if self.notice.is_some() {
            add_cookie(&mut response, Notice::clear(self.app.cookies));
        }
        Ok(response)
    }

    /// Makes a page that says to wait.
    ///
    /// # Errors
    /// As [`Visit::page`].
    pub fn page_to_wait(&self, template: &str, wait: MustWait, content: &impl Serialize) -> Outcome {
        let mut response = self.page(template, StatusCode::TOO_MANY_REQUESTS, content)?;
        if let Ok(seconds) = HeaderValue::from_str(&wait.0.as_secs().max(1).to_string()) {
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        Ok(response)
    }

    /// Sends the browser on with a notice.
    pub fn done(&self, notice: Notice, to: &'static str) -> Response {
        let mut response = see_other(to);
        add_cookie(&mut response, notice.cookie(self.app.cookies));
        response
    }

    /// What every page holds.
    pub fn frame(&self) -> Context {
        let options = &self.app.options;
        let frame = Frame {
            name: &options.site_name,
            network: options.network.name(),
            is_mainnet: options.network == Network::Mainnet,
            fee: options.pool_fee.to_string(),
            email: &options.pool_email,
            link: &options.pool_link,
            closed: options.closed.as_deref(),
            mail: self.app.post.is_on(),
            style: self.app.assets.url("style.css"),
            script: self.app.assets.url("copy.js"),
            icon: self.app.assets.url("icon.svg"),
            version: env!("CARGO_PKG_VERSION"),
        };
        let me = self.user().map(|user| Me {
            id: user.id.0,
            email: user.email.as_str(),
            has_address: user.registration.is_some(),
            is_admin: self.administrator().is_some(),
        });
        let mut context = Context::new();
        context.insert("site", &frame);
        context.insert("me", &me);
        context.insert("csrf_token", &self.csrf);
        context.insert("path", &self.path);
        context.insert("notice", &self.notice.map(Notice::text));
        context.insert("notice_link", &self.notice.and_then(Notice::link));
        context
    }
}

/// Sends the browser to another page of ours.
pub fn see_other(to: &'static str) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    response
}

/// Adds a cookie to an answer.
pub fn add_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page could not be served");
        Self::database()
    }
}

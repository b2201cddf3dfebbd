//! One visit to a page: who comes, with what, and how they are answered.

use std::sync::Arc;

use http_body_util::BodyExt;
use serde::Serialize;
use stakepool::accounts::{ClientAddress, MustWait, Origin};
use stakepool::{Notice, NoticeKind};
use stakepool_core::accounts::User;
use stakepool_core::chain::Network;
use stakepool_core::ports::SessionToken;
use tera::Context;
use warp::http::header::{CONTENT_TYPE, RETRY_AFTER};
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::Response;

use crate::browser::flash::Flash;
use crate::browser::return_to::ReturnTo;
use crate::browser::{cookies, csrf, device};
use crate::http::form::Form;
use crate::http::own_pages::OwnPage;
use crate::http::pieces;
use crate::http::respond::{Packable, add_cookie, see_other};
use crate::page_error::PageError;
use crate::site::Site;

/// Longest address whose page is kept, in bytes.
const LONGEST_TARGET: usize = 300;

/// A request for a page.
pub struct Visit {
    /// The web.
    pub site: Arc<Site>,
    /// From where.
    pub client: ClientAddress,
    /// The fields of the form and the query.
    pub form: Form,
    /// Which page, for the navigation.
    pub path: String,
    /// The note of a browser that has shown the right password and lacks the second factor.
    pub first_step: Option<String>,
    /// Which page the visitor wanted before signing in.
    pub return_to: Option<ReturnTo>,
    /// Where the request comes from, and by what.
    pub origin: Origin,
    session: Option<(SessionToken, Arc<User>)>,
    csrf: String,
    set_csrf: bool,
    flash: Option<Flash>,
}

/// A page's outcome: an answer, or what went wrong.
pub type Outcome = Result<Response, PageError>;

/// What every page shows.
#[derive(Serialize)]
struct Frame<'a> {
    name: &'a str,
    network: &'a str,
    is_mainnet: bool,
    fee: String,
    email: &'a str,
    link: &'a str,
    closed: Option<String>,
    /// Whether its closing day has come.
    closed_for_good: bool,
    /// What users are to know.
    notices: Vec<ShownNotice>,
    /// Whether the pool sends mail.
    mail: bool,
    /// Whether wallets of today are served.
    vsp: bool,
    /// The block explorer.
    explorer: Option<&'a str>,
    style: String,
    script: String,
    live: String,
    icon: String,
    touch_icon: String,
    version: &'static str,
    /// Whether the page is loaded anew after a while where no script renews it.
    refreshes: bool,
}

/// A notice as pages show it.
#[derive(Serialize)]
struct ShownNotice {
    heading: &'static str,
    dates: String,
    text: String,
    is_closing: bool,
}

impl From<Notice> for ShownNotice {
    fn from(notice: Notice) -> Self {
        Self {
            heading: notice.kind.heading(),
            dates: notice.dates(),
            is_closing: notice.kind == NoticeKind::Closing,
            text: notice.text,
        }
    }
}

/// The signed-in user as pages show them.
#[derive(Serialize)]
struct Me {
    id: i64,
    email: String,
    has_address: bool,
    is_admin: bool,
    /// For an administrator: how many problems of the pool are open, and whether one is critical.
    problems: usize,
    is_critical: bool,
}

impl Visit {
    /// Finds out who comes. A browser whose form is not ours is refused where `is_post`.
    ///
    /// # Errors
    /// [`PageError`] where the store fails or the form is forged.
    pub async fn begin(
        site: Arc<Site>,
        client: ClientAddress,
        path: String,
        headers: &HeaderMap,
        form: Form,
        is_post: bool,
    ) -> Result<Self, PageError> {
        let session = match site.cookies.read(headers, cookies::SESSION) {
            Some(secret) => site.pool.session(secret).await?,
            None => None,
        };
        let token = session.as_ref().map(|(token, _)| token);
        let cookie = site.cookies.read(headers, csrf::COOKIE);
        if is_post && site.csrf.check(cookie, form.get(csrf::FIELD), token).is_err() {
            return Err(PageError::StaleForm);
        }
        let valid = cookie.filter(|cookie| site.csrf.is_valid(cookie, token));
        let set_csrf = valid.is_none();
        let csrf = valid.map_or_else(|| site.csrf.issue(token, site.random()), str::to_owned);
        let flash = Flash::read(site.cookies, headers);
        let first_step = site.cookies.read(headers, cookies::FIRST_STEP).map(str::to_owned);
        let known_browser = site.cookies.read(headers, cookies::KNOWN_BROWSER).map(str::to_owned);
        let origin = Origin::new(client).device(device::name(headers)).known_browser(known_browser);
        let return_to = site.return_tos.read(headers, site.now());
        Ok(Self { site, client, form, path, first_step, return_to, origin, session, csrf, set_csrf, flash })
    }

    /// A visit of which nothing is known, for the page of an error.
    pub fn unknown(site: Arc<Site>, client: ClientAddress) -> Self {
        let (form, path, csrf) = (Form::default(), String::new(), String::new());
        Self {
            site,
            client,
            form,
            path,
            first_step: None,
            return_to: None,
            origin: Origin::new(client),
            session: None,
            csrf,
            set_csrf: false,
            flash: None,
        }
    }

    /// A visit of somebody of whom nothing is known but the token for forms.
    pub fn anonymous(site: Arc<Site>, path: String, csrf: String) -> Self {
        Self { path, csrf, ..Self::unknown(site, ClientAddress::LOCAL) }
    }

    /// The visit of a user to the front page, of whom only templates learn that are tried out.
    pub fn of_sample(site: Arc<Site>, user: Arc<User>) -> Self {
        let session = Some((SessionToken([0; 32]), user));
        Self { session, ..Self::anonymous(site, "/".to_owned(), String::new()) }
    }

    /// The signed-in user, if any.
    pub fn user(&self) -> Option<&User> {
        self.session.as_ref().map(|(_, user)| user.as_ref())
    }

    /// The signed-in user, or a way to sign in.
    ///
    /// # Errors
    /// [`PageError::SignInFirst`].
    pub fn need_user(&self) -> Result<&User, PageError> {
        self.user().ok_or(PageError::SignInFirst)
    }

    /// The signed-in user, where they may administer the pool from where they are.
    pub fn administrator(&self) -> Option<&User> {
        self.user().filter(|user| self.may_administer(user))
    }

    /// Whether a user may administer the pool from where the visitor is.
    pub fn may_administer(&self, user: &User) -> bool {
        let (pool, admission) = (&self.site.pool, &self.site.options.admission);
        pool.settings().administers(user) && admission.admits(self.client)
    }

    /// The session, if any.
    pub fn session(&self) -> Option<&SessionToken> {
        self.session.as_ref().map(|(token, _)| token)
    }

    /// A secret of this browser, as long as its user stays the same.
    pub fn browser(&self) -> &str {
        &self.csrf
    }

    /// Makes a page.
    ///
    /// # Errors
    /// [`PageError`] where the template is wrong.
    pub fn page(&self, template: &str, status: StatusCode, content: &impl Serialize) -> Outcome {
        let html = self.site.renderer.render(template, &self.frame(), content)?;
        // The token of the forms is a secret, and so is much that is shown to who has signed in.
        let is_public = self.session.is_none() && !html.contains(&self.csrf);
        let mut response = self.answer(status, Response::new(html.into()));
        if is_public {
            response.extensions_mut().insert(Packable);
        }
        Ok(response)
    }

    /// A page of the user that is made anew only where something on it may have changed, and once a second. It may hold
    /// nothing that depends on the session, and nothing but the query of the form.
    ///
    /// # Errors
    /// As what makes it.
    pub async fn remembered<Fut>(&self, make: impl Fn() -> Fut) -> Outcome
    where
        Fut: Future<Output = Outcome>,
    {
        let Some(of) = self.own_page().await else { return make().await };
        let mut other = None;
        let keep = async {
            match make().await {
                Ok(page) if page.status() == StatusCode::OK => {
                    let body = page.into_body().collect().await.ok()?.to_bytes();
                    pieces::cut(&body, &self.csrf)
                }
                outcome => {
                    other = Some(outcome);
                    None
                }
            }
        };
        match self.site.own_pages.get(of, keep).await {
            Some(page) => Ok(self.answer(StatusCode::OK, Response::new(pieces::joined(&page, &self.csrf).into()))),
            None => match other {
                Some(outcome) => outcome,
                None => make().await,
            },
        }
    }

    /// What decides over the user's page, where one may be kept: what administrators see depends on more.
    async fn own_page(&self) -> Option<OwnPage> {
        let user = self.user().filter(|_| self.flash.is_none() && self.administrator().is_none())?;
        let pool = &self.site.pool;
        let tip = pool.figures().await.ok().map(|figures| figures.stake.height);
        let changes = pool.parts().ledger.changes().await.ok()?;
        let target = format!("{}?{}", self.path, self.form.encoded());
        (target.len() <= LONGEST_TARGET).then(|| OwnPage {
            user: user.id,
            has_address: user.registration.is_some(),
            changes,
            tip,
            minute: pool.now().0.div_euclid(60),
            target,
        })
    }

    /// A page with what the browser is to keep.
    fn answer(&self, status: StatusCode, mut response: Response) -> Response {
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if self.set_csrf {
            add_cookie(&mut response, self.site.cookies.set(csrf::COOKIE, &self.csrf, None));
        }
        if self.flash.is_some() {
            add_cookie(&mut response, Flash::clear(self.site.cookies));
        }
        response
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

    /// Sends the browser on with a flash.
    pub fn done(&self, flash: Flash, to: &'static str) -> Response {
        let mut response = see_other(to);
        add_cookie(&mut response, flash.cookie(self.site.cookies));
        response
    }

    /// What every page holds.
    pub fn frame(&self) -> Context {
        let (pool, terms) = (&self.site.pool, self.site.pool.terms());
        let identity = pool.site();
        let frame = Frame {
            name: &identity.name,
            network: terms.network.name(),
            is_mainnet: terms.network == Network::Mainnet,
            fee: terms.in_force().fee.to_string(),
            email: &identity.help_email,
            link: &identity.link,
            closed: (*terms.closed.get()).clone(),
            closed_for_good: terms.closed.is_for_good(),
            notices: pool.notices().into_iter().map(ShownNotice::from).collect(),
            mail: pool.sends_mail(),
            vsp: pool.vsp().is_some(),
            explorer: self.site.options.explorer.as_deref(),
            style: self.site.assets.url("style.css"),
            script: self.site.assets.url("copy.js"),
            live: self.site.assets.url("live.js"),
            icon: self.site.assets.url("icon.svg"),
            touch_icon: self.site.assets.url("touch-icon.png"),
            version: env!("CARGO_PKG_VERSION"),
            refreshes: self.path == "/status" && self.form.get("still").is_none(),
        };
        let me = self.user().map(|user| {
            let is_admin = self.administrator().is_some();
            let (problems, critical) = if is_admin { pool.open_problems() } else { (0, 0) };
            let (email, has_address) = (user.email.to_string(), user.registration.is_some());
            Me { id: user.id.0, email, has_address, is_admin, problems, is_critical: critical > 0 }
        });
        let mut context = Context::new();
        context.insert("site", &frame);
        context.insert("me", &me);
        context.insert("csrf_token", &self.csrf);
        context.insert("path", &self.path);
        context.insert("notice", &self.flash.map(Flash::text));
        context.insert("notice_link", &self.flash.and_then(Flash::link));
        context
    }
}

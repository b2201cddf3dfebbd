//! The front end: each handler reads JSON, calls one use case of the pool, and answers JSON. Limits of tries, equal
//! times and the checks of passwords are the pool's; cookies and the guard against forged requests stand here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, ORIGIN, RETRY_AFTER};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;
use serde_json::{Value, json};
use stakepool::Pool;
use stakepool::accounts::{
    ApiKeyError, ClientAddress, FIRST_STEP_LASTS, KeyAfterReset, NewPassword, NewSession, Origin, RefusalKind, Refused,
    ResetError, SESSION_LASTS, SignedIn, SignedUp,
};
use stakepool_core::{accounts::User, bearer::bearer_token, ports::SessionToken};

/// Cookies of this name come over HTTPS and from this host: no page of a sister domain can set them.
const SESSION: &str = "__Host-session";
const FIRST_STEP: &str = "__Host-firststep";
const KNOWN_BROWSER: &str = "__Host-browser";
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The routes of a pool, to be served with the client's address (`into_make_service_with_connect_info`). The pool's base
/// URL must be as browsers write an origin: scheme and host, no path.
pub fn router(pool: Arc<Pool>) -> Router {
    Router::new()
        .route("/signup", post(sign_up))
        .route("/verify", post(verify))
        .route("/signin", post(sign_in))
        .route("/signin/code", post(second_step))
        .route("/signout", post(sign_out))
        .route("/reset", post(ask_reset))
        .route("/reset/set", post(reset))
        .route("/password", post(change_password))
        .route("/close", post(close))
        .route("/key", get(has_key).post(renew_key).delete(revoke_key))
        .route("/key/show", post(show_key))
        .route("/address", post(register))
        .route("/purchaseinfo", get(purchase_info))
        .layer(from_fn_with_state(pool.clone(), guard))
        .with_state(pool)
}

/// Lets what may change something through only from the pool's own pages: browsers say truly from which origin a page
/// is, and send JSON to another origin only where that allows it, which the pool never does. A handler that has begun
/// goes on to its end where the client hangs up, so that nothing is left half done.
async fn guard(State(pool): State<Arc<Pool>>, request: Request, next: Next) -> Response {
    let (headers, reads) = (request.headers(), request.method().is_safe());
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !(reads || is_json && headers.get(ORIGIN).is_some_and(|from| from == &pool.site().base_url)) {
        return refuse(StatusCode::FORBIDDEN, "this request is not from a page of the pool", None).into_response();
    }
    let done = tokio::spawn(next.run(request)).await;
    ([(CACHE_CONTROL, "no-store")], done.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)).into_response()
}

/// The fields that requests have; one that is missing is empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Form {
    email: String,
    password: String,
    new_password: String,
    code: String,
    token: String,
    key: String,
}

/// A request: where from, with which cookies and fields, and in which session.
struct Visit {
    pool: Arc<Pool>,
    origin: Origin,
    cookies: CookieJar,
    session: Option<SessionToken>,
    user: Option<Arc<User>>,
    form: Form,
}

/// Who sends a request. Behind a proxy this is the proxy's address: then the client's must come from a header that it alone
/// can set.
fn client(from: Option<&ConnectInfo<SocketAddr>>) -> ClientAddress {
    from.map_or(ClientAddress::UNKNOWN, |ConnectInfo(address)| ClientAddress(address.ip()))
}

impl FromRequest<Arc<Pool>> for Visit {
    type Rejection = Error;

    async fn from_request(request: Request, pool: &Arc<Pool>) -> Result<Self, Error> {
        let client = client(request.extensions().get());
        let cookies = CookieJar::from_headers(request.headers());
        let value = |name| cookies.get(name).map(|cookie| cookie.value().to_owned());
        let (session, user) = pool.session(&value(SESSION).unwrap_or_default()).await?.unzip();
        let origin = Origin::new(client).device("a browser").known_browser(value(KNOWN_BROWSER));
        let form = Option::<Json<Form>>::from_request(request, pool).await;
        let Json(form) = form.map_err(|no| refuse(no.status(), no.body_text(), None))?.unwrap_or_default();
        Ok(Self { pool: pool.clone(), origin, cookies, session, user, form })
    }
}

type Answer = Result<(CookieJar, Json<Value>), Error>;

impl Visit {
    fn user(&self) -> Result<&User, Error> {
        self.user.as_deref().ok_or_else(|| refuse(StatusCode::UNAUTHORIZED, "sign in first", None))
    }

    fn set(&mut self, name: &'static str, value: String, lasts: Duration) {
        let cookie = Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(SameSite::Strict);
        let lasts = lasts.try_into().unwrap_or_default();
        self.cookies = self.cookies.clone().add(cookie.max_age(lasts));
    }

    fn say(self, answer: Value) -> Answer {
        Ok((self.cookies, Json(answer)))
    }

    fn enter(mut self, session: &NewSession) -> Answer {
        self.set(SESSION, session.secret.reveal(), SESSION_LASTS);
        self.set(KNOWN_BROWSER, session.known_browser.clone(), A_YEAR);
        self.set(FIRST_STEP, String::new(), Duration::ZERO);
        self.say(json!({ "state": "signed in", "second_factor_due": session.second_factor_due }))
    }

    fn leave(mut self) -> Answer {
        self.set(SESSION, String::new(), Duration::ZERO);
        self.say(json!({ "state": "signed out" }))
    }
}

async fn sign_up(visit: Visit) -> Answer {
    let checked = visit.pool.sign_up(&visit.form.email, NewPassword::once(&visit.form.password), &visit.origin)?;
    // Here is the place for a question against robots.
    let check_mail = checked.finish().await? == SignedUp::CheckMail;
    visit.say(json!({ "state": if check_mail { "check your mail" } else { "ready" } }))
}

async fn verify(visit: Visit) -> Answer {
    visit.pool.verify_email(&visit.form.token, &visit.origin).await?;
    visit.say(json!({ "state": "verified" }))
}

async fn sign_in(mut visit: Visit) -> Answer {
    match visit.pool.sign_in(&visit.form.email, &visit.form.password, &visit.origin, visit.session.as_ref()).await? {
        SignedIn::Session(session) => visit.enter(&session),
        SignedIn::SecondFactor(note) => {
            visit.set(FIRST_STEP, note, FIRST_STEP_LASTS);
            visit.say(json!({ "state": "second factor needed" }))
        }
    }
}

async fn second_step(visit: Visit) -> Answer {
    let note = visit.cookies.get(FIRST_STEP).map_or("", Cookie::value);
    let (session, _) = visit.pool.second_step(note, &visit.form.code, &visit.origin, visit.session.as_ref()).await?;
    visit.enter(&session)
}

async fn sign_out(visit: Visit) -> Answer {
    if let Some(session) = &visit.session {
        visit.pool.sign_out(session).await?;
    }
    visit.leave()
}

async fn ask_reset(visit: Visit) -> Answer {
    visit.pool.ask_reset(&visit.form.email, &visit.origin)?.send().map_err(ResetError::Wait)?;
    visit.say(json!({ "state": "check your mail" }))
}

async fn reset(visit: Visit) -> Answer {
    let new = NewPassword::once(&visit.form.new_password);
    visit.pool.reset_password(&visit.form.token, new, KeyAfterReset::Kept, &visit.origin).await?;
    visit.leave()
}

async fn change_password(visit: Visit) -> Answer {
    let new = NewPassword::once(&visit.form.new_password);
    let session = visit.pool.change_password(visit.user()?, &visit.form.password, new, &visit.origin).await?;
    visit.enter(&session)
}

async fn close(visit: Visit) -> Answer {
    visit.pool.close_account(visit.user()?, &visit.form.password, &visit.origin).await?;
    visit.leave()
}

async fn has_key(visit: Visit) -> Answer {
    let has_key = !visit.user()?.has_no_api_key();
    visit.say(json!({ "has_key": has_key }))
}

async fn show_key(visit: Visit) -> Answer {
    let key = visit.pool.show_api_key(visit.user()?, &visit.form.password, &visit.origin).await?;
    visit.say(json!({ "key": key }))
}

async fn renew_key(visit: Visit) -> Answer {
    let user = visit.pool.renew_api_key(visit.user()?, &visit.form.password, &visit.origin).await?;
    let key = visit.pool.api_key(&user)?;
    visit.say(json!({ "key": key }))
}

async fn revoke_key(visit: Visit) -> Answer {
    visit.pool.revoke_api_key(visit.user()?, &visit.form.password, &visit.origin).await?;
    visit.say(json!({ "key": null }))
}

async fn register(visit: Visit) -> Answer {
    let registration = visit.pool.register(visit.user()?.id, &visit.form.key).await?;
    visit.say(json!({ "address": registration.address.to_string(), "script": registration.script.to_string() }))
}

/// What a wallet needs for buying tickets. It shows its key and no cookie.
async fn purchase_info(
    State(pool): State<Arc<Pool>>,
    from: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Error> {
    let bearer = headers.get(AUTHORIZATION).and_then(|header| bearer_token(header.to_str().ok()?));
    let client = client(from.as_deref());
    let user = pool.user_of_api_key_from(bearer.ok_or(ApiKeyError::Invalid)?, client).await?;
    let unregistered = || refuse(StatusCode::UNPROCESSABLE_ENTITY, "no address submitted", None);
    let registration = user.registration.as_ref().ok_or_else(unregistered)?;
    Ok(Json(json!({
        "PoolAddress": pool.terms().fee_address(registration).to_string(), "PoolFees": pool.terms().in_force().fee.percent(),
        "Script": registration.script.to_string(), "TicketAddress": registration.address.to_string(),
        "VoteBits": user.voting.bits.0, "VoteBitsVersion": user.voting.version.0,
    })))
}

/// A refusal as it is answered.
struct Error(Box<Response>);

fn refuse(status: StatusCode, text: impl ToString, wait: Option<Duration>) -> Error {
    let wait = wait.map(|wait| [(RETRY_AFTER, wait.as_secs().max(1).to_string())]);
    Error(Box::new((status, wait, Json(json!({ "error": text.to_string() }))).into_response()))
}

impl<E: Refused> From<E> for Error {
    fn from(error: E) -> Self {
        match error.kind() {
            RefusalKind::Rejected => refuse(StatusCode::UNPROCESSABLE_ENTITY, &error, None),
            RefusalKind::Denied => refuse(StatusCode::UNAUTHORIZED, &error, None),
            RefusalKind::Wait(wait) => refuse(StatusCode::TOO_MANY_REQUESTS, &error, Some(wait.0)),
            RefusalKind::Busy => refuse(StatusCode::SERVICE_UNAVAILABLE, &error, None),
            RefusalKind::Fault => {
                tracing::error!(%error, "a request could not be served");
                refuse(StatusCode::INTERNAL_SERVER_ERROR, "the pool failed; nothing is lost, try again later", None)
            }
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        *self.0
    }
}

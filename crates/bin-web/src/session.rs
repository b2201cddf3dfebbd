//! Signed-in browsers: a row in the database, and a random number in a cookie that only the browser knows.

use std::time::Duration;

use stakepool_core::accounts::{SecretToken, UserId};
use stakepool_core::ports::{Session, SessionToken, StoreError};
use warp::http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::client::ClientAddress;
use crate::cookies;

/// The name of the cookie.
pub const COOKIE: &str = "session";

/// How long a session lasts.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// The session that a request's cookie names, unless it has ended.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, headers: &HeaderMap) -> Result<Option<(SessionToken, UserId)>, StoreError> {
    let Some(Ok(token)) = cookies::read(headers, COOKIE).map(SecretToken::parse) else { return Ok(None) };
    let token = SessionToken(token.hash());
    let session = app.services.sessions.find(&token, app.now()).await?;
    Ok(session.map(|session| (token, session.user)))
}

/// Begins a session and answers its cookie.
///
/// # Errors
/// [`StoreError`].
pub async fn begin(app: &App, user: UserId, client: ClientAddress) -> Result<Option<HeaderValue>, StoreError> {
    let secret = SecretToken::random(app.services.random.as_ref());
    let now = app.now();
    let session = Session { user, created: now, last_seen: now, expires: now.plus(LASTS), client: client.to_string() };
    app.services.sessions.begin(&SessionToken(secret.hash()), &session).await?;
    Ok(app.cookies.set(COOKIE, &secret.reveal(), Some(LASTS)))
}

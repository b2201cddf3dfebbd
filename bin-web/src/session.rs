//! Signed-in browsers: a row in the database, and a random number in a cookie that only the browser knows.

use std::time::Duration;

use stakepool_core::accounts::{SecretToken, User, UserId};
use stakepool_core::ports::{Session, SessionToken, StoreError};
use warp::http::{HeaderMap, HeaderValue};

use crate::site::Site;
use crate::visit::Visit;

/// The name of the cookie.
pub const COOKIE: &str = "session";

/// How long a session lasts.
const LASTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// The session that a request's cookie names, unless it has ended.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, headers: &HeaderMap) -> Result<Option<(SessionToken, UserId)>, StoreError> {
    let Some(Ok(token)) = app.cookies.read(headers, COOKIE).map(SecretToken::parse) else { return Ok(None) };
    let token = SessionToken(token.hash());
    let session = app.services.sessions.find(&token, app.now()).await?;
    Ok(session.map(|session| (token, session.user)))
}

/// Begins a session of the visiting browser and answers its cookie. `user` is as it was when the password was found right.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Conflict`] where the password has become another one since: whoever knew the old one is
/// out everywhere, even who was just signing in with it. No session is left then.
pub async fn begin(visit: &Visit, user: &User) -> Result<Option<HeaderValue>, StoreError> {
    let app = &visit.app;
    let secret = SecretToken::random(app.services.random.as_ref());
    let (now, client) = (app.now(), visit.comes_from());
    let session = Session { user: user.id, created: now, last_seen: now, expires: now.plus(LASTS), client };
    let token = SessionToken(secret.hash());
    app.services.sessions.begin(&token, &session).await?;
    // Looked at after the beginning: a password that is changed later ends this session with all others.
    let refused = match app.services.users.by_id(user.id).await {
        Ok(Some(stored)) if stored.password == user.password => None,
        Ok(_) => Some(StoreError::Conflict("password")),
        Err(error) => Some(error),
    };
    if let Some(error) = refused {
        app.services.sessions.end(&token).await?;
        return Err(error);
    }
    Ok(app.cookies.set(COOKIE, &secret.reveal(), Some(LASTS)))
}

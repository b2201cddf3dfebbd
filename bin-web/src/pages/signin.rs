//! Signing in.

use serde::Serialize;
use stakepool_core::accounts::{Email, PasswordCheck, PasswordError, PasswordHashes, User};
use stakepool_core::ports::StoreError;
use warp::http::StatusCode;
use warp::reply::Response;

use super::signincode;
use crate::site::Site;
use crate::browser::return_to::ReturnTo;
use crate::browser::flash::Flash;
use crate::view::render::Sample;
use crate::session;
use crate::visit::{Outcome, Visit};
use crate::http::respond::{add_cookie, see_other};

const TEMPLATE: &str = "signin.html.tera";

#[derive(Default, Serialize)]
struct SignIn<'a> {
    email: &'a str,
    error: Option<String>,
    unverified: bool,
}

/// Shows the form.
pub async fn show(visit: Visit) -> Outcome {
    visit.page(TEMPLATE, StatusCode::OK, &SignIn::default())
}

/// Sends somebody here who must sign in to see a page, and remembers that page.
pub fn first(app: &App, goal: Option<&Goal>) -> Response {
    let mut response = see_other("/signin");
    add_cookie(&mut response, Notice::SignInFirst.cookie(app.cookies));
    add_cookie(&mut response, goal.and_then(|goal| app.goals.cookie(goal, app.now())));
    response
}

/// Checks the password and begins a session.
pub async fn submit(visit: Visit) -> Outcome {
    let app = &visit.app;
    let typed = visit.form.text("email");
    let refuse = |status, error: String| {
        visit.page(TEMPLATE, status, &SignIn { email: typed, error: Some(error), unverified: false })
    };
    let tried = match app.limiter.sign_in(typed, visit.client, visit.known) {
        Ok(tried) => tried,
        Err(wait) => {
            let error = format!(
                "Too many failed tries. Nothing is lost, and your tickets are voted; try again in {}.",
                wait.in_words()
            );
            return visit.page_to_wait(TEMPLATE, wait, &SignIn { email: typed, error: Some(error), unverified: false });
        }
    };
    // An address that cannot be one costs the same time as any unknown one.
    let user = match Email::parse(typed) {
        Ok(email) => app.services.users.by_email(&email).await?,
        Err(_) => None,
    };
    let hashes = user.as_ref().map(|user| &user.password);
    let check = app.passwords.check(visit.client, visit.form.text("password"), hashes).await;
    let user = match (user, check) {
        (Some(user), Ok(PasswordCheck::Right)) => user,
        (Some(user), Ok(PasswordCheck::RightUpgraded(argon2))) => upgrade(&visit, user, argon2).await,
        (_, Ok(_)) => {
            tracing::info!(client = %visit.client, "a sign-in failed");
            let error = "The e-mail address or the password is wrong. Check both and try again.";
            return refuse(StatusCode::OK, error.to_owned());
        }
        (_, Err(PasswordError::Busy)) => {
            app.limiter.take_back(tried);
            let error = "Too many sign-ins at this moment. Nothing is lost; try again in a few seconds.";
            return refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_owned());
        }
        (_, Err(error)) => {
            tracing::error!(%error, "a password could not be checked");
            let error = "Your password could not be checked because of a mistake in the server, which is in its log. \
                         Write to the pool’s operator.";
            return refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_owned());
        }
    };
    app.limiter.succeeded(tried);
    if user.disabled {
        let error = "This account is disabled. Its live tickets are voted all the same. Write to the pool’s operator.";
        return refuse(StatusCode::OK, error.to_owned());
    }
    if app.must_verify(&user) {
        let error = "Your e-mail address is not verified yet: open the link in the mail that you got. Nothing is lost.";
        let page = SignIn { email: typed, error: Some(error.to_owned()), unverified: true };
        return visit.page(TEMPLATE, StatusCode::OK, &page);
    }
    let factor = app.services.second_factors.second_factor(user.id).await?;
    if factor.is_some_and(|factor| factor.confirmed) {
        return Ok(signincode::ask(&visit, &user));
    }
    enter(&visit, &user, None).await
}

/// Begins the session of a user who has shown all that is needed; the password in `user` is the one that was right.
///
/// # Errors
/// [`Trouble`] where the database fails.
pub async fn enter(visit: &Visit, user: &User, notice: Option<Notice>) -> Outcome {
    let app = &visit.app;
    // A browser that signs in again gets a new session; the old one ends.
    if let Some(old) = visit.session() {
        app.services.sessions.end(old).await?;
    }
    let cookie = match session::begin(visit, user).await {
        Err(StoreError::Conflict(_)) => {
            let error = "The password was changed while you signed in. Sign in again with the new one.";
            let page = SignIn { email: user.email.as_str(), error: Some(error.to_owned()), unverified: false };
            return visit.page(TEMPLATE, StatusCode::OK, &page);
        }
        begun => begun?,
    };
    tracing::info!(user = %user.id, client = %visit.client, "signed in");
    let to = if user.registration.is_some() { "/tickets" } else { "/settings" };
    let mut response = if app.needs_second_factor(user) && app.lacks_second_factor(user.id).await? {
        visit.done(Notice::SecondFactorNeeded, "/twofactor")
    } else {
        let mut response = visit.goal.as_ref().map_or_else(|| see_other(to), Goal::go);
        add_cookie(&mut response, notice.and_then(|notice| notice.cookie(app.cookies)));
        response
    };
    if visit.goal.is_some() {
        add_cookie(&mut response, app.goals.clear());
    }
    add_cookie(&mut response, cookie);
    add_cookie(&mut response, app.known.cookie(app.services.random.as_ref(), &user.email));
    Ok(response)
}

/// Stores an Argon2id hash beside the predecessor's, unless the password was changed in the meantime. Where that fails,
/// the next sign-in tries again.
async fn upgrade(visit: &Visit, mut user: User, argon2: String) -> User {
    let upgraded = PasswordHashes { argon2: Some(argon2), bcrypt: user.password.bcrypt.clone() };
    match visit.app.set_password(user.id, &user.password, &upgraded).await {
        Ok(()) => user.password = upgraded,
        Err(error) => tracing::warn!(user = %user.id, %error, "the new password hash could not be stored"),
    }
    user
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let refused = SignIn { email: "a@example.org", error: Some("sample".to_owned()), unverified: true };
    [SignIn::default(), refused].map(|page| Sample::new(TEMPLATE, &page)).into()
}

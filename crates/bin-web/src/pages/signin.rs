//! Signing in.

use serde::Serialize;
use stakepool_core::accounts::{Email, PasswordCheck, PasswordError, User};
use warp::http::StatusCode;

use crate::session;
use crate::visit::{Outcome, Visit, add_cookie, see_other};

const TEMPLATE: &str = "signin.html.tera";

#[derive(Default, Serialize)]
struct SignIn<'a> {
    email: &'a str,
    error: Option<String>,
}

/// Shows the form.
pub async fn show(visit: Visit) -> Outcome {
    visit.page(TEMPLATE, StatusCode::OK, &SignIn::default())
}

/// Checks the password and begins a session.
pub async fn submit(visit: Visit) -> Outcome {
    let app = &visit.app;
    let typed = visit.form.text("email");
    let refuse = |status, error: String| visit.page(TEMPLATE, status, &SignIn { email: typed, error: Some(error) });
    if let Err(wait) = app.limiter.check_sign_in(typed, visit.client) {
        let error = format!(
            "Too many failed tries. Nothing is lost, and your tickets are voted; try again in {}.",
            wait.in_words()
        );
        return visit.page_to_wait(TEMPLATE, wait, &SignIn { email: typed, error: Some(error) });
    }
    // An address that cannot be one costs the same time as any unknown one.
    let user = match Email::parse(typed) {
        Ok(email) => app.services.users.by_email(&email).await?,
        Err(_) => None,
    };
    let check = app.passwords.check(visit.form.text("password"), user.as_ref().map(|user| &user.password)).await;
    let user = match (user, check) {
        (Some(user), Ok(PasswordCheck::Right)) => user,
        (Some(user), Ok(PasswordCheck::RightUpgraded(argon2))) => upgrade(&visit, user, &argon2).await,
        (_, Ok(_)) => {
            app.limiter.sign_in_failed(typed, visit.client);
            tracing::info!(client = %visit.client, "a sign-in failed");
            let error = "The e-mail address or the password is wrong. Check both and try again.";
            return refuse(StatusCode::OK, error.to_owned());
        }
        (_, Err(PasswordError::Busy)) => {
            let error = "Too many sign-ins at this moment. Nothing is lost; try again in a few seconds.";
            return refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_owned());
        }
        (_, Err(error)) => {
            tracing::error!(%error, "a password could not be checked");
            let error = "Your password could not be checked because of a mistake in the server, which is in its log. \
                         Write to the pool's operator.";
            return refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_owned());
        }
    };
    if user.disabled {
        let error = "This account is disabled. Its live tickets are voted all the same. Write to the pool's operator.";
        return refuse(StatusCode::OK, error.to_owned());
    }
    app.limiter.sign_in_succeeded(&user.email);
    // A browser that signs in again gets a new session; the old one ends.
    if let Some(old) = visit.session() {
        app.services.sessions.end(old).await?;
    }
    let cookie = session::begin(app, user.id, visit.client).await?;
    tracing::info!(user = %user.id, client = %visit.client, "signed in");
    let mut response = see_other(if user.registration.is_some() { "/tickets" } else { "/settings" });
    add_cookie(&mut response, cookie);
    Ok(response)
}

/// Stores an Argon2id hash beside the predecessor's. Where that fails, the next sign-in tries again.
async fn upgrade(visit: &Visit, user: User, argon2: &str) -> User {
    let change = |stored: &mut User| {
        // Unless the password was changed in the meantime.
        if stored.password == user.password {
            stored.password.argon2 = Some(argon2.to_owned());
        }
    };
    if let Err(error) = visit.app.change_user(user.id, change).await {
        tracing::warn!(user = %user.id, %error, "the new password hash could not be stored");
    }
    user
}

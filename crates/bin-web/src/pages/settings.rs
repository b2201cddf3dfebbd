//! Settings: the API key and the password.

use serde::Serialize;
use stakepool_core::accounts::{PasswordCheck, PasswordError, User, check_policy, renewed_validity};
use warp::http::StatusCode;

use crate::notice::Notice;
use crate::pages::error::Trouble;
use crate::session;
use crate::visit::{Outcome, Visit, add_cookie};

const TEMPLATE: &str = "settings.html.tera";

#[derive(Serialize)]
struct Settings<'a> {
    email: &'a str,
    api_key: String,
    base_url: &'a str,
    error: Option<String>,
}

/// Shows the settings.
pub async fn show(visit: Visit) -> Outcome {
    page(&visit, StatusCode::OK, None)
}

/// Renews the key or changes the password, whichever button was pressed.
pub async fn submit(visit: Visit) -> Outcome {
    visit.need_user()?;
    if visit.form.get("renewApiKey").is_some() {
        renew_api_key(&visit).await
    } else if visit.form.get("updatePassword").is_some() {
        change_password(&visit).await
    } else {
        page(&visit, StatusCode::OK, Some("Nothing was changed: press the button of the part to change.".to_owned()))
    }
}

fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    visit.page(TEMPLATE, status, &settings(visit, error)?)
}

fn settings(visit: &Visit, error: Option<String>) -> Result<Settings<'_>, Trouble> {
    let user = visit.need_user()?;
    let api_key = visit.app.api_keys.current_key(user).map_err(|_| Trouble::internal())?;
    Ok(Settings { email: user.email.as_str(), api_key, base_url: &visit.app.options.base_url, error })
}

async fn renew_api_key(visit: &Visit) -> Outcome {
    let (id, now) = (visit.need_user()?.id, visit.app.now());
    visit.app.change_user(id, |user| user.api_keys_valid_from = renewed_validity(user, now)).await?;
    tracing::info!(user = %id, client = %visit.client, "API key renewed");
    Ok(visit.done(Notice::ApiKeyRenewed, "/settings"))
}

async fn change_password(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    let refuse = |error: &str| page(visit, StatusCode::OK, Some(format!("Your password stays as it is: {error}.")));
    if let Err(wait) = app.limiter.check_sign_in(user.email.as_str(), visit.client) {
        let error = format!("Your password stays as it is: too many failed tries. Try again in {}.", wait.in_words());
        return visit.page_to_wait(TEMPLATE, wait, &settings(visit, Some(error))?);
    }
    let new = visit.form.text("newpassword");
    if new != visit.form.text("newpasswordrepeat") {
        return refuse("the two new passwords differ; type the same one twice");
    }
    if let Err(error) = check_policy(new, &user.email) {
        return refuse(&error.to_string());
    }
    match app.passwords.check(visit.form.text("password"), Some(&user.password)).await {
        Ok(PasswordCheck::Right | PasswordCheck::RightUpgraded(_)) => {}
        Ok(PasswordCheck::Wrong) => {
            app.limiter.sign_in_failed(user.email.as_str(), visit.client);
            return refuse("the current password is wrong");
        }
        Err(error) => return busy(visit, &error),
    }
    let argon2 = match app.passwords.hash(new).await {
        Ok(hash) => hash,
        Err(error) => return busy(visit, &error),
    };
    app.change_user(user.id, |user: &mut User| user.password.argon2 = Some(argon2.clone())).await?;
    // Whoever knew the old password is out everywhere; this browser goes on with a session of its own.
    app.services.sessions.end_all(user.id, None).await?;
    let cookie = session::begin(app, user.id, visit.client).await?;
    tracing::info!(user = %user.id, client = %visit.client, "password changed");
    let mut response = visit.done(Notice::PasswordChanged, "/settings");
    add_cookie(&mut response, cookie);
    Ok(response)
}

fn busy(visit: &Visit, error: &PasswordError) -> Outcome {
    tracing::warn!(%error, "a password could not be changed");
    let text = "Your password stays as it is: the server could not check it now. Try again in a few seconds.";
    page(visit, StatusCode::SERVICE_UNAVAILABLE, Some(text.to_owned()))
}

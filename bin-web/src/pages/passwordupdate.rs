//! Choosing a new password with a link from a mail.

use serde::Serialize;
use stakepool_core::accounts::{EmailState, User, check_policy};
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::TokenPurpose;
use warp::http::StatusCode;

use crate::pages::message::Message;
use stakepool::accounts::email::token_of;
use crate::browser::flash::Flash;
use crate::options::WebOptions;
use crate::page_error::PageError;
use crate::view::render::Sample;
use crate::session;
use crate::visit::{Outcome, Visit};
use crate::http::respond::add_cookie;

const PURPOSE: TokenPurpose = TokenPurpose::ResetPassword;

#[derive(Serialize)]
struct Update<'a> {
    token: &'a str,
    error: Option<String>,
}

/// Shows the form where the link works.
pub async fn show(visit: Visit) -> Outcome {
    if user_of(&visit).await?.is_none() { stale(&visit) } else { page(&visit, StatusCode::OK, None) }
}

/// Sets the password.
pub async fn submit(visit: Visit) -> Outcome {
    let app = &visit.app;
    let Some(user) = user_of(&visit).await? else { return stale(&visit) };
    let refuse = |status, error: String| page(&visit, status, Some(format!("Your password stays as it is: {error}.")));
    let new = visit.form.text("password");
    if let Err(error) = check_policy(new, &user.email) {
        return refuse(StatusCode::OK, error.to_string());
    }
    if new != visit.form.text("passwordrepeat") {
        return refuse(StatusCode::OK, "the two passwords differ; type the same one twice".to_owned());
    }
    let hashes = match app.passwords.rehash(visit.client, new, &user.password).await {
        Ok(hash) => hash,
        Err(error) => {
            tracing::warn!(%error, "a password could not be reset");
            let error = "the server is too busy; send the form again in a few seconds".to_owned();
            return refuse(StatusCode::SERVICE_UNAVAILABLE, error);
        }
    };
    // The link is used up now and not before, so that a mistyped password costs none.
    let Ok(token) = token_of(&visit) else { return stale(&visit) };
    let Some((id, email)) = app.services.tokens.take(PURPOSE, &token.hash(), app.now()).await? else {
        return stale(&visit);
    };
    let change = |user: &mut User| {
        user.password.clone_from(&hashes);
        // Whoever could read the mail has shown whose address it is.
        if user.email_state == EmailState::Unverified && email.as_ref() == Some(&user.email) {
            user.email_state = EmailState::Verified;
        }
    };
    let user = app.change_user(id, change).await?;
    app.revoke_all_access(id).await?;
    app.limiter.forgive(&user.email, visit.client);
    app.note(id, AuditAction::AccountReset, format!("from {}", visit.client)).await;
    app.tell(&user, &changed(&app.options));
    tracing::info!(user = %id, client = %visit.client, "password reset");
    let mut response = visit.done(Notice::PasswordReset, "/signin");
    add_cookie(&mut response, app.cookies.clear(session::COOKIE));
    Ok(response)
}

/// The API key is left alone, since renewing it cuts all wallets off. Whether it is to go the user must know.
fn changed(options: &WebOptions) -> String {
    format!(
        "The password of your account was changed with a link from a mail.\n\n\
         The API key in your wallets still works. If somebody else may have it, sign in and\n\
         renew or revoke it: {}/settings",
        options.base_url.trim_end_matches('/')
    )
}

/// The user of the link, which stays usable.
async fn user_of(visit: &Visit) -> Result<Option<User>, Trouble> {
    let Ok(token) = token_of(visit) else { return Ok(None) };
    let services = &visit.app.services;
    let Some((id, email)) = services.tokens.peek(PURPOSE, &token.hash(), visit.app.now()).await? else {
        return Ok(None);
    };
    let user = services.users.by_id(id).await?;
    Ok(user.filter(|user| !user.disabled && email.is_none_or(|email| email == user.email)))
}

fn stale(visit: &Visit) -> Outcome {
    Told::STALE_RESET.show(visit, StatusCode::OK)
}

fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    visit.page("passwordupdate.html.tera", status, &Update { token: visit.form.text("t"), error })
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let errors = [None, Some("sample".to_owned())];
    errors.map(|error| Sample::new("passwordupdate.html.tera", &Update { token: "0", error })).into()
}

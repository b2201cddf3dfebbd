//! Choosing a new password with a link from a mail.

use serde::Serialize;
use stakepool::accounts::{KeyAfterReset, NewPassword, ResetPasswordError};
use warp::http::StatusCode;

use super::message::Message;
use crate::browser::cookies;
use crate::browser::flash::Flash;
use crate::http::respond::add_cookie;
use crate::page_error::PageError;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Update<'a> {
    token: &'a str,
    /// Whose password it is, for password managers.
    email: String,
    error: Option<String>,
    /// The field that the error is about, by its id.
    wrong: Option<&'static str>,
}

/// Shows the form where the link works.
pub async fn show(visit: Visit) -> Outcome {
    match visit.site.pool.user_of_reset(visit.form.text("t")).await? {
        Some(user) => page(&visit, StatusCode::OK, user.email.to_string(), None),
        None => stale(&visit),
    }
}

/// Sets the password.
pub async fn submit(visit: Visit) -> Outcome {
    let form = &visit.form;
    let new = NewPassword::new(form.text("password"), form.text("passwordrepeat"));
    let is_revoked = form.get("revokeApiKey").is_some();
    let key = if is_revoked { KeyAfterReset::Revoked } else { KeyAfterReset::Kept };
    match visit.site.pool.reset_password(form.text("t"), new, key, &visit.origin).await {
        Ok(()) => {
            let flash = if is_revoked { Flash::PasswordResetKeyRevoked } else { Flash::PasswordReset };
            let mut response = visit.done(flash, "/signin");
            add_cookie(&mut response, visit.site.cookies.clear(cookies::SESSION));
            Ok(response)
        }
        Err(ResetPasswordError::Stale) => stale(&visit),
        Err(ResetPasswordError::Wait(_)) => Err(PageError::too_many_tries()),
        Err(ResetPasswordError::Store(error)) => Err(error.into()),
        Err(error @ ResetPasswordError::Busy) => refuse(&visit, StatusCode::SERVICE_UNAVAILABLE, error, None).await,
        Err(error @ ResetPasswordError::Password(_)) => refuse(&visit, StatusCode::OK, error, Some("password")).await,
        Err(error @ ResetPasswordError::Mismatch) => {
            refuse(&visit, StatusCode::OK, error, Some("passwordrepeat")).await
        }
    }
}

fn stale(visit: &Visit) -> Outcome {
    Message::STALE_RESET.show(visit, StatusCode::OK)
}

/// The form again. The link still works.
async fn refuse(visit: &Visit, status: StatusCode, error: ResetPasswordError, field: Option<&'static str>) -> Outcome {
    let user = visit.site.pool.user_of_reset(visit.form.text("t")).await?;
    let email = user.map(|user| user.email.to_string()).unwrap_or_default();
    page(visit, status, email, Some((format!("Your password stays as it is: {error}."), field)))
}

fn page(visit: &Visit, status: StatusCode, email: String, error: Option<(String, Option<&'static str>)>) -> Outcome {
    let (error, wrong) = error.map_or((None, None), |(error, wrong)| (Some(error), wrong));
    visit.page("passwordupdate.html.tera", status, &Update { token: visit.form.text("t"), email, error, wrong })
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let errors = [None, Some("sample".to_owned())];
    let email = || "a@example.org".to_owned();
    errors
        .map(|error| {
            let wrong = error.as_ref().map(|_| "password");
            Sample::new("passwordupdate.html.tera", &Update { token: "0", email: email(), error, wrong })
        })
        .into()
}

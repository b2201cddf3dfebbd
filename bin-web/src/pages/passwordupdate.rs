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
    error: Option<String>,
}

/// Shows the form where the link works.
pub async fn show(visit: Visit) -> Outcome {
    match visit.site.pool.user_of_reset(visit.form.text("t")).await? {
        Some(_) => page(&visit, StatusCode::OK, None),
        None => stale(&visit),
    }
}

/// Sets the password.
pub async fn submit(visit: Visit) -> Outcome {
    let form = &visit.form;
    let new = NewPassword::new(form.text("password"), form.text("passwordrepeat"));
    let is_revoked = form.get("revokeApiKey").is_some();
    let key = if is_revoked { KeyAfterReset::Revoked } else { KeyAfterReset::Kept };
    let refuse = |status, error: String| page(&visit, status, Some(format!("Your password stays as it is: {error}.")));
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
        Err(error @ ResetPasswordError::Busy) => refuse(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        Err(error @ (ResetPasswordError::Password(_) | ResetPasswordError::Mismatch)) => {
            refuse(StatusCode::OK, error.to_string())
        }
    }
}

fn stale(visit: &Visit) -> Outcome {
    Message::STALE_RESET.show(visit, StatusCode::OK)
}

fn page(visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
    visit.page("passwordupdate.html.tera", status, &Update { token: visit.form.text("t"), error })
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let errors = [None, Some("sample".to_owned())];
    errors.map(|error| Sample::new("passwordupdate.html.tera", &Update { token: "0", error })).into()
}

//! Confirming a new e-mail address.

use serde::Serialize;
use stakepool::accounts::ConfirmEmailError;
use warp::http::StatusCode;

use super::message::Message;
use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Update<'a> {
    token: &'a str,
    email: String,
}

/// Shows the button.
pub async fn show(visit: Visit) -> Outcome {
    let token = visit.form.text("t");
    match visit.site.pool.pending_email(token).await? {
        Some(email) => visit.page("emailupdate.html.tera", StatusCode::OK, &Update { token, email: email.to_string() }),
        None => stale(&visit),
    }
}

/// Changes the address.
pub async fn submit(visit: Visit) -> Outcome {
    match visit.site.pool.confirm_email(visit.form.text("t"), &visit.origin).await {
        Ok(()) => Ok(visit.done(Flash::EmailChanged, if visit.user().is_some() { "/settings" } else { "/signin" })),
        Err(ConfirmEmailError::Stale) => stale(&visit),
        Err(ConfirmEmailError::Wait(_)) => Err(PageError::too_many_tries()),
        Err(ConfirmEmailError::Taken) => Message::ADDRESS_TAKEN.show(&visit, StatusCode::OK),
        Err(ConfirmEmailError::Store(error)) => Err(error.into()),
    }
}

fn stale(visit: &Visit) -> Outcome {
    Message::STALE_CHANGE.show(visit, StatusCode::OK)
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    vec![Sample::new("emailupdate.html.tera", &Update { token: "0", email: "a@example.org".to_owned() })]
}

//! The second step of signing in: a one-time password, or a recovery code.
//!
//! Between the steps the browser holds a signed note of the user who showed the right password. It lasts ten minutes, and
//! ends with that password.

use serde::Serialize;
use stakepool::accounts::{SecondStepError, SignedInBy};
use warp::http::StatusCode;

use super::enter::enter;
use super::signin::password_changed;
use crate::browser::cookies;
use crate::browser::flash::Flash;
use crate::http::respond::{add_cookie, see_other};
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "signincode.html.tera";

#[derive(Default, Serialize)]
struct Code {
    error: Option<String>,
}

/// Shows the form.
pub async fn show(visit: Visit) -> Outcome {
    let user = match &visit.first_step {
        Some(note) => visit.site.pool.first_step(note).await?,
        None => None,
    };
    if user.is_none() {
        return Ok(see_other("/signin"));
    }
    visit.page(TEMPLATE, StatusCode::OK, &Code::default())
}

/// Checks the code and begins a session.
pub async fn submit(visit: Visit) -> Outcome {
    let (pool, code) = (&visit.site.pool, visit.form.text("code"));
    let note = visit.first_step.as_deref().unwrap_or_default();
    let refuse = |error: String| Code { error: Some(error) };
    let mut response = match pool.second_step(note, code, &visit.origin, visit.session()).await {
        Ok((session, by)) => {
            let flash = (by == SignedInBy::Recovery).then_some(Flash::RecoveryCodeUsed);
            enter(&visit, &session, flash)
        }
        Err(SecondStepError::PasswordChanged(user)) => password_changed(&visit, user.email.as_str())?,
        Err(SecondStepError::NoFirstStep) => return Ok(see_other("/signin")),
        Err(SecondStepError::Wait(wait)) => {
            let error = format!("Too many failed tries. Nothing is lost; try again in {}.", wait.in_words());
            return visit.page_to_wait(TEMPLATE, wait, &refuse(error));
        }
        Err(SecondStepError::Wrong) => {
            let error = "This code is wrong, or was used already. Wait for the next one, and see that the clock of your \
                         device is right.";
            return visit.page(TEMPLATE, StatusCode::OK, &refuse(error.to_owned()));
        }
        Err(SecondStepError::Store(error)) => return Err(error.into()),
    };
    add_cookie(&mut response, visit.site.cookies.clear(cookies::FIRST_STEP));
    Ok(response)
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    [None, Some("sample".to_owned())].map(|error| Sample::new(TEMPLATE, &Code { error })).into()
}

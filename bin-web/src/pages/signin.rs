//! Signing in.

use serde::Serialize;
use stakepool::accounts::{FIRST_STEP_LASTS, SignInError, SignedIn};
use warp::http::StatusCode;

use super::captcha::{self, Shown};
use super::email_form::typed;
use super::enter::enter;
use crate::browser::cookies;
use crate::http::respond::{add_cookie, see_other};
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

const TEMPLATE: &str = "signin.html.tera";

#[derive(Default, Serialize)]
struct SignIn<'a> {
    email: &'a str,
    error: Option<String>,
    /// Always none: only the included question asks for it, and no error here is about its field.
    wrong: Option<&'static str>,
    unverified: bool,
    /// The question of the form for a new mail.
    captcha: Shown,
}

/// Shows the form.
pub async fn show(visit: Visit) -> Outcome {
    visit.page(TEMPLATE, StatusCode::OK, &SignIn::default())
}

/// Checks the password and begins a session.
pub async fn submit(visit: Visit) -> Outcome {
    let (typed, password) = (visit.form.text("email"), visit.form.text("password"));
    match visit.site.pool.sign_in(typed, password, &visit.origin, visit.session()).await {
        Ok(SignedIn::Session(session)) => Ok(enter(&visit, &session, None)),
        Ok(SignedIn::SecondFactor(note)) => {
            let mut response = see_other("/signincode");
            let cookie = visit.site.cookies.set(cookies::FIRST_STEP, &note, Some(FIRST_STEP_LASTS));
            add_cookie(&mut response, cookie);
            Ok(response)
        }
        Err(error) => refuse(&visit, error),
    }
}

fn refuse(visit: &Visit, error: SignInError) -> Outcome {
    let page = |error: &str| SignIn { email: typed(visit), error: Some(error.to_owned()), ..SignIn::default() };
    let (status, text) = match error {
        SignInError::Wait(wait) => {
            let text = format!(
                "Too many tries. Nothing is lost, and your tickets are voted; try again in {}.",
                wait.in_words()
            );
            return visit.page_to_wait(TEMPLATE, wait, &page(&text));
        }
        SignInError::PasswordChanged(user) => return password_changed(visit, user.email.as_str()),
        SignInError::Unverified => {
            let text = "Your e-mail address is not verified yet: open the link in the email that we sent you. Nothing is lost.";
            let captcha = captcha::show_again(visit);
            let content = SignIn { unverified: true, captcha, ..page(text) };
            let mut response = visit.page(TEMPLATE, StatusCode::OK, &content)?;
            captcha::admit(&visit.site, &mut response);
            return Ok(response);
        }
        SignInError::Store(error) => return Err(error.into()),
        SignInError::Wrong => {
            (StatusCode::OK, "The e-mail address or the password is wrong. Check both and try again.")
        }
        SignInError::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many sign-ins at this moment. Nothing is lost; try again in a few seconds.",
        ),
        SignInError::Disabled => (
            StatusCode::OK,
            "This account is disabled. Its live tickets will still be voted. Write to the pool’s operator.",
        ),
        SignInError::Failed(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Your password could not be checked because of a mistake in the server, which is in its log. Write to the \
             pool’s operator.",
        ),
    };
    visit.page(TEMPLATE, status, &page(text))
}

/// The form again, for a user whose password was changed at the same moment.
pub fn password_changed(visit: &Visit, email: &str) -> Outcome {
    let error = "The password was changed while you signed in. Sign in again with the new one.";
    visit.page(TEMPLATE, StatusCode::OK, &SignIn { email, error: Some(error.to_owned()), ..SignIn::default() })
}

/// The page, to try templates with.
pub fn samples(site: &Site) -> Vec<Sample> {
    let captcha = captcha::show(site);
    let refused =
        SignIn { email: "a@example.org", error: Some("sample".to_owned()), wrong: None, unverified: true, captcha };
    [SignIn::default(), refused].map(|page| Sample::new(TEMPLATE, &page)).into()
}
